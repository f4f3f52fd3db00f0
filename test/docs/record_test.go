package docs

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const index = "docs/adr/README.md"

var (
	record = regexp.MustCompile(`^docs/adr/(\d{4})-[a-z0-9-]+\.md$`)
	header = regexp.MustCompile(`^# (\d{4}) (.+)\n\n- Status: (.+)\n- Date: (\d{4}-\d{2}-\d{2})\n(?:- (?:Amends|Supersedes): (.+)\n)*\n`)
	status = regexp.MustCompile(`^(Accepted|(?:Superseded|Amended) by (?:\[\d{4}\]\([^)]+\)(?:, )?)+)$`)
	number = regexp.MustCompile(`\[(\d{4})\]\(`)
)

// TestRecordsHaveHeaders holds each decision record to its header, and the index to the headers.
func TestRecordsHaveHeaders(t *testing.T) {
	texts := pages(t)
	changes := map[string]string{} // the numbers in Amends and Supersedes, by record
	later := map[string]string{}   // the numbers in the status, by record
	for page, text := range texts {
		match := record.FindStringSubmatch(page)
		if match == nil {
			continue
		}
		is := header.FindStringSubmatch(text)
		if is == nil || is[1] != match[1] {
			t.Errorf("%s does not begin with its number, title, Status and Date", page)
			continue
		}
		if !status.MatchString(is[3]) {
			t.Errorf("%s has the status %q, want Accepted, Superseded by or Amended by", page, is[3])
		}
		row := fmt.Sprintf("| [%s](%s) | %s | %s | %s |\n", is[1], path.Base(page), is[2], is[4], is[3])
		if !strings.Contains(texts[index], row) {
			t.Errorf("%s lacks the row\n%s", index, row)
		}
		front, _, _ := strings.Cut(text, "\n\n**")
		_, own, _ := strings.Cut(front, "\n- Date:")
		changes[is[1]], later[is[1]] = own, is[3]
	}
	if len(later) == 0 {
		t.Fatal("there are no records")
	}
	for from, numbers := range changes {
		for _, match := range number.FindAllStringSubmatch(numbers, -1) {
			if !strings.Contains(later[match[1]], "["+from+"]") {
				t.Errorf("record %s changes %s, whose status does not name %s", from, match[1], from)
			}
		}
	}
	for from, numbers := range later {
		for _, match := range number.FindAllStringSubmatch(numbers, -1) {
			if !strings.Contains(changes[match[1]], "["+from+"]") {
				t.Errorf("record %s names %s, which does not amend or supersede it", from, match[1])
			}
		}
	}
}

// TestRecordsHaveConsecutiveNumbers holds the index to one row for each number, also for numbers
// that have no record.
func TestRecordsHaveConsecutiveNumbers(t *testing.T) {
	var rows []string
	for _, match := range regexp.MustCompile(`(?m)^\| \[?(\d{4})\b`).FindAllStringSubmatch(read(t, index), -1) {
		rows = append(rows, match[1])
	}
	if !slices.IsSorted(rows) {
		t.Errorf("the rows of %s are not in the order of their numbers", index)
	}
	for i, row := range rows {
		if want := fmt.Sprintf("%04d", i+1); row != want {
			t.Fatalf("row %d of %s has the number %s, want %s", i+1, index, row, want)
		}
	}
}
