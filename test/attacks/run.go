package attacks

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

// maxRecovery is the time within which all slots must serve again.
const maxRecovery = time.Second

// Executor is the executor under attack.
type Executor struct {
	URL   string
	Slots int
	// Tier is the expected tier of every result.
	Tier string
	// IsContainer reports whether the executor has a memory control group and a scratch volume of its
	// own.
	IsContainer bool
}

// Execute submits the request. Any other response than a result is an error.
func (e Executor) Execute(ctx context.Context, request api.Request) (api.Result, error) {
	executor, err := client.New(e.URL)
	if err != nil {
		return api.Result{}, err
	}
	result, err := executor.Execute(ctx, &request)
	if err != nil {
		return api.Result{}, err
	}
	return *result, nil
}

// Run runs every attack alone, in all slots at once and beside honest programs, while requests that
// never end arrive.
func Run(t *testing.T, e Executor) {
	honest, _ := Honest()
	for _, prepare := range []api.Request{honest, All()[0].Request, HiddenAttacks()[0].Request} {
		if _, err := e.Execute(t.Context(), prepare); err != nil { // so that both are in the compile cache
			t.Fatal(err)
		}
	}
	slowRefused := e.startSlowRequests(t)
	for _, attack := range All() {
		if attack.NeedsContainer && !e.IsContainer {
			continue
		}
		t.Run(attack.Name, func(t *testing.T) {
			e.attack(t, attack)
			e.checkAllSlots(t)
			var all sync.WaitGroup
			for range e.Slots {
				all.Go(func() { e.attack(t, attack) })
			}
			all.Wait()
			e.checkAllSlots(t)
			for range e.Slots - 1 {
				all.Go(func() { e.attack(t, attack) })
			}
			e.checkHonest(t)
			all.Wait()
		})
	}
	slowRefused()
}

// CheckTier compares the reported tier with the results of an honest program and of attacks.
func (e Executor) CheckTier(t *testing.T) {
	t.Helper()
	e.checkHonest(t)
	escaped := false
	for _, attack := range ProgramAttacks() {
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
			t.Errorf("the result has tier %s, want %s", result.Tier, e.Tier)
		}
	}
	// If no attack escapes, the reported tier None is too low.
	if none := e.Tier == "None"; escaped != none {
		t.Errorf("tier %s is reported, and an attack escaped: %v", e.Tier, escaped)
	}
}

func (e Executor) attack(t *testing.T, a Attack) {
	result, err := e.Execute(t.Context(), a.slowed(slowness))
	if a.Status != 0 {
		var problem *api.Problem
		if !errors.As(err, &problem) || problem.Status != a.Status || problem.Field != a.Field {
			t.Errorf("got %+v, %.500v; want a problem with status %d and field %q", result, err, a.Status, a.Field)
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

// checkAllSlots checks that every slot serves an honest program within maxRecovery.
func (e Executor) checkAllSlots(t *testing.T) {
	begun := time.Now()
	var all sync.WaitGroup
	for range e.Slots {
		all.Go(func() { e.checkHonest(t) })
	}
	all.Wait()
	if took, limit := time.Since(begun), maxRecovery*time.Duration(slowness); took > limit {
		t.Errorf("after the attack the slots took %s to do a moment's honest work each, want at most %s", took, limit)
	}
}

func (e Executor) checkHonest(t *testing.T) {
	request, stdout := Honest()
	result, err := e.Execute(t.Context(), request)
	if err != nil {
		t.Error(err)
		return
	}
	if result.Verdict != api.OK || len(result.Runs) != 1 || result.Runs[0].Stdout != stdout {
		t.Errorf("honest program: %+v, compiled %+v, want OK and %q", result, result.Compile, stdout)
	}
}
