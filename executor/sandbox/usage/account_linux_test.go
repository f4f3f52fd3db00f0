package usage

import (
	"testing"
	"time"
)

func TestAccountFindsLostTime(t *testing.T) {
	begin := time.Now()
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	for name, tc := range map[string]struct {
		counted []time.Duration // the counter of reaped children in each sample
		loses   bool
	}{
		"children that are waited for":            {[]time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond}, false},
		"counters that are rounded down":          {[]time.Duration{0, 80 * time.Millisecond, 180 * time.Millisecond, 280 * time.Millisecond}, false},
		"a counter that is read before the child": {[]time.Duration{0, 0, 200 * time.Millisecond, 300 * time.Millisecond}, false},
		"children that nobody waits for":          {[]time.Duration{0, 0, 0, 0}, true},
		"every other child is lost":               {[]time.Duration{0, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var a Account
			var charged time.Duration
			for i, counted := range tc.counted {
				// A child that used 100 ms has been seen, and is gone in the next sample.
				if a.members != nil {
					a.members[-1-i] = member{clock: 100 * time.Millisecond}
				}
				charged = a.Add(at(100*i), &Group{ChildCPU: counted, Runnable: 1})
			}
			if tc.loses && charged != 300*time.Millisecond || !tc.loses && charged != 0 {
				t.Errorf("charged %s, loses: %v", charged, tc.loses)
			}
		})
	}
}

func TestAccountChargesNothingWhileIdle(t *testing.T) {
	a := Account{loses: true}
	begin := time.Now()
	a.Add(begin, &Group{Runnable: 1})
	a.Idle(begin.Add(time.Hour))
	if charged := a.Add(begin.Add(time.Hour+time.Second), &Group{Runnable: 1}); charged != time.Second {
		t.Errorf("charged %s, want the second after the idle hour", charged)
	}
}
