package main

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// docComment is the doc comment of one declaration.
type docComment struct {
	path, name, text string
	line             int
}

// draw prints doc comments that it draws by a seed, for a review of their words. The same seed
// draws the same comments from the same files.
func draw(out io.Writer, files fs.FS, paths, args []string) error {
	flags := flag.NewFlagSet("glossary draw", flag.ContinueOnError)
	number := flags.Int("n", 20, "number of comments")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the draw; the present time if absent")
	if err := flags.Parse(args); err != nil {
		return err
	}
	all, err := docComments(files, paths)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "glossary: %d of %d doc comments, seed %d\n", min(*number, len(all)), len(all), *seed)
	for _, c := range drawn(all, *number, *seed) {
		fmt.Fprintf(out, "\n%s:%d: %s\n%s", c.path, c.line, c.name, c.text)
	}
	return nil
}

// drawn returns n of the comments, in the order of files and lines.
func drawn(all []docComment, n int, seed uint64) []docComment {
	all = slices.Clone(all)
	random := rand.New(rand.NewPCG(seed, 0))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	chosen := all[:min(n, len(all))]
	slices.SortFunc(chosen, func(a, b docComment) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line))
	})
	return chosen
}

// docComments returns the doc comments of all declarations at the top level of the Go files,
// without generated files and tests.
func docComments(files fs.FS, paths []string) ([]docComment, error) {
	var all []docComment
	for _, p := range paths {
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") || strings.Contains("/"+p, "/testdata/") {
			continue
		}
		content, err := fs.ReadFile(files, p)
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, p, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if ast.IsGenerated(file) {
			continue
		}
		add := func(name string, doc *ast.CommentGroup) {
			if text := doc.Text(); text != "" {
				all = append(all, docComment{p, name, text, set.Position(doc.Pos()).Line})
			}
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				add(d.Name.Name, d.Doc)
			case *ast.GenDecl:
				addSpecs(d, add)
			}
		}
	}
	return all, nil
}

// addSpecs adds the comment of a group of declarations under the name of the first one, and those
// of its members.
func addSpecs(d *ast.GenDecl, add func(string, *ast.CommentGroup)) {
	for i, spec := range d.Specs {
		var name string
		var doc *ast.CommentGroup
		switch s := spec.(type) {
		case *ast.TypeSpec:
			name, doc = s.Name.Name, s.Doc
		case *ast.ValueSpec:
			name, doc = s.Names[0].Name, s.Doc
		default:
			continue
		}
		if i == 0 {
			add(name, d.Doc)
		}
		add(name, doc)
	}
}
