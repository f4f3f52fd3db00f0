package program

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"executorpool.dev/executor/api"
)

// languages maps the extension of a source to an id of the executor's languages. A directive
// overrides it.
var languages = map[string]string{
	".c":    "c",
	".cpp":  "cpp17",
	".cc":   "cpp20",
	".go":   "go",
	".java": "java",
	".js":   "javascript",
	".py":   "python3",
	".rs":   "rust",
}

// ErrNoPrograms means that a folder holds no source with a weight above 0.
var ErrNoPrograms = errors.New("no program to submit")

// Load returns the programs of a folder, sorted by name. It skips directories, *.md, and files
// whose names begin with a dot, such as the links of a mounted ConfigMap. Every other file must
// belong to a program. The error joins the faults of all files.
func Load(folder fs.FS) ([]Program, error) {
	files, err := contents(folder)
	if err != nil {
		return nil, err
	}
	var programs []Program
	var problems []error
	stems, weights := map[string]bool{}, 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if isStream(name) {
			continue
		}
		loaded, err := parse(name, files)
		if err != nil {
			problems = append(problems, fmt.Errorf("program %s: %w", name, err))
		}
		stems[stem(name)] = true
		weights += loaded.Weight
		programs = append(programs, loaded)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if isStream(name) && !stems[stem(name)] {
			problems = append(problems, fmt.Errorf("file %s belongs to no program: add %s.c, .py or the like, or remove it",
				name, stem(name)))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if weights == 0 {
		return nil, fmt.Errorf("%w: add a source such as sum.py with its sum.out, of a weight above 0", ErrNoPrograms)
	}
	return programs, nil
}

func contents(folder fs.FS) (map[string][]byte, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fmt.Errorf("read the programs folder: %w", err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".md") {
			continue
		}
		// The files of a mounted ConfigMap are symbolic links, and the entry describes the link.
		info, err := fs.Stat(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read the programs folder: %w", err)
		}
		if info.IsDir() {
			continue
		}
		if files[name], err = fs.ReadFile(folder, name); err != nil {
			return nil, fmt.Errorf("read the programs folder: %w", err)
		}
	}
	return files, nil
}

func parse(name string, files map[string][]byte) (Program, error) {
	p := Program{
		Name:     name,
		Language: languages[path.Ext(name)],
		Weight:   1,
		Source:   string(files[name]),
		Stdin:    files[stem(name)+".in"],
		Verdict:  api.OK,
	}
	p.Stdout, p.HasStdout = files[stem(name)+".out"]
	if err := direct(&p); err != nil {
		return p, err
	}
	if p.Language == "" {
		return p, fmt.Errorf("no language goes with %q (known: %s): name one in a comment such as \"rehearse: language=cpp17\"",
			path.Ext(name), strings.Join(slices.Sorted(maps.Keys(languages)), " "))
	}
	if p.Verdict == api.OK && !p.HasStdout {
		return p, fmt.Errorf("%s.out is missing: a program whose verdict is OK needs the output it must print "+
			"(an empty file when it prints nothing)", stem(name))
	}
	if p.Verdict != api.OK {
		// The output before a failure varies, and NAME.out may be for other sources of the same
		// name that are right.
		p.Stdout, p.HasStdout = nil, false
	}
	return p, nil
}

func isStream(name string) bool {
	return path.Ext(name) == ".in" || path.Ext(name) == ".out"
}

func stem(name string) string {
	return strings.TrimSuffix(name, path.Ext(name))
}
