package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

const glossaryPath = "docs/glossary.md"

// finding is one place that does not follow the rules. A finding with line 0 concerns the whole
// file.
type finding struct {
	path string
	line int
	text string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s", f.path, max(f.line, 1), f.text)
}

func main() {
	ok, err := run(os.Stdout, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "glossary:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run checks the files below the given paths, or all, and reports whether nothing was found. With
// draw as the first argument, it prints doc comments instead.
func run(out io.Writer, under []string) (bool, error) {
	top, err := git("rev-parse", "--show-toplevel")
	if err != nil {
		return false, err
	}
	root := strings.TrimSpace(top)
	listed, err := git("-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return false, err
	}
	if len(under) > 0 && under[0] == "draw" {
		return true, draw(out, os.DirFS(root), strings.Split(strings.TrimSuffix(listed, "\x00"), "\x00"), under[1:])
	}
	paths := slices.DeleteFunc(strings.Split(strings.TrimSuffix(listed, "\x00"), "\x00"), func(p string) bool {
		return !below(p, under)
	})
	findings, long, err := check(os.DirFS(root), paths)
	if err != nil {
		return false, err
	}
	for _, f := range findings {
		fmt.Fprintln(out, f)
	}
	for _, f := range long {
		fmt.Fprintln(out, "long function:", f)
	}
	fmt.Fprintf(out, "glossary: %d findings in %d files, %d of at most %d long functions\n",
		len(findings), len(paths), len(long), maxLongFunctions)
	return len(findings) == 0 && len(long) <= maxLongFunctions, nil
}

func git(args ...string) (string, error) {
	var stderr bytes.Buffer
	command := exec.Command("git", args...)
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}

// below reports whether file is one of the paths in under or lies below one. It is true for every
// file if under is empty.
func below(file string, under []string) bool {
	return len(under) == 0 || slices.ContainsFunc(under, func(u string) bool {
		u = path.Clean(strings.TrimSuffix(u, "/..."))
		return u == "." || file == u || strings.HasPrefix(file, u+"/")
	})
}

// check returns the findings in the files, in the order of the files and lines, and separately the
// functions that are too long. It skips paths without a file.
func check(files fs.FS, paths []string) (findings, long []finding, err error) {
	page, err := fs.ReadFile(files, glossaryPath)
	if err != nil {
		return nil, nil, err
	}
	g, err := parseTable(string(page))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", glossaryPath, err)
	}
	for _, p := range paths {
		content, err := fs.ReadFile(files, p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		found, tooLong, err := checkFile(p, content, g)
		if err != nil {
			return nil, nil, err
		}
		findings = append(findings, found...)
		long = append(long, tooLong...)
	}
	return findings, long, nil
}

// checkFile returns the findings in one file, by line, and its functions that are too long.
func checkFile(p string, content []byte, g glossary) (findings, long []finding, err error) {
	defer func() { slices.SortStableFunc(findings, func(a, b finding) int { return a.line - b.line }) }()
	name := path.Base(p)
	switch {
	case strings.Contains("/"+p, "/testdata/"):
		return nil, nil, nil
	case path.Ext(p) == ".go":
		return checkGo(p, content, g)
	case path.Ext(p) == ".md":
		return checkMarkdown(p, string(content), g), nil, nil
	case slices.Contains([]string{".yaml", ".yml", ".sh", ".tpl", ".txt"}, path.Ext(p)), name == "Makefile", name == "Dockerfile":
		return checkHashComments(p, string(content), g), nil, nil
	}
	return nil, nil, nil
}
