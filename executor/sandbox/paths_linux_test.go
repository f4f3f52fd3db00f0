package sandbox

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSandboxNamesNoFilesOfLanguages keeps the paths that languages need in their table.
func TestSandboxNamesNoFilesOfLanguages(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err == nil && bytes.Contains(source, []byte(`"/etc`)) {
			t.Errorf("%s names a file of /etc: list it in executor/toolchain/languages.yaml", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOutermostLeavesOutWhatAnotherPathHolds(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(root, name) }
	for _, dir := range []string{"usr/bin", "usr2", "opt"} {
		if err := os.MkdirAll(at(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("usr/bin", at("bin")); err != nil {
		t.Fatal(err)
	}
	got := outermost([]string{at("usr"), at("bin"), at("usr/bin"), at("usr2"), at("absent"), at("opt"), at("opt")})
	if diff := cmp.Diff([]string{at("absent"), at("opt"), at("usr"), at("usr2")}, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}
