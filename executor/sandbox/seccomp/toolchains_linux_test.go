package seccomp_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/programs"
	"executorpool.dev/executor/sandbox/seccomp"
	"executorpool.dev/executor/toolchain"
)

var update = flag.Bool("update", false, "add the calls of this machine's toolchains to testdata/used.txt and write docs/system-calls.md")

const (
	usedFile = "testdata/used.txt"
	pageFile = "../../../docs/system-calls.md"
)

// options are those of today's kernels. No toolchain knows the token.
var options = seccomp.Options{GroupToken: 1<<63 | 1}

// TestToolchainsUseListedCalls runs every toolchain under strace. It fails if a toolchain uses a
// call that is neither allowed nor listed as refused with a fallback.
func TestToolchainsUseListedCalls(t *testing.T) {
	table, err := toolchain.Load("../../toolchain/languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	answers, err := seccomp.NewAnswers(options)
	if err != nil {
		t.Fatal(err)
	}
	fallbacks := map[string]string{}
	for _, entry := range seccomp.Table(options) {
		for _, name := range entry.Calls {
			fallbacks[name] = entry.Fallback
		}
	}
	used := readUsed(t)
	var mu sync.Mutex
	add := func(t *testing.T, stage string, made call) {
		mu.Lock()
		defer mu.Unlock()
		text := made.name
		if !isServed(made.answer) {
			text += "=" + made.answer.String()
			if fallbacks[made.name] == "" {
				t.Errorf("%s: %s is answered %v: allow it in the table, or list what happens without it: %s", stage, made.name, made.answer, made.line)
			}
		}
		if used[stage] == nil {
			used[stage] = map[string]bool{}
		}
		if !used[stage][text] {
			t.Logf("%s also uses %s", stage, text)
		}
		used[stage][text] = true
	}
	t.Run("languages", func(t *testing.T) {
		for _, id := range programs.Languages() {
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				language, ok := table.Lookup(id)
				if !ok {
					t.Fatalf("language %s is not in the table", id)
				}
				for stage, calls := range toolchainCalls(t, language, answers) {
					for _, made := range calls {
						add(t, id+" "+stage, made)
					}
				}
			})
		}
	})
	if *update {
		writeUsed(t, used)
	}
}

func isServed(a seccomp.Answer) bool {
	return a == seccomp.Allow || strings.HasPrefix(a.String(), "success")
}

// readUsed reads the recorded calls: a line for each stage of a language.
func readUsed(t *testing.T) map[string]map[string]bool {
	t.Helper()
	used := map[string]map[string]bool{}
	content, err := os.ReadFile(usedFile)
	if os.IsNotExist(err) && *update {
		return used
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		key, calls, _ := strings.Cut(strings.TrimSpace(line), ": ")
		used[key] = map[string]bool{}
		for _, name := range strings.Fields(calls) {
			used[key][name] = true
		}
	}
	return used
}

func writeUsed(t *testing.T, used map[string]map[string]bool) {
	t.Helper()
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(&b, "%s: %s\n", key, strings.Join(slices.Sorted(maps.Keys(used[key])), " "))
	}
	if err := os.WriteFile(usedFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPageShowsTheTable compares docs/system-calls.md with the table and the recorded calls.
func TestPageShowsTheTable(t *testing.T) {
	want := page(readUsed(t))
	if *update {
		if err := os.WriteFile(pageFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run go test ./executor/sandbox/seccomp -update (-want +got):\n%s", diff)
	}
}
