package canary

import (
	"embed"

	"executorpool.dev/executor/api"
)

// programs read two numbers and print their sum. (Go's has a name that the go command does not take for a package.)
//
//go:embed programs
var programs embed.FS

// files are the programs by language. A language that a platform added has none and is not tried.
var files = map[string]string{
	"c":          "sum.c",
	"cpp17":      "sum.cpp",
	"cpp20":      "sum.cpp",
	"python3":    "sum.py",
	"pypy3":      "sum.py",
	"java":       "sum.java",
	"go":         "sum.go.txt",
	"javascript": "sum.js",
	"rust":       "sum.rs",
}

const (
	input  = "20 22\n"
	answer = "42\n"
)

// submission is the canary in a language; ok is false where there is none.
func submission(language string) (request api.Request, ok bool) {
	name, ok := files[language]
	if !ok {
		return api.Request{}, false
	}
	source, err := programs.ReadFile("programs/" + name)
	if err != nil {
		// The files are part of this program.
		panic(err)
	}
	return api.Request{Language: language, Source: string(source), Stdin: input}, true
}
