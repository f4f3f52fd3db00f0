package attacks

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

// reusable bounds how soon all slots must serve again.
const reusable = time.Second

// Executor is what is attacked.
type Executor struct {
	// Execute submits and gives the result; anything but a result is an error.
	Execute func(ctx context.Context, request api.Request) (api.Result, error)
	Slots   int
	// Tier is what every result must say.
	Tier string
}

// Drive tries every attack alone, in all slots at once and beside honest programs.
func Drive(t *testing.T, e Executor) {
	honest, _ := Honest()
	for _, prepare := range []api.Request{honest, All()[0].Request} {
		if _, err := e.Execute(t.Context(), prepare); err != nil { // so that neither is compiled while times count
			t.Fatal(err)
		}
	}
	for _, attack := range All() {
		t.Run(attack.Name, func(t *testing.T) {
			e.attack(t, attack)
			e.serves(t)
			var all sync.WaitGroup
			for range e.Slots {
				all.Go(func() { e.attack(t, attack) })
			}
			all.Wait()
			e.serves(t)
			for range e.Slots - 1 {
				all.Go(func() { e.attack(t, attack) })
			}
			e.honest(t)
			all.Wait()
		})
	}
}

func (e Executor) attack(t *testing.T, a Attack) {
	result, err := e.Execute(t.Context(), a.Request)
	if err != nil {
		t.Error(err)
		return
	}
	stdout, cause := "", result.Cause
	if len(result.Runs) == 1 {
		stdout, cause = result.Runs[0].Stdout, result.Runs[0].Cause
	}
	switch {
	case strings.Contains(stdout, Escaped):
		t.Errorf("escaped: %s", stdout)
	case result.Verdict != a.Verdict || !strings.Contains(cause, a.Cause) || a.Stdout != "" && stdout != a.Stdout:
		t.Errorf("verdict %s, cause %q, stdout %.100q; want %s, %q, %q", result.Verdict, cause, stdout, a.Verdict, a.Cause, a.Stdout)
	case result.Tier != e.Tier:
		t.Errorf("tier %s, want %s", result.Tier, e.Tier)
	}
}

// serves holds every slot to doing honest work again, at once.
func (e Executor) serves(t *testing.T) {
	begun := time.Now()
	var all sync.WaitGroup
	for range e.Slots {
		all.Go(func() { e.honest(t) })
	}
	all.Wait()
	if took := time.Since(begun); took > reusable {
		t.Errorf("after the attack the slots took %s to do a moment's honest work each, want at most %s", took, reusable)
	}
}

func (e Executor) honest(t *testing.T) {
	request, stdout := Honest()
	result, err := e.Execute(t.Context(), request)
	if err != nil {
		t.Error(err)
		return
	}
	if result.Verdict != api.OK || len(result.Runs) != 1 || result.Runs[0].Stdout != stdout {
		t.Errorf("honest program: %+v, want OK and %q", result, stdout)
	}
}
