package sandbox

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == ProbeArg {
		ProbeMain()
	}
	if err := Init(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func testLimits() Limits {
	return Limits{CPU: 2 * time.Second, Wall: 5 * time.Second, Memory: 256 << 20, Output: 64 << 10, Processes: 32, Disk: 16 << 20}
}

func newSlot(t testing.TB, tier Tier) *Slot {
	t.Helper()
	s, err := NewSlot(SlotConfig{Dir: t.TempDir(), Tier: tier})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Box.Empty(time.Now().Add(10 * time.Second)); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestRunAnswers(t *testing.T) {
	s := newSlot(t, Restricted)
	for range 3 {
		r, err := s.Run(context.Background(), Spec{Path: "/bin/sh", Args: []string{"sh", "-c", "echo hello; pwd; ls -la; env; exit 3"}, Limits: testLimits()})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v %s", r, r.Stdout)
	}
}

func TestProbeFindsTier(t *testing.T) {
	tier, why := Probe(context.Background(), t.TempDir())
	t.Log(tier, why)
	if tier != Restricted {
		t.Errorf("tier %s, want Restricted: %s", tier, why)
	}
}
