package docs

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// tracked returns the paths of the files that Git tracks or would add and that exist, by their path
// below the root.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("list the files: %v", err)
	}
	files := slices.DeleteFunc(strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), func(file string) bool {
		_, err := os.Stat(path.Join(root, file))
		return err != nil
	})
	if len(files) == 0 {
		t.Fatal("Git lists no files")
	}
	return files
}

// pages returns the text of the Markdown pages by their path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, file := range tracked(t) {
		if path.Ext(file) == ".md" && !strings.Contains(file, "testdata/") {
			texts[file] = read(t, file)
		}
	}
	return texts
}

// current returns the pages that describe the present: not the changelog, and not the decision
// records.
func current(t *testing.T) map[string]string {
	t.Helper()
	texts := pages(t)
	for page := range texts {
		if page == "CHANGELOG.md" || record.MatchString(page) {
			delete(texts, page)
		}
	}
	return texts
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(path.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// directories returns every directory that holds a file.
func directories(files []string) map[string]bool {
	dirs := map[string]bool{".": true}
	for _, file := range files {
		for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
			dirs[dir] = true
		}
	}
	return dirs
}

var link = regexp.MustCompile(`\]\(([^)#\s]*)(#[^)\s]*)?\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	files := tracked(t)
	there := directories(files)
	for _, file := range files {
		there[file] = true
	}
	texts := pages(t)
	for page, text := range texts {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target, anchor := match[1], strings.TrimPrefix(match[2], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			to := page
			if target != "" {
				to = path.Join(path.Dir(page), target)
			}
			if !there[to] {
				t.Errorf("%s links to %s, which does not exist", page, to)
			} else if anchor != "" && path.Ext(to) == ".md" && !slices.Contains(anchors(texts[to]), anchor) {
				t.Errorf("%s links to %s#%s, a heading that does not exist", page, to, anchor)
			}
		}
	}
}

var (
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors returns the fragments by which links reach the headings of a page, as GitHub makes them.
func anchors(text string) []string {
	var all []string
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-"))
	}
	return all
}

// pathSpan is a code span that is nothing but a path with a slash.
var pathSpan = regexp.MustCompile("`(\\.{0,2}/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?)`")

// TestPathsExist looks up each path in a code span whose first element is a folder of the
// repository.
func TestPathsExist(t *testing.T) {
	files := tracked(t)
	there := directories(files)
	for _, file := range files {
		there[file] = true
	}
	for page, text := range current(t) {
		for _, match := range pathSpan.FindAllStringSubmatch(text, -1) {
			named := path.Clean(match[1])
			first, _, nested := strings.Cut(named, "/")
			if !nested || !there[first] || goName(named) {
				continue
			}
			if !there[named] {
				t.Errorf("%s names %s, which does not exist", page, named)
			}
		}
	}
}

// goName reports whether a path ends in a Go identifier, as controllers/pool.Reconciler does.
func goName(named string) bool {
	_, name, found := strings.Cut(path.Base(named), ".")
	return found && !slices.Contains([]string{"go", "md", "yaml", "yml", "sh", "json", "txt", "tpl", "c", "py"}, name)
}

var (
	target  = regexp.MustCompile("(?m)(?:^    make |`make )([a-z][a-z0-9-]*)(?:`| [A-Z_]+=| *(?:#.*)?$)")
	defined = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`)
)

func TestMakeTargetsExist(t *testing.T) {
	targets := map[string]bool{}
	for _, match := range defined.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[match[1]] = true
	}
	for page, text := range current(t) {
		for _, match := range target.FindAllStringSubmatch(text, -1) {
			if !targets[match[1]] {
				t.Errorf("%s names make %s, which the Makefile does not have", page, match[1])
			}
		}
	}
}

var (
	testName  = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz|Example)[A-Z]\w*`)
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz|Example)\w+)\(`)
	benchFlag = regexp.MustCompile(`-bench ([A-Z]\w*)`)
)

// TestNamedTestsExist looks up the names of tests, and the patterns of benchmarks, that pages
// mention.
func TestNamedTestsExist(t *testing.T) {
	names := map[string]bool{}
	var benchmarks []string
	for _, file := range tracked(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range testFunc.FindAllStringSubmatch(read(t, file), -1) {
			names[match[1]] = true
			if strings.HasPrefix(match[1], "Benchmark") {
				benchmarks = append(benchmarks, match[1])
			}
		}
	}
	for page, text := range current(t) {
		for _, name := range testName.FindAllString(text, -1) {
			if !names[name] {
				t.Errorf("%s names %s, which no test file has", page, name)
			}
		}
		for _, match := range benchFlag.FindAllStringSubmatch(text, -1) {
			if !slices.ContainsFunc(benchmarks, func(b string) bool { return strings.Contains(b, match[1]) }) {
				t.Errorf("%s runs -bench %s, which matches no benchmark", page, match[1])
			}
		}
	}
}

// TestMapShowsEveryFolder holds the map in CONTRIBUTING.md to the folders at the top.
func TestMapShowsEveryFolder(t *testing.T) {
	_, section, found := strings.Cut(read(t, "CONTRIBUTING.md"), "## Where things are\n")
	if !found {
		t.Fatal("CONTRIBUTING.md has no section Where things are")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	mapped := map[string]bool{}
	for _, field := range strings.Fields(section) {
		if first, _, nested := strings.Cut(strings.Trim(field, "`,"), "/"); nested {
			mapped[first] = true
		}
	}
	there := map[string]bool{}
	for dir := range directories(tracked(t)) {
		if dir != "." && !strings.Contains(dir, "/") {
			there[dir] = true
			if !mapped[dir] {
				t.Errorf("the map in CONTRIBUTING.md lacks %s/", dir)
			}
		}
	}
}
