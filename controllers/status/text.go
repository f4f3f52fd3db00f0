package status

import (
	"regexp"
	"strings"
	"unicode"
)

// maxQuoted is the maximum length of a quoted text, in characters.
const maxQuoted = 600

// volatile lists the parts of messages that change by themselves. With them, a condition would be
// written at each retry.
var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	// pods "demo-5d9c-x7k2p" is forbidden: each attempt has another name.
	{regexp.MustCompile(`pods "[^"]*" (is|are) forbidden`), "pods are forbidden"},
	// exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3
	{regexp.MustCompile(`, used: .*?, limited: `), ", limited: "},
	// read udp 10.0.0.5:34567->10.0.0.10:53: each attempt has another source port.
	{regexp.MustCompile(`:\d+->`), "->"},
	// preemption: 0/3 nodes are available: ... repeats the scheduler's message.
	{regexp.MustCompile(`\s*preemption: .*$`), ""},
	{regexp.MustCompile(`rpc error: code = \w+ desc = `), ""},
}

// Quote prepares a text of a pod, a runtime or the API server for a condition: it returns one
// bounded line without volatile and unprintable parts.
func Quote(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.Join(strings.Fields(text), " ")
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	if runes := []rune(text); len(runes) > maxQuoted {
		text = string(runes[:maxQuoted]) + "..."
	}
	return strings.TrimRight(text, ". ")
}

// sentence joins its parts as sentences and leaves out empty ones.
func sentence(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part = strings.TrimRight(part, ". "); part != "" {
			kept = append(kept, part+".")
		}
	}
	return strings.Join(kept, " ")
}
