package imports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	root       = "../.."
	modulePath = "executorpool.dev/"

	base     = "${base-path}/"
	notTests = "!$test"
	standard = "$gostd"
)

// rule is one list of depguard.
type rule struct {
	ListMode string   `json:"list-mode"`
	Files    []string `json:"files"`
	Allow    []string `json:"allow"`
	Deny     []struct {
		Pkg string `json:"pkg"`
	} `json:"deny"`
}

// readRules returns the rules of .golangci.yml by their names.
func readRules(t *testing.T) map[string]rule {
	t.Helper()
	content, err := os.ReadFile(path.Join(root, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]rule `json:"rules"`
				} `json:"depguard"`
			} `json:"settings"`
		} `json:"linters"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	rules := config.Linters.Settings.Depguard.Rules
	if len(rules) == 0 {
		t.Fatal(".golangci.yml has no rules of depguard")
	}
	return rules
}

// governs reports whether the rule applies to a file, by its path below the root.
func (r rule) governs(file string) bool {
	if slices.Contains(r.Files, notTests) && strings.HasSuffix(file, "_test.go") {
		return false
	}
	return slices.ContainsFunc(r.Files, func(pattern string) bool {
		relative, anchored := strings.CutPrefix(pattern, base)
		return anchored && glob(relative).MatchString(file)
	})
}

// glob returns the expression for a pattern: ** is any text, * is any text without a slash.
func glob(pattern string) *regexp.Regexp {
	expression := regexp.QuoteMeta(pattern)
	expression = strings.ReplaceAll(expression, `\*\*`, `.*`)
	expression = strings.ReplaceAll(expression, `\*`, `[^/]*`)
	return regexp.MustCompile("^" + expression + "$")
}

// refuses reports whether the rule forbids an import. As in depguard, the longer entry wins in a
// list that is lax, and a list that is strict refuses what it does not allow.
func (r rule) refuses(imported string) bool {
	if r.ListMode == "strict" {
		return longest(imported, r.Allow) == 0
	}
	return longest(imported, r.denied()) > longest(imported, r.Allow)
}

func (r rule) denied() []string {
	var entries []string
	for _, deny := range r.Deny {
		entries = append(entries, deny.Pkg)
	}
	return entries
}

// longest returns the length of the longest entry that matches an import, 0 if none does. An entry
// matches all imports that begin with it; an entry that ends in $ matches one package.
func longest(imported string, entries []string) int {
	length := 0
	for _, entry := range entries {
		exact, isExact := strings.CutSuffix(entry, "$")
		first, _, _ := strings.Cut(imported, "/")
		switch {
		case entry == standard && !strings.Contains(first, "."),
			isExact && imported == exact,
			!isExact && strings.HasPrefix(imported, entry):
			length = max(length, len(entry))
		}
	}
	return length
}

// check returns each import that a rule refuses in the Go files of a module, as "file: import:
// rule". It skips modules inside of the module and imports with a nolint comment for depguard.
func check(module fs.FS, rules map[string]rule) ([]string, error) {
	var refused []string
	err := fs.WalkDir(module, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipped(module, file)
		}
		if path.Ext(file) != ".go" {
			return nil
		}
		content, err := fs.ReadFile(module, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, content, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if exempt(spec) {
				continue
			}
			for name, r := range rules {
				if r.governs(file) && r.refuses(imported) {
					refused = append(refused, file+": "+imported+": "+name)
				}
			}
		}
		return nil
	})
	slices.Sort(refused)
	return refused, err
}

// skipped returns fs.SkipDir for a directory whose files are not part of the module.
func skipped(module fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	name := path.Base(dir)
	_, err := fs.Stat(module, path.Join(dir, "go.mod"))
	if err == nil || name == "testdata" || strings.HasPrefix(name, ".") {
		return fs.SkipDir
	}
	return nil
}

func exempt(spec *ast.ImportSpec) bool {
	return spec.Comment != nil && strings.HasPrefix(spec.Comment.List[0].Text, "//nolint:depguard ")
}
