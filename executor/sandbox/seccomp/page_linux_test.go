package seccomp_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"executorpool.dev/executor/sandbox/seccomp"
)

const pageHead = `# System calls

The filter of a run is a list of what is allowed. A call that is in no table of this page returns
ENOSYS. A call of a foreign architecture kills the process. The table in
` + "`executor/sandbox/seccomp`" + ` is the source of the filter and of this page.

` + "`TestToolchainsUseListedCalls`" + ` compiles and runs a program in every language under strace, with the
arguments of each call, and fails if the filter would refuse a call of a toolchain that has no
fallback. ` + "`TestPageShowsTheTable`" + ` compares this page with the table. To write it again, run:

    go test ./executor/sandbox/seccomp -update

The filter compares the half of an argument that the kernel reads. A condition that names no
argument value (the executor's token) holds only for the executor itself.

`

// page returns docs/system-calls.md.
func page(used map[string]map[string]bool) string {
	var b strings.Builder
	b.WriteString(pageHead)
	b.WriteString("## What toolchains use\n\nA call with = is refused with that error, and the toolchain goes on without it.\n\n")
	b.WriteString("| stage | calls |\n|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(&b, "| %s | %s |\n", key, strings.Join(slices.Sorted(maps.Keys(used[key])), ", "))
	}
	table := seccomp.Table(seccomp.Options{})
	rows(&b, "Allowed", "calls", table, func(e seccomp.Entry) bool { return e.Otherwise == seccomp.Allow && len(e.Cases) == 0 })
	rows(&b, "Depends on arguments", "calls", table, func(e seccomp.Entry) bool { return len(e.Cases) > 0 })
	rows(&b, "Refused or without effect", "calls", table, func(e seccomp.Entry) bool { return e.Otherwise != seccomp.Allow && len(e.Cases) == 0 })
	b.WriteString("\n`truncate` is refused on kernels before Linux 6.2.\n")
	return b.String()
}

// rows writes the rows of the table that match.
func rows(b *strings.Builder, title, head string, table []seccomp.Entry, match func(seccomp.Entry) bool) {
	fmt.Fprintf(b, "\n## %s\n\n| %s | answer | reason | without it |\n|---|---|---|---|\n", title, head)
	for _, entry := range table {
		if !match(entry) {
			continue
		}
		var answers []string
		for _, c := range entry.Cases {
			answers = append(answers, fmt.Sprintf("%s: %s", c.Text, c.Answer))
		}
		answer := entry.Otherwise.String()
		if len(answers) > 0 {
			answer = strings.Join(answers, "; ") + "; otherwise " + answer
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", strings.Join(entry.Calls, ", "), answer, entry.Note, entry.Fallback)
	}
}
