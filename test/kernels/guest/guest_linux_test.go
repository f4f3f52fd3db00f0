//go:build kernels

package guest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/settings"
	"executorpool.dev/test/attacks"
)

// Containers that run at different times use the same address.
const (
	address = "127.0.0.1:8000"
	url     = "http://" + address
)

var (
	config Config
	facts  Facts
)

// TestMain is the first process of the guest, the first process of a container, or runs the tests.
func TestMain(m *testing.M) {
	runtime.LockOSThread() // Enter changes the thread
	if err := Enter(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == fillCommand {
		fill()
	}
	if os.Getpid() == 1 {
		fmt.Fprintln(os.Stderr, RunInit())
		os.Exit(1)
	}
	var err error
	if config, err = ReadConfig(); err == nil {
		err = readKernel(&facts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "this test runs only in the guest of make kernels:", err)
		os.Exit(1)
	}
	code := m.Run()
	fmt.Printf("%s%s\n", FactsMark, facts)
	os.Exit(code)
}

func readKernel(f *Facts) error {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err
	}
	f.Kernel = unix.ByteSliceToString(name.Release[:])
	const version = 1 // LANDLOCK_CREATE_RULESET_VERSION
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, version)
	if errno != 0 {
		return fmt.Errorf("read the Landlock ABI: %w", errno)
	}
	f.Landlock = int(abi)
	modules, err := os.ReadFile("/sys/kernel/security/lsm")
	fmt.Printf("%skernel %s, Landlock ABI %d, security modules %s (%v)\n", NoteMark, f.Kernel, f.Landlock, modules, err)
	return nil
}

// poolSettings returns the settings of a small pool: one worker with two slots. The executor's own
// limits are longer by the slowness of the emulation.
func poolSettings() settings.Settings {
	s := settings.Default()
	s.Listen, s.Workers, s.Threads = address, 1, 2
	s.MemoryMiB, s.Processes, s.DiskMiB = 64, 64, 16
	s.Timeout = time.Duration(config.Slowness) * 20 * time.Second
	s.CPUMillis *= int64(config.Slowness)
	s.QueueWait *= time.Duration(config.Slowness)
	return s
}

// start starts the container until the end of the test. Its events become facts.
func start(t *testing.T, c *Container) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
		if !t.Failed() {
			return
		}
		log, err := os.ReadFile(c.Log())
		lines := bytes.Split(log, []byte("\n"))
		t.Logf("log of the container (%v):\n%s", err, bytes.Join(lines[max(0, len(lines)-40):], []byte("\n")))
	})
}

// ready waits until the executor serves, and returns its tier.
func ready(t *testing.T, c *Container) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(config.Slowness)*30*time.Second)
	defer cancel()
	go func() {
		select {
		case <-c.Ended():
			cancel()
		case <-ctx.Done():
		}
	}()
	begun := time.Now()
	tier, reason, err := WaitReady(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%stier %s after %.1f s; %s\n", NoteMark, tier, time.Since(begun).Seconds(), reason)
	return tier
}

// TestTiers compares the tier that an executor proves with the attacks that succeed: in a container
// like that of a pod, and in one that may create namespaces.
func TestTiers(t *testing.T) {
	for _, tc := range []struct {
		name, tier string
		namespaces bool
	}{{"pod", config.Tier, false}, {"namespaces", "Namespaced", true}} {
		t.Run(tc.name, func(t *testing.T) {
			c := NewExecutor("tier-"+tc.name, poolSettings())
			c.Namespaces = tc.namespaces
			start(t, c)
			tier := ready(t, c)
			if tier != tc.tier {
				t.Fatalf("the executor proves tier %s, want %s", tier, tc.tier)
			}
			if !tc.namespaces {
				facts.Tier = tier
			}
			attacks.Executor{Slots: 2, Tier: tier, URL: url}.CheckTier(t)
		})
	}
}

// TestAttacks attacks an executor in a container like that of a pod. Nothing may restart it, and
// nothing may be left in it.
func TestAttacks(t *testing.T) {
	c := NewExecutor("attacks", poolSettings())
	start(t, c)
	facts.Tier = ready(t, c)

	attacks.Run(t, attacks.Executor{Slots: 2, Tier: config.Tier, IsContainer: true, URL: url})

	before := facts
	if err := c.Count(&facts); err != nil {
		t.Fatal(err)
	}
	if facts.Restarts > before.Restarts || facts.GroupKills > before.GroupKills {
		t.Errorf("%d restarts and %d kills of all processes of the container, want none", facts.Restarts, facts.GroupKills)
	}
	names, err := c.Processes()
	if err != nil {
		t.Fatal(err)
	}
	// The supervisor starts its worker through /proc/self/exe, so its process name is exe.
	if slices.Sort(names); !slices.Equal(names, []string{"exe", "executor"}) {
		t.Errorf("the container has the processes %q, want the supervisor and its worker", names)
	}
	files, err := c.ScratchFiles()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > 0 {
		t.Errorf("files are left: %s", strings.Join(files, ", "))
	}
}
