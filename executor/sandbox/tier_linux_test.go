package sandbox

import (
	"strings"
	"testing"
)

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

func TestNamespacedSlotNeedsNamespaces(t *testing.T) {
	_, err := NewSlot(SlotConfig{Dir: t.TempDir(), Tier: Namespaced})
	if err == nil || !strings.Contains(err.Error(), "not the first") {
		t.Errorf("a slot in a process without namespaces of its own: error %v", err)
	}
}
