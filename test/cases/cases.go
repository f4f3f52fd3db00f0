package cases

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"executorpool.dev/executor/api"
)

//go:embed testdata
var sources embed.FS

// families are the folders and endings of each language's sources.
var families = map[string]struct{ folder, ending string }{
	"c":          {"c", "c"},
	"cpp17":      {"cpp", "cpp"},
	"cpp20":      {"cpp", "cpp"},
	"python3":    {"python", "py"},
	"pypy3":      {"python", "py"},
	"java":       {"java", "java"},
	"go":         {"go", "go"},
	"javascript": {"javascript", "js"},
	"rust":       {"rust", "rs"},
}

// Case is one submission and what must become of it.
type Case struct {
	Language, Name string
	Request        api.Request
	// Verdict is what the submission must get. A language without a compiler finds a broken program when it runs it.
	Verdict api.Verdict
	// Stdout is what the run must print.
	Stdout string
}

// Lines is how many numbers the large input has, one a line, 1 to Lines: 4 MB.
const Lines = 600_000

// All gives the cases of every language in the order hello, input, memory, time, broken.
func All() []Case {
	numbers := Numbers(Lines)
	var all []Case
	for _, language := range Languages() {
		family := families[language]
		broken := api.CompileError
		if family.folder == "python" || family.folder == "javascript" {
			broken = api.RuntimeError
		}
		for _, c := range []Case{
			{Name: "hello", Verdict: api.OK, Stdout: "hello\n"},
			{Name: "input", Verdict: api.OK, Stdout: fmt.Sprintln(Lines * (Lines + 1) / 2), Request: api.Request{Stdin: numbers}},
			{Name: "memory", Verdict: api.MemoryLimit, Request: api.Request{Limits: api.Limits{MemoryMiB: 128}}},
			{Name: "time", Verdict: api.TimeLimit, Request: api.Request{Limits: api.Limits{CPUMillis: 500}}},
			{Name: "broken", Verdict: broken},
		} {
			c.Language, c.Request.Language = language, language
			c.Request.Source = read(family.folder + "/" + c.Name + "." + family.ending)
			all = append(all, c)
		}
	}
	return all
}

// Languages are the languages that have cases, sorted.
func Languages() []string { return slices.Sorted(maps.Keys(families)) }

// Numbers are 1 to n, one a line.
func Numbers(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintln(&text, i+1)
	}
	return text.String()
}

func read(name string) string {
	content, err := sources.ReadFile("testdata/" + name)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return string(content)
}
