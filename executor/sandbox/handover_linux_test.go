package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/sandbox/scratch"
	"golang.org/x/sys/unix"
)

// pairOfSlots creates two slots of one pod that run one program, by hard links as from the cache.
func pairOfSlots(t *testing.T, config SlotConfig) (first, second *Slot) {
	t.Helper()
	dir := memoryDir(t)
	artifacts, err := scratch.Open(filepath.Join(dir, "cache"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { artifacts.Close() })
	if err := artifacts.FixTimes(0); err != nil {
		t.Fatal(err)
	}
	if err := artifacts.Write("attack", attackProgram, 0o500); err != nil {
		t.Fatal(err)
	}
	open := func(name string) *Slot {
		config.Dir = filepath.Join(dir, name)
		if err := os.Mkdir(config.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s, err := NewSlot(config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if err := s.Store.Link(artifacts.FD(), "attack", "attack"); err != nil {
			t.Fatal(err)
		}
		return s
	}
	return open("w0s0"), open("w0s1")
}

// handOver runs the attack hand-over and cleans the slot.
func handOver(t *testing.T, s *Slot, args ...string) string {
	t.Helper()
	r, err := s.Run(t.Context(), attackSpec(s, append([]string{"hand-over"}, args...)...))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Clean(false, time.Now().Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	return string(r.Stdout)
}

// handedOver returns the ways in which a run of the sender changes what a run of the receiver
// finds.
func handedOver(t *testing.T, sender, receiver *Slot) (ways []string) {
	t.Helper()
	for way := range strings.Lines(handOver(t, sender)) {
		way = strings.TrimSpace(way)
		before := handOver(t, receiver, way, "get")
		handOver(t, sender, way, "put")
		after := handOver(t, receiver, way, "get")
		if before == "" || after == "" {
			t.Errorf("%s: a run found %q and then %q", way, before, after)
		}
		if before != after {
			ways = append(ways, way)
		}
	}
	return ways
}

// TestRunsHandNothingOver tries every known way in which a run could hand a bit to a later run of
// the same slot, of another slot and of the same program.
func TestRunsHandNothingOver(t *testing.T) {
	for _, tier := range []Tier{Restricted, RestrictedLegacy} {
		first, second := pairOfSlots(t, SlotConfig{Tier: tier})
		for name, receiver := range map[string]*Slot{"the same slot": first, "another slot": second} {
			if ways := handedOver(t, first, receiver); len(ways) > 0 {
				t.Errorf("%s: a run handed a bit to %s by %q", tier, name, ways)
			}
		}
	}
}

// TestRunsHandOverWithoutProtections proves that the attempts of TestRunsHandNothingOver can
// succeed. Without a protection of the slot they must do so, in all ways that need the kernel's
// consent only.
func TestRunsHandOverWithoutProtections(t *testing.T) {
	onProgram := []string{"times of the program", "flags of the program", "hint on the program", "mode of the program", "attribute of the program",
		"name in /tmp", "name in /dev/shm", "shared memory", "semaphore", "message queue", "POSIX queue", "key"}
	onSlot := []string{"times of the store", "flags of the box", "flags of the store", "hint on the box", "hint on the store", "mode of the store",
		"attribute of the box", "name in the store", "name beside the box"}
	for name, want := range map[string][]string{"the same slot": slices.Concat(onProgram, onSlot), "another slot": onProgram} {
		t.Run(name, func(t *testing.T) {
			for _, dir := range []string{"/tmp/handover", "/dev/shm/handover"} {
				t.Cleanup(func() { os.Remove(dir) })
			}
			sender, receiver := pairOfSlots(t, SlotConfig{Tier: Restricted, Without: CallFilter | FileRules | ResourceLimits})
			if name == "the same slot" {
				receiver = sender
			}
			ways := handedOver(t, sender, receiver)
			for _, way := range want {
				if !slices.Contains(ways, way) {
					t.Errorf("nothing was handed over by %s without protections", way)
				}
			}
			for _, way := range ways {
				if strings.HasSuffix(way, "stdin") {
					t.Errorf("handed over by %s, which no run may share with another", way)
				}
			}
		})
	}
}

// TestOpenFileCarriesFlags proves that runs with one open /dev/null would find each other's flags,
// and that they have one each.
func TestOpenFileCarriesFlags(t *testing.T) {
	const flags = unix.O_APPEND | unix.O_NONBLOCK
	first, err := openPipes(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer first.close()
	second, err := openPipes(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer second.close()
	shared, err := unix.Dup(first.child[0])
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(shared)
	if _, err := unix.FcntlInt(uintptr(first.child[0]), unix.F_SETFL, flags); err != nil {
		t.Fatal(err)
	}
	for fd, want := range map[int]int{shared: flags, second.child[0]: 0} {
		if got, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || got&flags != want {
			t.Errorf("flags %#x (%v), want %#x", got&flags, err, want)
		}
	}
}
