package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const architecture = "docs/architecture.md"

// declarations are the names that the packages of a repository declare: Name, Type.Method and
// Type.Field, by the directory of the package.
type declarations map[string]map[string]bool

// add records the declarations of one Go file that is no test.
func (d declarations) add(file, source string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(file)
	if d[dir] == nil {
		d[dir] = map[string]bool{}
	}
	for _, declared := range parsed.Decls {
		switch declared := declared.(type) {
		case *ast.FuncDecl:
			name := declared.Name.Name
			if declared.Recv != nil {
				name = receiver(declared.Recv.List[0].Type) + "." + name
			}
			d[dir][name] = true
		case *ast.GenDecl:
			for _, spec := range declared.Specs {
				d.addSpec(dir, spec)
			}
		}
	}
	return nil
}

func (d declarations) addSpec(dir string, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			d[dir][name.Name] = true
		}
	case *ast.TypeSpec:
		d[dir][spec.Name.Name] = true
		var members *ast.FieldList
		switch of := spec.Type.(type) {
		case *ast.StructType:
			members = of.Fields
		case *ast.InterfaceType:
			members = of.Methods
		default:
			return
		}
		for _, member := range members.List {
			for _, name := range member.Names {
				d[dir][spec.Name.Name+"."+name.Name] = true
			}
		}
	}
}

// receiver returns the name of a receiver's type, without its pointer and its type parameters.
func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.IndexListExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return ""
}

// has reports whether a package with this last element, or these last elements, of its path
// declares the name.
func (d declarations) has(pkg, name string) bool {
	for dir, names := range d {
		if (dir == pkg || strings.HasSuffix(dir, "/"+pkg)) && names[name] {
			return true
		}
	}
	return false
}

const identifier = `([a-z][a-z0-9]*(?:/[a-z0-9-]+)*)\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)?)`

var (
	// span is a code span that is package.Name, package.Type.Method, or the same behind a part of the
	// package's path.
	span    = regexp.MustCompile("`" + identifier + "`")
	inside  = regexp.MustCompile(`\b` + identifier)
	diagram = regexp.MustCompile("(?s)```mermaid\n.*?```")
)

// mentions returns the identifiers in code spans and in diagrams of a page, as package and name.
func mentions(text string) [][2]string {
	matches := span.FindAllStringSubmatch(text, -1)
	for _, drawn := range diagram.FindAllString(text, -1) {
		matches = append(matches, inside.FindAllStringSubmatch(drawn, -1)...)
	}
	var all [][2]string
	for _, match := range matches {
		field := slices.Contains([]string{"spec", "status", "metadata"}, match[1]) && !ast.IsExported(match[2])
		if goName(match[1]+"."+match[2]) && !field {
			all = append(all, [2]string{match[1], match[2]})
		}
	}
	return all
}

// TestArchitectureNamesExist holds docs/architecture.md to the source: each package.Name in a code
// span or a diagram is declared.
func TestArchitectureNamesExist(t *testing.T) {
	declared := declarations{}
	for _, file := range tracked(t) {
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || strings.Contains(file, "testdata/") {
			continue
		}
		if err := declared.add(file, read(t, file)); err != nil {
			t.Fatal(err)
		}
	}
	named := mentions(read(t, architecture))
	if len(named) < 40 {
		t.Errorf("%s mentions %d identifiers, want at least 40: are they still in code spans?", architecture, len(named))
	}
	for _, m := range named {
		if !declared.has(m[0], m[1]) {
			t.Errorf("%s names %s.%s, which no package declares", architecture, m[0], m[1])
		}
	}
}

// TestArchitectureShowsEveryPackage holds the tables of packages to the directories with Go files.
func TestArchitectureShowsEveryPackage(t *testing.T) {
	text := read(t, architecture)
	packages := map[string]bool{}
	for _, file := range tracked(t) {
		first, _, _ := strings.Cut(file, "/")
		if slices.Contains([]string{"cmd", "controllers", "executor", "rehearse"}, first) &&
			path.Ext(file) == ".go" && !strings.HasSuffix(file, "_test.go") && !strings.Contains(file, "testdata/") {
			packages[path.Dir(file)] = true
		}
	}
	if len(packages) == 0 {
		t.Fatal("there are no packages")
	}
	for dir := range packages {
		if !strings.Contains(text, "`"+dir+"`") {
			t.Errorf("%s lacks the package %s", architecture, dir)
		}
	}
}

func TestDeclarationsAndMentions(t *testing.T) {
	d := declarations{}
	source := `package b
type T[K any] struct { Field, other int }
func (t *T[K]) Method() {}
type I interface { Do() }
func f() {}
const C, D = 1, 2
`
	if err := d.add("a/b/b.go", source); err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{
		"`b.T`": true, "`b.T.Field`": true, "`b.T.other`": true, "`b.T.Method`": true, "`b.I.Do`": true,
		"`b.f`": true, "`b.D`": true, "`a/b.C`": true,
		"`b.Method`": false, "`b.G`": false, "`c.T`": false, "`c/b.T`": false,
	}
	for text, want := range tests {
		named := mentions("The page mentions " + text + " once.")
		if len(named) != 1 {
			t.Errorf("%s: %d mentions, want 1", text, len(named))
			continue
		}
		if got := d.has(named[0][0], named[0][1]); got != want {
			t.Errorf("%s exists: %t, want %t", text, got, want)
		}
	}
	if named := mentions("b.T\n```mermaid\n  A->>B: b.T, b.f\n```\nb.T\n"); len(named) != 2 {
		t.Errorf("mentions %v of a diagram, want 2", named)
	}
	for _, text := range []string{"`b.go`", "`docs/api.md`", "b.T", "`spec`", "`spec.replicas`"} {
		if named := mentions(text); len(named) != 0 {
			t.Errorf("%s: mentions %v, want none", text, named)
		}
	}
}
