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

// The first arguments by which the sandbox starts the executor's program again for itself, besides namespace.Arg.
const (
	attackerArg = "probe-attack"
	withinArg   = "probe-within"
)

// Reexec does what the sandbox has started this program again for, and does not return then. Every program that uses the
// sandbox calls it first of all.
func Reexec() {
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case attackerArg:
		attackerMain()
	case withinArg:
		withinMain()
	case namespace.Arg:
		namespace.Main()
	}
}

// Probe finds the highest tier, up to most, that holds here: it makes a throw-away slot of each below dir and attacks from
// inside it. The words say why it is not a higher one. The attacker is this program, started again. Namespaces get the paths
// too, as workers do.
func Probe(ctx context.Context, dir string, most sandbox.Tier, paths ...string) (sandbox.Tier, string) {
	var why []string
	for tier := sandbox.Namespaced; tier > sandbox.None; tier-- {
		if tier > most {
			why = append(why, fmt.Sprintf("%s: not tried, because it is above --maximum-tier", tier))
			continue
		}
		var err error
		if tier == sandbox.Namespaced {
			err = attackFromWithin(ctx, sandbox.Namespaces(dir, paths...), 0)
		} else {
			err = attack(ctx, sandbox.SlotConfig{Dir: dir, Tier: tier})
		}
		if err == nil {
			return tier, strings.Join(why, "; ")
		}
		why = append(why, fmt.Sprintf("%s: %v", tier, err))
	}
	return sandbox.None, strings.Join(why, "; ")
}

// attack returns nil when such a slot could be made, in a directory below the one that is named, and withstood every attempt.
func attack(ctx context.Context, config sandbox.SlotConfig) error {
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
		Path: self, Args: []string{self, attackerArg, strconv.Itoa(os.Getpid()), secret, slot.Store.Path()},
		// The threads of a Go program with cgo each map as much as the main thread's stack may be.
		Stack: 8 << 20, Reserve: 1 << 30,
		Limits: sandbox.Limits{CPU: 5 * time.Second, Wall: 20 * time.Second, Memory: 256 << 20, Output: 64 << 10, Processes: 64, Disk: 1 << 20},
	})
	if err != nil {
		return err
	}
	if result.ExitCode != 0 {
		said := strings.Join(strings.Fields(string(result.Stdout)+" "+string(result.Stderr)), " ")
		return fmt.Errorf("attacks were not refused (exit code %d %s): %.1000s", result.ExitCode, result.Cause, said)
	}
	return nil
}
