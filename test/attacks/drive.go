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
	URL   string
	Slots int
	// Tier is what every result must say.
	Tier string
}

// Execute submits and gives the result; anything but a result is an error.
func (e Executor) Execute(ctx context.Context, request api.Request) (api.Result, error) {
	return post(ctx, e.URL, request)
}

// Drive tries every attack alone, in all slots at once and beside honest programs, while requests that never end come in.
func Drive(t *testing.T, e Executor) {
	honest, _ := Honest()
	for _, prepare := range []api.Request{honest, All()[0].Request} {
		if _, err := e.Execute(t.Context(), prepare); err != nil { // so that neither is compiled while times count
			t.Fatal(err)
		}
	}
	slowRefused := e.drip(t)
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
	slowRefused()
}

// ProveTier holds the tier that is reported to what an honest program gets and what the attacks can do.
func (e Executor) ProveTier(t *testing.T) {
	t.Helper()
	e.honest(t)
	escaped := false
	for _, attack := range Running() {
		if attack.Name != "read-others" && attack.Name != "reach-out" {
			continue
		}
		result, err := e.Execute(t.Context(), attack.Request)
		if err != nil || len(result.Runs) != 1 {
			t.Errorf("%s: %+v, %v", attack.Name, result, err)
			continue
		}
		if strings.Contains(result.Runs[0].Stdout, Escaped) {
			escaped = true
			t.Logf("tier %s, %s: %.200q", e.Tier, attack.Name, result.Runs[0].Stdout)
		}
		if result.Tier != e.Tier {
			t.Errorf("the result says tier %s, want %s", result.Tier, e.Tier)
		}
	}
	// Where nothing could be done the tier would be too low.
	if none := e.Tier == "None"; escaped != none {
		t.Errorf("tier %s is reported, and an attack escaped: %v", e.Tier, escaped)
	}
}

func (e Executor) attack(t *testing.T, a Attack) {
	result, err := e.Execute(t.Context(), a.Request)
	if a.Refused != "" {
		if err == nil || !strings.Contains(err.Error(), a.Refused) {
			t.Errorf("got %+v, %.500v; want it refused with %q", result, err, a.Refused)
		}
		return
	}
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
