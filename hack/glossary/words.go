package main

import (
	"strings"
	"unicode"
)

// word is a word in lower case and the line it stands on. A word without text ends a phrase.
type word struct {
	text string
	line int
}

// splitName returns the words of an identifier or a file name: queueDepth, queue_depth and
// QUEUEDepth have two words each.
func splitName(name string, line int) []word {
	var words []word
	runes := []rune(name)
	start := 0
	flush := func(end int) {
		if end > start {
			words = append(words, word{strings.ToLower(string(runes[start:end])), line})
		}
		start = end
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			flush(i)
			start = i + 1
		case unicode.IsUpper(r) && i > 0:
			afterLower := unicode.IsLower(runes[i-1])
			endsAcronym := unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterLower || endsAcronym {
				flush(i)
			}
		}
	}
	flush(len(runes))
	return words
}

// splitProse returns the words of a line of text. Punctuation that separates clauses ends a phrase.
func splitProse(text string, line int) []word {
	var words []word
	start := -1
	flush := func(end int) {
		if start >= 0 {
			words = append(words, word{strings.ToLower(text[start:end]), line})
		}
		start = -1
	}
	for i, r := range text {
		switch {
		case unicode.IsLetter(r):
			if start < 0 {
				start = i
			}
		default:
			flush(i)
			if strings.ContainsRune(".;:!?()", r) {
				words = append(words, word{line: line})
			}
		}
	}
	flush(len(text))
	return words
}

// refused returns a finding for each refused word or phrase. Prose may use what is refused for
// names alone.
func refused(p string, words []word, g glossary, prose bool, subject string) []finding {
	var findings []finding
	for i := range words {
		for _, r := range g.refusals {
			if prose && r.namesOnly || !r.at(words[i:]) {
				continue
			}
			findings = append(findings, finding{p, words[i].line, subject + r.message()})
		}
	}
	return findings
}
