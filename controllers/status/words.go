package status

import (
	"regexp"
	"strings"
	"unicode"
)

// maxWords bounds what is quoted from a pod, a runtime or the API server.
const maxWords = 600

// volatile are parts of messages that change by themselves; left in, they would have a condition rewritten each time a
// pod is retried.
var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	// pods "demo-5d9c-x7k2p" is forbidden: each attempt has a name of its own.
	{regexp.MustCompile(`pods "[^"]*" (is|are) forbidden`), "pods are forbidden"},
	// exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3
	{regexp.MustCompile(`, used: .*?, limited: `), ", limited: "},
	// read udp 10.0.0.5:34567->10.0.0.10:53: the first port is another one each time.
	{regexp.MustCompile(`:\d+->`), "->"},
	// preemption: 0/3 nodes are available: ... repeats the scheduler's message.
	{regexp.MustCompile(`\s*preemption: .*$`), ""},
	{regexp.MustCompile(`rpc error: code = \w+ desc = `), ""},
}

// Quote makes foreign text fit for a condition: one line, bounded, without what changes by itself or cannot be printed.
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
	if runes := []rune(text); len(runes) > maxWords {
		text = string(runes[:maxWords]) + "..."
	}
	return strings.TrimRight(text, ". ")
}

// sentence joins parts into sentences.
func sentence(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part = strings.TrimRight(part, ". "); part != "" {
			kept = append(kept, part+".")
		}
	}
	return strings.Join(kept, " ")
}
