package attacks

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"executorpool.dev/executor/api"
)

// TestTierIsWhatHolds removes facilities from a real executor, as a pod's seccomp profile can. It
// must report the tier that still holds; below the minimum it must not serve, and must report why.
func TestTierIsWhatHolds(t *testing.T) {
	landlock := []string{"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}
	for name, tc := range map[string]struct {
		refused []string
		tier    string
		why     string
	}{
		"nothing is refused":                  {nil, "Namespaced", ""},
		"namespaces are refused":              {[]string{namespaces}, "Restricted", "Namespaced: start a process in namespaces of its own: "},
		"mounts are refused":                  {[]string{"mount"}, "Restricted", "make the mounts private: operation not permitted"},
		"copies of mounts are refused":        {[]string{"open_tree"}, "Restricted", "find what the new root holds: copy the mount of "},
		"a new root is refused":               {[]string{"pivot_root"}, "Restricted", "change to the new root: operation not permitted"},
		"landlock is refused":                 {landlock, "None", "allows no Landlock"},
		"entering landlock is refused":        {[]string{"landlock_restrict_self"}, "None", "enter the landlock rules"},
		"seccomp is refused":                  {[]string{"seccomp"}, "None", "load seccomp filter"},
		"landlock and seccomp are refused":    {append(landlock, "seccomp"), "None", "allows no Landlock"},
		"process descriptors are not refused": {[]string{"ptrace", "bpf", "io_uring_setup"}, "Namespaced", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, minimum := range []string{"RestrictedLegacy", "None"} {
				command := []string{executorProgram}
				if len(tc.refused) > 0 {
					command = append(append([]string{os.Args[0], "refuse"}, tc.refused...), "--", executorProgram)
				}
				_, url := start(t, scratchDir(t), minimum, command...)
				serves := tc.tier != "None" || minimum == "None"
				var last *api.Readiness
				gomega.NewWithT(t).Eventually(func() (ready bool, err error) {
					last, err = readiness(url)
					return err == nil && last.Ready, err
				}).WithTimeout(30 * time.Second).Should(gomega.Equal(serves))
				if last.Tier != tc.tier || !strings.Contains(last.TierReason, tc.why) {
					t.Errorf("minimum %s: /readyz answers %+v, want tier %s and %q", minimum, last, tc.tier, tc.why)
				}
				metrics, err := metrics(url)
				if err != nil || !strings.Contains(metrics, `executor_isolation_tier{tier="`+tc.tier+`"} 1`) {
					t.Errorf("minimum %s: /metrics does not report tier %s (%v)", minimum, tc.tier, err)
				}
				e := Executor{Slots: 4, Tier: tc.tier, URL: url}
				if !serves {
					if _, err := e.Execute(t.Context(), api.Request{Language: "c", Source: "x"}); err == nil ||
						!strings.Contains(err.Error(), "isolation") || !strings.Contains(err.Error(), tc.why) {
						t.Errorf("minimum %s: a submission got %v, want 503 with the reason", minimum, err)
					}
					continue
				}
				e.CheckTier(t)
				if tc.tier == "None" {
					RemoveResidue(t)
				}
			}
		})
	}
}
