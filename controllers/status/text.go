package status

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// maxQuoted is the maximum length of a quoted text, in characters.
	maxQuoted = 600
	// maxRead is the length of a text of which Quote reads no more, in bytes. The volatile parts of
	// a longer text are not found.
	maxRead = 16 << 10
	// maxMessage is the maximum length of the message of a condition, in bytes. The API server
	// refuses the whole status if one message has more than 32,768.
	maxMessage = 4096
)

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
// bounded line without volatile and unprintable parts. Unprintable are control characters, and
// format characters such as U+202E, which reverses what a terminal shows.
func Quote(text string) string {
	text = strings.Join(strings.Fields(printable(cut(text, maxRead))), " ")
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	if runes := []rune(text); len(runes) > maxQuoted {
		text = string(runes[:maxQuoted]) + "..."
	}
	return strings.TrimRight(text, ". ")
}

// Message returns a message of a condition that the API server accepts: at most maxMessage bytes
// without unprintable characters. It is the last bound of every message, so that a text which
// nobody quoted does not keep the status from being written.
func Message(message string) string {
	return bounded(message, maxMessage)
}

// Written returns the condition with a message that the API server accepts.
func Written(c metav1.Condition) metav1.Condition {
	c.Message = Message(c.Message)
	return c
}

// bounded cuts a text to a length in bytes, and removes unprintable characters.
func bounded(text string, length int) string {
	// The replacement of invalid UTF-8 is not longer than what it replaces.
	if text = printable(text); len(text) <= length {
		return text
	}
	return cut(text, length-len("...")) + "..."
}

// cut returns the begin of a text, of at most length bytes. It does not split a character.
func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length]
}

// printable removes unprintable characters and replaces spaces of all kinds by U+0020.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
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
