package sandbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ProbeArg is the first argument by which the executor's binary becomes the attacker; its command must then call ProbeMain.
const ProbeArg = "probe-attack"

// Probe finds the highest tier that holds here, by making a throw-away slot of each below dir and attacking from inside it.
// The words say why it is not a higher one. The attacker is this executable, started again with ProbeArg.
func Probe(ctx context.Context, dir string) (Tier, string) {
	why := []string{"Namespaced: not attempted"}
	for _, tier := range []Tier{Restricted, RestrictedLegacy} {
		err := attack(ctx, dir, tier)
		if err == nil {
			return tier, strings.Join(why, "; ")
		}
		why = append(why, fmt.Sprintf("%s: %v", tier, err))
	}
	return None, strings.Join(why, "; ")
}

// attack returns nil when a slot of the tier could be made and withstood every attempt.
func attack(ctx context.Context, dir string, tier Tier) error {
	dir, err := os.MkdirTemp(dir, "probe-")
	if err != nil {
		return fmt.Errorf("make a throw-away slot: %w", err)
	}
	defer os.RemoveAll(dir)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		return fmt.Errorf("make a throw-away slot: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the executor's own program: %w", err)
	}
	slot, err := NewSlot(SlotConfig{Dir: dir, Tier: tier, Paths: []string{self}})
	if err != nil {
		return err
	}
	defer slot.Close()
	result, err := slot.Run(ctx, Spec{
		Path: self, Args: []string{self, ProbeArg, strconv.Itoa(os.Getpid()), secret, slot.Store.Path()},
		// The threads of a Go program with cgo each map as much as the main thread's stack may be.
		Stack: 8 << 20, Reserve: 1 << 30,
		Limits: Limits{CPU: 5 * time.Second, Wall: 20 * time.Second, Memory: 256 << 20, Output: 64 << 10, Processes: 64, Disk: 1 << 20},
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
