package judge

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/programs"
	"executorpool.dev/executor/toolchain"
	"executorpool.dev/test/cases"
)

// TestLanguagesJudgeTheirCases checks the verdict of each case of each language, and that every
// language has cases.
func TestLanguagesJudgeTheirCases(t *testing.T) {
	table, err := toolchain.Load("../toolchain/languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var installed []string
	for _, l := range table.Languages(t.Context()) {
		installed = append(installed, l.ID)
		t.Logf("%s: %s", l.ID, l.Version)
	}
	slices.Sort(installed)
	if diff := cmp.Diff(programs.Languages(), installed); diff != "" {
		t.Errorf("languages with programs and languages installed here (-programs +installed):\n%s", diff)
	}
	j := newJudge(t)
	for _, c := range cases.All() {
		t.Run(c.Language+"/"+c.Name, func(t *testing.T) {
			result := j.Do(t.Context(), c.Request)
			stdout := ""
			if len(result.Runs) == 1 {
				stdout = result.Runs[0].Stdout
			}
			if result.Verdict != c.Verdict || c.Stdout != "" && stdout != c.Stdout {
				t.Errorf("verdict %s, want %s; result %+v, compiled %+v", result.Verdict, c.Verdict, result, result.Compile)
			}
		})
	}
}
