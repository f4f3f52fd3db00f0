package sandbox

import (
	"context"
	"os"
	"strings"
	"testing"
)

func TestProbeFindsHighestTier(t *testing.T) {
	dir := t.TempDir()
	tier, why := Probe(context.Background(), dir)
	if tier != Restricted {
		t.Errorf("tier %s, want Restricted: %s", tier, why)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("the probe left %v, %v", left, err)
	}
	noChildren(t)
}

func TestAttackSucceedsOnlyWithoutSandbox(t *testing.T) {
	for _, tier := range []Tier{Restricted, RestrictedLegacy} {
		if err := attack(context.Background(), t.TempDir(), tier); err != nil {
			t.Errorf("%s: %v", tier, err)
		}
	}
	err := attack(context.Background(), t.TempDir(), None)
	if err == nil {
		t.Fatal("attacks were refused without a sandbox: the probe proves nothing")
	}
	for _, want := range []string{"read a file outside the slot", "write to the store", "open a UDP socket", "signal the executor"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("without a sandbox %q did not succeed: %v", want, err)
		}
	}
}

func TestParseTierReversesString(t *testing.T) {
	for tier := None; tier <= Namespaced; tier++ {
		if got, err := ParseTier(tier.String()); err != nil || got != tier {
			t.Errorf("%s: got %v, %v", tier, got, err)
		}
	}
	if _, err := ParseTier("restricted"); err == nil || !strings.Contains(err.Error(), "RestrictedLegacy") {
		t.Errorf("error %v does not list the tiers", err)
	}
}
