package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/landlock"
	"executorpool.dev/executor/sandbox/namespace"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	Reexec()
	if err := sandbox.Init(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestProbeFindsHighestTier(t *testing.T) {
	dir := t.TempDir()
	for maximum := sandbox.RestrictedLegacy; maximum <= sandbox.Namespaced; maximum++ {
		tier, reasons := Probe(context.Background(), dir, maximum)
		if tier != maximum || (reasons == "") != (maximum == sandbox.Namespaced) {
			t.Errorf("tier %s, want %s: %s", tier, maximum, reasons)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("the probe left %v, %v", left, err)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil); !errors.Is(err, unix.ECHILD) {
		t.Errorf("wait for any child: pid %d, error %v; want no child", pid, err)
	}
}

func TestAttackSucceedsOnlyWithoutSandbox(t *testing.T) {
	for _, tier := range []sandbox.Tier{sandbox.Restricted, sandbox.RestrictedLegacy} {
		if err := attackSlot(context.Background(), sandbox.SlotConfig{Dir: t.TempDir(), Tier: tier}); err != nil {
			t.Errorf("%s: %v", tier, err)
		}
	}
	err := attackSlot(context.Background(), sandbox.SlotConfig{Dir: t.TempDir(), Tier: sandbox.None})
	if err == nil {
		t.Fatal("attacks were refused without a sandbox: the probe proves nothing")
	}
	for _, want := range []string{"read a file outside the slot", "write to the store", "open a UDP socket", "signal the executor"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("without a sandbox %q did not succeed: %v", want, err)
		}
	}
}

// TestNamespacesHoldOnlyWithTheirParts leaves out one part after another; the attacks must find
// each.
func TestNamespacesHoldOnlyWithTheirParts(t *testing.T) {
	for name, tc := range map[string]struct {
		without namespace.Part
		want    []string
	}{
		"processes":    {namespace.Processes, []string{"see a process of outside", "signal a process of outside"}},
		"network":      {namespace.Network, []string{"connect to the executor by TCP", "connect to the executor by an abstract socket", "use a network interface"}},
		"messages":     {namespace.Messages, []string{"find shared memory of outside", "open a message queue of outside"}},
		"host name":    {namespace.HostName, []string{"read the host's name"}},
		"root":         {namespace.Root, []string{"reach the old root", "see more files than are given"}},
		"capabilities": {namespace.Capabilities, []string{"mount a file system", "hold a capability", "set the host's name", "take a mount away"}},
		"nesting":      {namespace.Nesting, []string{"make a user namespace"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := sandbox.Namespaces(t.TempDir())
			config.Without = tc.without
			err := attackNamespaces(t.Context(), config, 0)
			if err == nil {
				t.Fatal("every attack was refused")
			}
			if tc.without == namespace.Root && os.Geteuid() == 0 { // root owns these files
				tc.want = append(tc.want, "write to the root", "write to the toolchain", "open a setting of the kernel for writing")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q did not succeed: %v", want, err)
				}
			}
		})
	}
}

// TestNamespacesHoldOnOlderKernels uses older Landlock ABIs, down to the first.
func TestNamespacesHoldOnOlderKernels(t *testing.T) {
	for maxABI := 1; maxABI < landlock.ScopeABI; maxABI++ {
		if err := attackNamespaces(t.Context(), sandbox.Namespaces(t.TempDir()), maxABI); err != nil {
			t.Errorf("landlock ABI %d: %v", maxABI, err)
		}
	}
}
