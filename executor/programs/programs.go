package programs

import (
	"embed"
	"path"
	"slices"
	"strings"
)

//go:embed */*
var sources embed.FS

// The names of the programs. A language has either Broken or BrokenAtRun, and all others.
const (
	Hello       = "hello"
	Sum         = "sum"
	Input       = "input"
	Memory      = "memory"
	Time        = "time"
	Broken      = "broken"
	BrokenAtRun = "broken-at-run"
	Library     = "library"
)

// Languages returns the ids of the languages with programs, sorted.
func Languages() []string {
	var languages []string
	for _, directory := range directories() {
		languages = append(languages, strings.Split(directory, ",")...)
	}
	slices.Sort(languages)
	return languages
}

// Source returns the source of a program in a language. It returns false if there is none.
func Source(language, program string) (source string, ok bool) {
	for _, directory := range directories() {
		if !slices.Contains(strings.Split(directory, ","), language) {
			continue
		}
		files, err := sources.ReadDir(directory)
		if err != nil {
			panic(err) // the directory is embedded
		}
		for _, file := range files {
			if name, _, _ := strings.Cut(file.Name(), "."); name != program {
				continue
			}
			content, err := sources.ReadFile(path.Join(directory, file.Name()))
			if err != nil {
				panic(err) // the file is embedded
			}
			return string(content), true
		}
	}
	return "", false
}

func directories() []string {
	entries, err := sources.ReadDir(".")
	if err != nil {
		panic(err) // the root is embedded
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}
