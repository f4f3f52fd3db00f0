package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"executorpool.dev/executor/toolchain"
)

func TestSlowLanguagesDifferOnlyInTheTimeOfCompilers(t *testing.T) {
	const path = "../../executor/toolchain/languages.yaml"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := slowLanguages(content, 7)
	if err != nil {
		t.Fatal(err)
	}
	changedPath := filepath.Join(t.TempDir(), "languages.yaml")
	if err := os.WriteFile(changedPath, changed, 0o644); err != nil {
		t.Fatal(err)
	}
	given, err := toolchain.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := toolchain.Load(changedPath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{given.Paths(), given.OwnPaths()}, [][]string{slow.Paths(), slow.OwnPaths()}); diff != "" {
		t.Errorf("paths differ:\n%s", diff)
	}
	for _, id := range []string{"c", "cpp17", "cpp20", "python3", "pypy3", "java", "go", "javascript", "rust"} {
		want, found := given.Lookup(id)
		if !found {
			t.Fatalf("no language %s", id)
		}
		if want.Compile != nil {
			want.Compile.Limits.CPUMillis *= 7
			want.Compile.Limits.WallMillis *= 7
		}
		got, _ := slow.Lookup(id)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(toolchain.Language{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", id, diff)
		}
	}
}
