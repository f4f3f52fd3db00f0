package main

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// firstRecord is the number of the first decision record that was written with the glossary.
const firstRecord = 28

var record = regexp.MustCompile(`^docs/adr/(\d{4})-`)

// code is an inline code span.
var code = regexp.MustCompile("`[^`]*`")

// checkMarkdown returns the refused words and the wide lines of a page. It leaves out code, and the
// glossary's own table of refused words. Cells of tables may be wide.
func checkMarkdown(p, page string, g glossary) []finding {
	if match := record.FindStringSubmatch(p); match != nil {
		if number, _ := strconv.Atoi(match[1]); number < firstRecord {
			return nil
		}
	}
	if generatedPage(page) {
		return nil
	}
	var findings []finding
	var words []word
	fenced := false
	at := 0
	for line := range strings.Lines(page) {
		at++
		line = strings.TrimRight(line, "\r\n")
		if p == glossaryPath && line == tableHeading {
			break
		}
		indented := strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
			fenced = !fenced
		case fenced, indented:
		case trimmed == "":
			words = append(words, word{line: at})
		case strings.HasPrefix(trimmed, "|"):
			words = append(words, splitProse(code.ReplaceAllString(withoutURLs(line), ""), at)...)
			words = append(words, word{line: at})
		default:
			words = append(words, splitProse(code.ReplaceAllString(withoutURLs(line), ""), at)...)
			findings = append(findings, wide(p, line, at, maxColumns)...)
		}
	}
	return append(findings, refused(p, words, g, true, "")...)
}

// generatedPage reports whether one of the first five lines states that the page is generated.
func generatedPage(page string) bool {
	lines := strings.SplitN(page, "\n", 6)
	return strings.Contains(strings.Join(lines[:min(5, len(lines))], "\n"), "Generated from")
}

// checkHashComments returns the refused words and wide lines of comments that begin with "#" in a
// script, a manifest, a chart or a Makefile, and of the text of a page that Helm prints.
func checkHashComments(p, content string, g glossary) []finding {
	var findings []finding
	var words []word
	at := 0
	printed := path.Ext(p) == ".txt"
	for line := range strings.Lines(content) {
		at++
		comment := strings.TrimSpace(line)
		if !printed && (!strings.HasPrefix(comment, "#") || strings.HasPrefix(comment, "#!")) {
			words = append(words, word{line: at})
			continue
		}
		words = append(words, splitProse(withoutURLs(comment), at)...)
		if !printed {
			findings = append(findings, wide(p, strings.TrimRight(line, "\n"), at, maxColumns)...)
		}
	}
	return append(findings, refused(p, words, g, true, "")...)
}
