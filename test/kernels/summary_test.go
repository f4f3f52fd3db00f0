package main

import (
	"strings"
	"testing"

	"executorpool.dev/test/kernels/guest"
)

// output is what a guest prints on which all tests pass.
func output(facts guest.Facts, more ...string) string {
	return strings.Join(append([]string{
		guest.NoteMark + "kernel 6.1.0-50-cloud-amd64",
		"=== RUN   TestAttacks",
		"=== RUN   TestAttacks/spin",
		"--- PASS: TestAttacks (12.34s)",
		"    --- PASS: TestAttacks/spin (3.21s)",
		"PASS",
		guest.FactsMark + facts.String(),
	}, more...), "\n")
}

func TestSummaryFindsWhatAKernelDidNotShow(t *testing.T) {
	good := guest.Facts{Kernel: "6.1.0-50-cloud-amd64", Landlock: 2, Tier: "RestrictedLegacy", Kills: 3}
	with := func(change func(*guest.Facts)) guest.Facts {
		facts := good
		change(&facts)
		return facts
	}
	for name, tc := range map[string]struct{ output, want string }{
		"all pass":     {output(good, guest.EndMark), ""},
		"no end":       {output(good), "did not reach its end"},
		"no test":      {guest.FactsMark + good.String() + "\n" + guest.EndMark, "no test has run"},
		"failure":      {output(good, "--- FAIL: TestTiers (1.00s)", guest.EndMark), "failed: TestTiers"},
		"skipped test": {output(good, "    --- SKIP: TestAttacks/alloc (0.00s)", guest.EndMark), "failed: TestAttacks/alloc"},
		"restart":      {output(with(func(f *guest.Facts) { f.Restarts = 1 }), guest.EndMark), "restarted 1 times"},
		"group kill":   {output(with(func(f *guest.Facts) { f.GroupKills = 2 }), guest.EndMark), "killed its group 2 times"},
		"other tier":   {output(with(func(f *guest.Facts) { f.Tier = "None" }), guest.EndMark), `tier "None"`},
		"other ABI":    {output(with(func(f *guest.Facts) { f.Landlock = 6 }), guest.EndMark), "Landlock ABI 6"},
	} {
		t.Run(name, func(t *testing.T) {
			s := summary{kernel: kernels[0]}
			for line := range strings.Lines(tc.output) {
				s.read(strings.TrimSuffix(line, "\n"))
			}
			err := s.check()
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestTableHasTheFactsOfEachKernel(t *testing.T) {
	s := summary{kernel: kernels[0]}
	for line := range strings.Lines(output(guest.Facts{Kernel: "6.1.0-50", Landlock: 2, Tier: "RestrictedLegacy", Kills: 7})) {
		s.read(strings.TrimSuffix(line, "\n"))
	}
	lines := strings.Split(strings.TrimSpace(render([]summary{s, {kernel: kernels[1]}})), "\n")
	if len(lines) != 3 || strings.Join(strings.Fields(lines[1]), " ") != "6.1.0-50 2 RestrictedLegacy 2 0 0 7 0 0s" {
		t.Errorf("got the table\n%s", strings.Join(lines, "\n"))
	}
}
