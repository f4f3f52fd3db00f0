package namespace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMain is also the program that runs in the namespaces: it prints what the given paths are
// there.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Arg {
		Main()
	}
	if len(os.Args) > 1 && os.Args[1] == "look" {
		if err := json.NewEncoder(os.Stdout).Encode(inspect(os.Args[2:])); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func inspect(paths []string) map[string]string {
	seen := map[string]string{}
	if err := Check(); err != nil {
		seen["inside"] = err.Error()
	}
	for _, path := range paths {
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			seen[path] = "absent"
		case info.Mode()&os.ModeSymlink != 0:
			seen[path], _ = os.Readlink(path)
		case !info.IsDir():
			content, err := os.ReadFile(path)
			seen[path] = fmt.Sprintf("file %s, %v", content, err)
		case os.WriteFile(path+"/new", nil, 0o600) == nil:
			seen[path] = "writable"
		default:
			seen[path] = "read-only"
		}
	}
	return seen
}

func TestRootHoldsWhatItIsGiven(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) string { return filepath.Join(top, path) }
	for _, dir := range []string{"tools/deep", "tools-too", "other", "scratch/a", "scratch/b", "tools/scratch"} {
		if err := os.MkdirAll(at(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{"file": "one", "tools/file": "two", "other/file": "three"} {
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": "other", "tools/link": "deep", "chain": "link"} {
		if err := os.Symlink(target, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	// The libraries of the test program itself.
	libraries := []string{"/usr", "/lib", "/lib64"}
	for name, tc := range map[string]struct {
		read  []string
		write string
		want  map[string]string
	}{
		"nothing else":             {nil, "scratch", map[string]string{"scratch": "writable", "scratch/a": "writable", "tools": "absent", "file": "absent"}},
		"a folder":                 {[]string{"tools"}, "scratch", map[string]string{"tools": "read-only", "tools/deep": "read-only", "tools/file": "file two, <nil>", "tools-too": "absent"}},
		"a file":                   {[]string{"file"}, "scratch", map[string]string{"file": "file one, <nil>", "other": "absent"}},
		"one inside the other":     {[]string{"tools/deep", "tools", "tools-too"}, "scratch", map[string]string{"tools/deep": "read-only", "tools/file": "file two, <nil>", "tools-too": "read-only"}},
		"a link":                   {[]string{"link"}, "scratch", map[string]string{"link": at("other"), "link/file": "file three, <nil>", "other": "read-only"}},
		"a link to a link":         {[]string{"chain", "link"}, "scratch", map[string]string{"chain": at("other"), "chain/file": "file three, <nil>"}},
		"a link in a folder":       {[]string{"tools", "tools/link"}, "scratch", map[string]string{"tools/link": "deep"}},
		"behind a link":            {[]string{"link", "link/file"}, "scratch", map[string]string{"link/file": "file three, <nil>"}},
		"what is not there":        {[]string{"nothing"}, "scratch", map[string]string{"nothing": "absent"}},
		"scratch in what is read":  {[]string{"tools"}, "tools/scratch", map[string]string{"tools": "read-only", "tools/scratch": "writable"}},
		"scratch is also for read": {[]string{"scratch"}, "scratch", map[string]string{"scratch/b": "writable"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{Read: append([]string{}, libraries...), Write: at(tc.write)}
			for _, path := range tc.read {
				config.Read = append(config.Read, at(path))
			}
			args, want := []string{"look"}, map[string]string{}
			for path, is := range tc.want {
				args, want[at(path)] = append(args, at(path)), is
			}
			cmd, err := config.Command(args...)
			if err != nil {
				t.Fatal(err)
			}
			var problems bytes.Buffer
			cmd.Stderr = &problems
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, problems.String())
			}
			var got map[string]string
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the new root (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMainNamesTheStepThatFails(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		want   string
	}{
		"no scratch":        {Config{Write: "/nonexistent"}, "find what the new root holds: stat /nonexistent: no such file or directory"},
		"scratch is a file": {Config{Write: "/etc/passwd"}, "make a new root: not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, err := tc.config.Command("look")
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.CombinedOutput()
			if err == nil || strings.TrimSpace(string(out)) != tc.want {
				t.Errorf("error %v, output %q, want %q", err, out, tc.want)
			}
		})
	}
}
