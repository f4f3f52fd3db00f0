package sandbox

import (
	"testing"

	"executorpool.dev/test/attacks"
)

// filterProofs are the attacks that the system call filter stops call by call.
func filterProofs() []proof {
	out := outcome{escaped: true}
	var proofs []proof
	for attack, escapes := range map[string][]string{
		"demote": {"nice value of the executor", "nice value of a user", "nice value of a group", "nice value of its own group",
			"scheduling class of the executor", "scheduling parameters of the executor", "processors of the executor",
			"scheduling attributes", "disk priority of the executor", "processors by a wide register"},
		"leave-times": {"times of the program", "times of the program by descriptor", "times of the box", "flags of the program",
			"flags of the box", "attributes by ioctl", "flags by a wide register", "hint on the program", "hint by a wide register"},
		"leave-locks": {"lock on the program", "range lock on the program", "lock on /dev/null", "range lock on /dev/null",
			"lock on a file of the image", "range lock on a file of the image", "signal number of stdin", "owner of stdin", "lease",
			"notice of changes"},
		"watch-others": {"descriptor of the executor", "CPU clock of the executor", "CPU clock by a wide register",
			"resolution of the executor's clock", "limits of the executor", "nice value of the executor",
			"disk priority of the executor", "free space of the volume", "network interfaces", "information on a process"},
		"exhaust": {"timer", "inotify instance", "aio context", "queued signal", "size of a pipe"},
		"hide-memory": {"page in a pipe", "splice", "tee", "pages of a file in a pipe", "descriptor in a socket", "descriptors in a socket", "size of a socket",
			"landlock ruleset", "landlock rule", "landlock domain", "seccomp filter", "seccomp filter by prctl", "hidden memory map",
			"reaper of its own", "huge pages", "sibling", "process with the same memory"},
	} {
		proofs = append(proofs, proof{attack: attack, protection: CallFilter, count: "1", unprotected: out, escapes: escapes})
	}
	return proofs
}

// TestFilterHoldsInEveryTier runs the attacks on single system calls with every generation of
// Landlock.
func TestFilterHoldsInEveryTier(t *testing.T) {
	for name, config := range map[string]SlotConfig{"restricted": {Tier: Restricted}, "legacy": {Tier: RestrictedLegacy},
		"Linux 5.13": {Tier: RestrictedLegacy, MaxLandlockABI: 1}, "Linux 6.1": {Tier: RestrictedLegacy, MaxLandlockABI: 2}} {
		s := newSlotIn(t, memoryDir(t), config)
		for _, p := range filterProofs() {
			t.Run(name+"/"+p.attack, func(t *testing.T) {
				if r := mustRun(t, s, attackSpec(s, p.attack, "/etc/hostname")); string(r.Stdout) != "tried\n" {
					t.Errorf("got %q, %q, want no %s", r.Stdout, r.Cause, attacks.Escaped)
				}
			})
		}
	}
}
