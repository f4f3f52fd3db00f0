package toolchain

import (
	"os"
	"path/filepath"
	"testing"
)

func FuzzLoad(f *testing.F) {
	table, err := os.ReadFile("languages.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(table)
	f.Add([]byte(indent(row)))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "languages.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(path)
		if err != nil {
			return
		}
		// An accepted row must be usable.
		for _, l := range loaded.languages {
			v := Values{Store: "/store", Files: []string{l.SourceFile}, MemoryMiB: 64}
			if len(l.RunCommand(v)) == 0 || l.Compile != nil && len(l.CompileCommand(v)) == 0 {
				t.Errorf("language %q has an empty command", l.ID)
			}
		}
	})
}
