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

// families are the directory and extension of each language's sources.
var families = map[string]struct{ directory, extension string }{
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

// All returns the cases of all languages, each in the order hello, input, memory, time, broken.
func All() []Case {
	numbers := Numbers(Lines)
	var all []Case
	for _, language := range Languages() {
		family := families[language]
		broken := api.CompileError
		if family.directory == "python" || family.directory == "javascript" {
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
			c.Request.Source = read(family.directory + "/" + c.Name + "." + family.extension)
			all = append(all, c)
		}
	}
	return all
}

// Languages returns the ids of the languages with cases, sorted.
func Languages() []string { return slices.Sorted(maps.Keys(families)) }

// Numbers returns the numbers 1 to n, one a line.
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
		panic(err) // the directory is embedded
	}
	return string(content)
}
