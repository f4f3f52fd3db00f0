package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxColumns       = 100
	maxCodeColumns   = 130
	maxFileLines     = 350
	maxFunctionLines = 60
	// maxLongFunctions is the highest number of functions with more lines: sequences of steps that
	// would not be clearer in parts.
	maxLongFunctions = 7
)

// directive is a comment that a tool reads: //go:build, // +kubebuilder:..., //nolint:...
var directive = regexp.MustCompile(`^//(go:|nolint|export |line |\s*\+[a-z])`)

// checkGo returns the findings in a Go file and its functions that are too long.
func checkGo(p string, content []byte, g glossary) (findings, long []finding, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, p, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	if ast.IsGenerated(file) {
		return nil, nil, nil
	}
	test := strings.HasSuffix(p, "_test.go")
	line := func(pos token.Pos) int { return set.Position(pos).Line }

	lines := strings.Split(string(content), "\n")

	base := strings.TrimSuffix(path.Base(p), ".go")
	findings = refused(p, splitName(base, 1), g, false, "file name: ")
	for _, id := range declared(file) {
		if g.kept[id.Name] {
			continue
		}
		findings = append(findings, refused(p, splitName(id.Name, line(id.Pos())), g, false, "name "+id.Name+": ")...)
	}
	for _, group := range file.Comments {
		findings = append(findings, checkComments(p, group, line, lines, g)...)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && !test {
			findings = append(findings, checkMessage(p, text, line(text.Pos()), g)...)
		}
		if function, ok := n.(*ast.FuncDecl); ok && !test {
			if lines := line(function.End()) - line(function.Type.Pos()) + 1; lines > maxFunctionLines {
				long = append(long, finding{p, line(function.Pos()), fmt.Sprintf("%s has %d lines", function.Name.Name, lines)})
			}
		}
		return true
	})
	if n := len(lines) - 1; n > maxFileLines && !strings.HasSuffix(p, "_types.go") {
		findings = append(findings, finding{p, 0, fmt.Sprintf("%d lines, at most %d", n, maxFileLines)})
	}
	return findings, long, nil
}

// checkComments returns the refused words and the wide lines of one group of comments. Lines that
// gofmt keeps as code, by their indentation, may be wide. A comment behind code shares its line,
// which may have maxCodeColumns.
func checkComments(p string, group *ast.CommentGroup, line func(token.Pos) int, lines []string, g glossary) []finding {
	var findings []finding
	var words []word
	for _, c := range group.List {
		if directive.MatchString(c.Text) {
			continue
		}
		for i, text := range strings.Split(c.Text, "\n") {
			at := line(c.Pos()) + i
			words = append(words, splitProse(withoutURLs(text), at)...)
			switch source := lines[at-1]; {
			case strings.HasPrefix(text, "//\t"):
			case i > 0 || strings.HasPrefix(strings.TrimSpace(source), text):
				findings = append(findings, wide(p, source, at, maxColumns)...)
			default:
				findings = append(findings, wide(p, source, at, maxCodeColumns)...)
			}
		}
	}
	return append(findings, refused(p, words, g, true, "")...)
}

// checkMessage returns the refused words of a string that reads as prose: at least three words.
func checkMessage(p string, literal *ast.BasicLit, line int, g glossary) []finding {
	text, err := strconv.Unquote(literal.Value)
	if err != nil || len(strings.Fields(text)) < 3 {
		return nil
	}
	return refused(p, splitProse(text, line), g, true, "message: ")
}

// wide returns a finding where a line, its URLs apart, has more than the given number of columns. A
// tab counts as one column.
func wide(p, text string, line, most int) []finding {
	if columns := utf8.RuneCountInString(withoutURLs(text)); columns > most {
		return []finding{{p, line, fmt.Sprintf("%d columns, at most %d", columns, most)}}
	}
	return nil
}

var url = regexp.MustCompile(`https?://[^\s)>"']+|\]\([^)]*\)`)

// withoutURLs returns the text without its URLs and the targets of its links.
func withoutURLs(text string) string {
	return url.ReplaceAllString(text, "")
}

// declared returns the identifiers that a file declares, in no particular order.
func declared(file *ast.File) []*ast.Ident {
	ids := []*ast.Ident{file.Name}
	idents := func(exprs []ast.Expr) {
		for _, e := range exprs {
			if id, ok := e.(*ast.Ident); ok {
				ids = append(ids, id)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			ids = append(ids, n.Name)
		case *ast.TypeSpec:
			ids = append(ids, n.Name)
		case *ast.ValueSpec:
			ids = append(ids, n.Names...)
		case *ast.Field:
			ids = append(ids, n.Names...)
		case *ast.LabeledStmt:
			ids = append(ids, n.Label)
		case *ast.ImportSpec:
			if n.Name != nil {
				ids = append(ids, n.Name)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				idents(n.Lhs)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				idents([]ast.Expr{n.Key, n.Value})
			}
		}
		return true
	})
	return ids
}
