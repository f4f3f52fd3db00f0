package sandbox

import (
	"context"
	"os/exec"
	"testing"
)

// The two benchmarks compare a restricted and supervised run of a static program with a plain fork,
// exec and wait.
func BenchmarkSlotRunHello(b *testing.B) {
	s := newSlot(b, Restricted)
	spec := attackSpec(s, "hello")
	err := s.On(func() {
		for b.Loop() {
			if r, err := s.Run(context.Background(), spec); err != nil || r.ExitCode != 0 {
				b.Error(r, err)
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkBareForkExecHello(b *testing.B) {
	s := newSlot(b, None)
	for b.Loop() {
		if _, err := exec.Command(s.Store.Path()+"/attack", "hello").Output(); err != nil {
			b.Fatal(err)
		}
	}
}
