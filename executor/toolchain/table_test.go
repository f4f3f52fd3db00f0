package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const row = `
- id: x
  name: X
  sourceFile: main.x
  version: [/bin/true]
  run: {command: [/bin/cat, "{store}/{main}"]}
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func indent(rows string) string { return "languages:" + strings.ReplaceAll(rows, "\n", "\n  ") }

func TestLoadRefusesBadTables(t *testing.T) {
	tcs := map[string]struct{ table, want string }{
		"unknown field":       {indent(row) + "\n    extra: 1\n", `language 1 ("x"): unknown field "extra"`},
		"no id":               {indent(strings.Replace(row, "id: x", "id: ''", 1)), "id: must be"},
		"same id twice":       {indent(row + row), "given twice"},
		"path as source":      {indent(strings.Replace(row, "main.x", "../x", 1)), "sourceFile:"},
		"relative program":    {indent(strings.Replace(row, "/bin/cat", "cat", 1)), `run.command: the program "cat" must be an absolute path`},
		"unknown placeholder": {indent(strings.Replace(row, "{main}", "{file}", 1)), "placeholder {file} is unknown"},
		"no artifacts":        {indent(row + "  compile: {command: [/bin/true], artifacts: []}\n"), "compile.artifacts:"},
		"artifact in a path":  {indent(row + "  compile: {command: [/bin/true], artifacts: [a/b]}\n"), "without a slash"},
		"negative limit":      {indent(row + "  compile: {command: [/bin/true], artifacts: [a], limits: {memoryMiB: -1}}\n"), "compile.limits.memoryMiB: must not be negative"},
		"memory of nobody":    {indent(row + "  compile: {command: [/bin/true], artifacts: [a], limits: {memoryMiB: 1025}}\n"), "compile.limits.memoryMiB: is 1025; an executor has memory for 1024"},
		"disk of nobody":      {indent(row + "  compile: {command: [/bin/true], artifacts: [a], limits: {diskMiB: 161}}\n"), "compile.limits.diskMiB: is 161; an executor has scratch space for 160"},
		"root as path":        {indent(row + "  paths: [/]\n"), `language 1 ("x"): paths:`},
		"path of the file":    {"paths: [etc]\n" + indent(row), `paths: "etc" must be`},
		"own path":            {"ownPaths: [/a/../b]\n" + indent(row), `ownPaths: "/a/../b" must be`},
		"unknown files":       {indent(strings.Replace(row, "run: {", "run: {files: all, ", 1)), `run.files: must be absent or "own"`},
		"own files of a tool": {indent(strings.Replace(row, "run: {", "run: {files: own, ", 1)), "run.files: \"own\" is for a program in {store}, not for /bin/cat"},
		"nothing":             {"", "no language in"},
	}
	for name, tc := range tcs {
		t.Run(name, func(t *testing.T) {
			path := write(t, "languages.yaml", tc.table)
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v; want it to contain %s and %q", err, path, tc.want)
			}
		})
	}
}

func TestLoadLetsLaterRowsReplace(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"10-other.yaml": indent(strings.Replace(row, "id: x", "id: other", 1)),
		"20-x.yaml":     indent(strings.Replace(row, "name: X", "name: New X", 1)),
		"ignored.txt":   "not yaml: [",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table, err := Load(write(t, "languages.yaml", indent(row)), dir, "/nonexistent/languages.d")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range table.languages {
		names = append(names, l.ID+"="+l.Name)
	}
	if diff := cmp.Diff([]string{"x=New X", "other=X"}, names); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
}

func TestPathsOfFilesAndLanguagesAddUp(t *testing.T) {
	other := strings.Replace(row, "id: x", "id: other", 1)
	table, err := Load(
		write(t, "a.yaml", "paths: [/etc/a, /etc/b]\nownPaths: [/etc/own]\n"+indent(row+"  paths: [/etc/x]\n")),
		write(t, "b.yaml", "paths: [/etc/b, /etc/c]\n"+indent(other+"  paths: [/etc/x, /etc/y]\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/etc/a", "/etc/b", "/etc/c", "/etc/own", "/etc/x", "/etc/y"}
	if diff := cmp.Diff(want, table.Paths()); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/etc/own"}, table.OwnPaths()); diff != "" {
		t.Errorf("paths of self-contained programs (-want +got):\n%s", diff)
	}
}

func TestLoadNamesMissingFile(t *testing.T) {
	if _, err := Load("/nonexistent/languages.yaml"); err == nil || !strings.Contains(err.Error(), "/nonexistent/languages.yaml") {
		t.Errorf("error %v", err)
	}
}

func TestCommandsFillPlaceholders(t *testing.T) {
	table, err := Load("languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	java, ok := table.Lookup("java")
	if !ok {
		t.Fatal("no java")
	}
	v := Values{Store: "/slot/store", Files: []string{"Main.java", "data.txt", "Other.java"}, MemoryMiB: 256}
	compile := java.CompileCommand(v)
	if diff := cmp.Diff([]string{"Main.java", "Other.java"}, compile[len(compile)-2:]); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	run := strings.Join(java.RunCommand(v), " ")
	for _, want := range []string{"-Xmx192m", "-Xss64m", "-cp /slot/store Main"} {
		if !strings.Contains(run, want) {
			t.Errorf("command %q has no %q", run, want)
		}
	}
}

func TestEnvironIsBuiltFromNothing(t *testing.T) {
	t.Setenv("SECRET", "token")
	want := []string{"CACHE=/box/.cache", "HOME=/box", "LANG=C.UTF-8", "PATH=" + basePath, "TMPDIR=/box"}
	if diff := cmp.Diff(want, Environ(map[string]string{"CACHE": "{box}/.cache"}, "/box")); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestLanguagesListsWhatIsInstalled(t *testing.T) {
	absent := strings.NewReplacer("id: x", "id: absent", "/bin/cat", "/nonexistent/cat").Replace(row)
	table, err := Load(write(t, "languages.yaml", indent(strings.Replace(row, "[/bin/true]", "[/bin/echo, '\nX version 1.2']", 1)+absent)))
	if err != nil {
		t.Fatal(err)
	}
	got := table.Languages(context.Background())
	if len(got) != 1 || got[0].ID != "x" || got[0].Version != "X version 1.2" || got[0].Compiled {
		t.Errorf("got %+v", got)
	}
}
