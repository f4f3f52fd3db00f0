package judge

import (
	"testing"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/programs"
	"executorpool.dev/executor/sandbox"
)

// TestLibrariesWorkInEveryTier judges a program in each language that uses threads, files, signals,
// processes and times: the system call filter must allow what standard libraries need.
func TestLibrariesWorkInEveryTier(t *testing.T) {
	for _, tier := range []sandbox.Tier{sandbox.Restricted, sandbox.RestrictedLegacy} {
		j := newJudgeOf(t, tier)
		for _, language := range programs.Languages() {
			t.Run(tier.String()+"/"+language, func(t *testing.T) {
				source, _ := programs.Source(language, programs.Library)
				r := j.Do(t.Context(), api.Request{Language: language, Source: source, Stdin: "1\n2\n",
					Limits: api.Limits{CPUMillis: 10_000, WallMillis: 20_000, MemoryMiB: 256, Processes: 32}})
				if r.Verdict != api.OK || r.Runs[0].Stdout != "ok\n" {
					t.Errorf("got %+v, compiled %+v", r, r.Compile)
				}
			})
		}
	}
}
