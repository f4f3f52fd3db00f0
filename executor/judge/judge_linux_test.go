package judge

import (
	"context"
	"os"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/programs"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
)

func TestMain(m *testing.M) {
	if err := sandbox.Init(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func poolLimits() sandbox.Limits {
	return sandbox.Limits{CPU: 10 * time.Second, Wall: 60 * time.Second, Memory: 256 << 20, Output: 64 << 10, Processes: 64, Disk: 64 << 20}
}

func newJudge(t testing.TB) *Judge {
	t.Helper()
	return newJudgeOf(t, sandbox.Restricted)
}

func newJudgeOf(t testing.TB, tier sandbox.Tier) *Judge {
	t.Helper()
	table, err := toolchain.Load("../toolchain/languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	j, err := New(Config{Table: table, Dir: t.TempDir(), Limits: poolLimits(), Tier: tier})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// addPrograms returns programs, by language, that read two numbers and print their sum.
func addPrograms() map[string]string {
	sources := map[string]string{}
	for _, language := range programs.Languages() {
		sources[language], _ = programs.Source(language, programs.Sum)
	}
	return sources
}

func TestLanguagesAddTwoNumbers(t *testing.T) {
	for _, tier := range []sandbox.Tier{sandbox.Restricted, sandbox.RestrictedLegacy, sandbox.None} {
		t.Run(tier.String(), func(t *testing.T) { addTwoNumbers(t, newJudgeOf(t, tier)) })
	}
}

func addTwoNumbers(t *testing.T, j *Judge) {
	for language, source := range addPrograms() {
		t.Run(language, func(t *testing.T) {
			r := j.Do(context.Background(), api.Request{Language: language, Source: source,
				Runs: []api.RunInput{{Stdin: "1 2"}, {Stdin: "40 2"}}})
			if r.Compile != nil {
				t.Logf("compile: cpu %d wall %d mem %d", r.Compile.CPUMillis, r.Compile.WallMillis, r.Compile.MemoryKiB)
			}
			if r.Verdict != api.OK || len(r.Runs) != 2 || r.Runs[0].Stdout != "3\n" || r.Runs[1].Stdout != "42\n" {
				t.Fatalf("got %+v %+v", r, r.Compile)
			}
			t.Logf("run: cpu %d wall %d mem %d", r.Runs[1].CPUMillis, r.Runs[1].WallMillis, r.Runs[1].MemoryKiB)
		})
	}
}
