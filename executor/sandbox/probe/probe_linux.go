package probe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/namespace"
)

// The first arguments with which this package starts the executor's program again.
const (
	slotAttackArg      = "probe-attack"
	namespaceAttackArg = "probe-within"
)

// Reexec runs the main function for which this package or package namespace has started the program
// again, and does not return in that case. Every program that uses the sandbox must call it first.
func Reexec() {
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case slotAttackArg:
		slotAttackMain()
	case namespaceAttackArg:
		namespaceAttackMain()
	case namespace.Arg:
		namespace.Main()
	}
}

// Probe returns the highest tier, up to maximum, that holds on this machine, and why a higher one
// does not. For each tier, from the highest down, it creates a throw-away slot below dir and starts
// this program again as an attacker inside of it. paths are readable in the namespaces, as they are
// for workers.
func Probe(ctx context.Context, dir string, maximum sandbox.Tier, paths ...string) (sandbox.Tier, string) {
	var reasons []string
	for tier := sandbox.Namespaced; tier > sandbox.None; tier-- {
		if tier > maximum {
			reasons = append(reasons, fmt.Sprintf("%s: not tried, because it is above --maximum-tier", tier))
			continue
		}
		var err error
		if tier == sandbox.Namespaced {
			err = attackNamespaces(ctx, sandbox.Namespaces(dir, paths...), 0)
		} else {
			err = attackSlot(ctx, sandbox.SlotConfig{Dir: dir, Tier: tier})
		}
		if err == nil {
			return tier, strings.Join(reasons, "; ")
		}
		reasons = append(reasons, fmt.Sprintf("%s: %v", tier, err))
	}
	return sandbox.None, strings.Join(reasons, "; ")
}

// attackSlot returns nil if a slot with the config, in a new directory below config.Dir, can be
// created and every attempt in it fails.
func attackSlot(ctx context.Context, config sandbox.SlotConfig) error {
	dir, err := os.MkdirTemp(config.Dir, "probe-")
	if err != nil {
		return fmt.Errorf("make a throw-away slot: %w", err)
	}
	defer os.RemoveAll(dir)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		return fmt.Errorf("make a throw-away slot: %w", err)
	}
	// By its link: in a root of its own the program has no path.
	const self = "/proc/self/exe"
	config.Dir, config.Paths = dir, []string{self}
	slot, err := sandbox.NewSlot(config)
	if err != nil {
		return err
	}
	defer slot.Close()
	result, err := slot.Run(ctx, sandbox.Spec{
		Path: self, Args: []string{self, slotAttackArg, strconv.Itoa(os.Getpid()), secret, slot.Store.Path()},
		// Each thread of a Go program with cgo maps as much memory as the main thread's stack
		// limit.
		Stack: 8 << 20, Reserve: 1 << 30,
		Limits: sandbox.Limits{CPU: 5 * time.Second, Wall: 20 * time.Second, Memory: 256 << 20, Output: 64 << 10, Processes: 64, Disk: 1 << 20},
	})
	if err != nil {
		return err
	}
	if result.ExitCode != 0 {
		output := strings.Join(strings.Fields(string(result.Stdout)+" "+string(result.Stderr)), " ")
		return fmt.Errorf("attacks were not refused (exit code %d %s): %.1000s", result.ExitCode, result.Cause, output)
	}
	return nil
}
