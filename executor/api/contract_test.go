package api

import (
	"slices"
	"testing"
)

func TestReasonsAreUniqueAndDistinctFromTypes(t *testing.T) {
	seen := map[string]bool{}
	for _, word := range slices.Concat(RejectionReasons(), ProblemTypes()) {
		if word == "" || seen[word] {
			t.Errorf("%q is there twice or empty", word)
		}
		seen[word] = true
	}
	for _, reason := range Reasons() {
		if !slices.Contains(RejectionReasons(), reason) {
			t.Errorf("rejections by %s are not counted", reason)
		}
	}
}
