package programs

import (
	"slices"
	"testing"
)

// TestEveryLanguageHasEveryProgram fails for a language that lacks a program, or has two of a name.
func TestEveryLanguageHasEveryProgram(t *testing.T) {
	languages := Languages()
	if len(languages) == 0 || len(slices.Compact(slices.Clone(languages))) != len(languages) {
		t.Fatalf("the languages are %v, want each once", languages)
	}
	for _, language := range languages {
		for _, program := range []string{Hello, Sum, Input, Memory, Time, Library} {
			if source, ok := Source(language, program); !ok || source == "" {
				t.Errorf("%s has no program %s: add it to executor/programs", language, program)
			}
		}
		_, broken := Source(language, Broken)
		_, atRun := Source(language, BrokenAtRun)
		if broken == atRun {
			t.Errorf("%s has %s: %v, %s: %v; want one of them", language, Broken, broken, BrokenAtRun, atRun)
		}
	}
	if _, ok := Source("none", Hello); ok {
		t.Error("an unknown language has a program")
	}
}
