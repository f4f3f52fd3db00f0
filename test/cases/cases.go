package cases

import (
	"fmt"
	"strings"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/programs"
)

// Case is one submission and its expected result.
type Case struct {
	Language, Name string
	Request        api.Request
	// Verdict is the expected verdict. A language without a compiler finds a broken program when it
	// runs it.
	Verdict api.Verdict
	// Stdout is the expected output.
	Stdout string
}

// Lines is the number of lines of the large input: the numbers 1 to Lines, 4 MB.
const Lines = 600_000

// All returns the cases of all languages, each in the order hello, input, memory, time, library,
// broken.
func All() []Case {
	numbers := Numbers(Lines)
	var all []Case
	for _, language := range programs.Languages() {
		broken, verdict := programs.Broken, api.CompileError
		if _, ok := programs.Source(language, programs.BrokenAtRun); ok {
			broken, verdict = programs.BrokenAtRun, api.RuntimeError
		}
		for _, c := range []Case{
			{Name: programs.Hello, Verdict: api.OK, Stdout: "hello\n"},
			{Name: programs.Input, Verdict: api.OK, Stdout: fmt.Sprintln(Lines * (Lines + 1) / 2), Request: api.Request{Stdin: numbers}},
			{Name: programs.Memory, Verdict: api.MemoryLimit, Request: api.Request{Limits: api.Limits{MemoryMiB: 128}}},
			{Name: programs.Time, Verdict: api.TimeLimit, Request: api.Request{Limits: api.Limits{CPUMillis: 500}}},
			{Name: programs.Library, Verdict: api.OK, Stdout: "ok\n",
				Request: api.Request{Stdin: "1\n2\n", Limits: api.Limits{MemoryMiB: 256, Processes: 32}}},
			{Name: broken, Verdict: verdict},
		} {
			c.Language, c.Request.Language = language, language
			c.Request.Source, _ = programs.Source(language, c.Name)
			all = append(all, c)
		}
	}
	return all
}

// Numbers returns the numbers 1 to n, one a line.
func Numbers(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintln(&text, i+1)
	}
	return text.String()
}
