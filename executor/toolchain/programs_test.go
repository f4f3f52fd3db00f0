package toolchain

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/programs"
)

// TestEveryLanguageHasPrograms fails for a language of the table without programs.
func TestEveryLanguageHasPrograms(t *testing.T) {
	table, err := Load("languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range table.languages {
		ids = append(ids, l.ID)
		if _, ok := programs.Source(l.ID, programs.Broken); ok != (l.Compile != nil) {
			t.Errorf("%s has a program that does not compile: %v; compiled: %v", l.ID, ok, l.Compile != nil)
		}
	}
	slices.Sort(ids)
	if diff := cmp.Diff(ids, programs.Languages()); diff != "" {
		t.Errorf("languages (-executor/toolchain/languages.yaml +executor/programs):\n%s", diff)
	}
}
