package judge

import (
	"testing"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/programs"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/test/cases"
)

// TestLibrariesWorkInTheLegacyTier judges a program in each language that uses threads, files,
// signals, processes and times: the filters must allow what standard libraries need.
// TestLanguagesJudgeTheirCases does so in tier Restricted.
func TestLibrariesWorkInTheLegacyTier(t *testing.T) {
	j := newJudgeOf(t, sandbox.RestrictedLegacy)
	for _, c := range cases.All() {
		if c.Name != programs.Library {
			continue
		}
		t.Run(c.Language, func(t *testing.T) {
			r := j.Do(t.Context(), c.Request)
			if r.Verdict != api.OK || r.Runs[0].Stdout != c.Stdout {
				t.Errorf("got %+v, compiled %+v", r, r.Compile)
			}
		})
	}
}
