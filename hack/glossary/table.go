package main

import (
	"errors"
	"slices"
	"strings"
)

const tableHeading = "## Words that are not used"

// refusal is one word or phrase of the table "Words that are not used".
type refusal struct {
	words     []string // in lower case
	instead   string   // the middle column, as it stands
	namesOnly bool     // prose may use the word
}

// parseTable returns the refused words and phrases of docs/glossary.md. A cell with commas gives
// several. The last column is "names" or "everywhere".
func parseTable(page string) ([]refusal, error) {
	_, section, found := strings.Cut(page, tableHeading+"\n")
	if !found {
		return nil, errors.New("no section " + tableHeading)
	}
	var refusals []refusal
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "#") {
			break
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 2 || strings.HasPrefix(cells[0], "--") || strings.TrimSpace(cells[0]) == "not" {
			continue
		}
		if len(cells) != 3 {
			return nil, errors.New("a row that does not have 3 columns: " + strings.TrimSpace(line))
		}
		where := strings.TrimSpace(cells[2])
		if where != "names" && where != "everywhere" {
			return nil, errors.New("the last column is neither names nor everywhere: " + strings.TrimSpace(line))
		}
		for phrase := range strings.SplitSeq(cells[0], ",") {
			refusals = append(refusals, refusal{
				words:     strings.Fields(strings.ToLower(phrase)),
				instead:   strings.TrimSpace(cells[1]),
				namesOnly: where == "names",
			})
		}
	}
	if len(refusals) == 0 {
		return nil, errors.New("no row in section " + tableHeading)
	}
	return refusals, nil
}

// at reports whether the refusal begins at words[0]. A single word is refused with its endings too.
func (r refusal) at(words []word) bool {
	if len(words) < len(r.words) {
		return false
	}
	if len(r.words) == 1 {
		ending, found := strings.CutPrefix(words[0].text, r.words[0])
		return found && slices.Contains([]string{"", "s", "es", "ed", "d", "ing"}, ending)
	}
	for i, want := range r.words {
		if words[i].text != want {
			return false
		}
	}
	return true
}

func (r refusal) message() string {
	return `"` + strings.Join(r.words, " ") + `" is not used: ` + r.instead
}
