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

// glossary is the content of the section "Words that are not used" of docs/glossary.md.
type glossary struct {
	refusals []refusal
	// kept are identifiers that may use a refused word, because they repeat a name of the API.
	kept map[string]bool
}

// keep introduces the identifiers that may use a refused word.
const keep = "keep it:"

// parseTable returns the section of docs/glossary.md. A first cell with commas gives several
// refused words. The last column is "names" or "everywhere". The identifiers that are kept follow
// the words "keep it:", up to the end of the sentence.
func parseTable(page string) (glossary, error) {
	_, section, found := strings.Cut(page, tableHeading+"\n")
	if !found {
		return glossary{}, errors.New("no section " + tableHeading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	g := glossary{kept: map[string]bool{}}
	_, kept, _ := strings.Cut(section, keep)
	kept, _, _ = strings.Cut(kept, ".")
	for name := range strings.FieldsSeq(kept) {
		g.kept[strings.Trim(name, "`,")] = true
	}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 2 || strings.HasPrefix(cells[0], "--") || strings.TrimSpace(cells[0]) == "not" {
			continue
		}
		if len(cells) != 3 {
			return glossary{}, errors.New("a row that does not have 3 columns: " + strings.TrimSpace(line))
		}
		where := strings.TrimSpace(cells[2])
		if where != "names" && where != "everywhere" {
			return glossary{}, errors.New("the last column is neither names nor everywhere: " + strings.TrimSpace(line))
		}
		for phrase := range strings.SplitSeq(cells[0], ",") {
			g.refusals = append(g.refusals, refusal{
				words:     strings.Fields(strings.ToLower(phrase)),
				instead:   strings.TrimSpace(cells[1]),
				namesOnly: where == "names",
			})
		}
	}
	if len(g.refusals) == 0 {
		return glossary{}, errors.New("no row in section " + tableHeading)
	}
	return g, nil
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
