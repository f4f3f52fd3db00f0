package queue

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestQueueAgreesWithModel applies the same random steps to a queue and to a plain list.
func TestQueueAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type entry struct{ value, deadline int }
		var model, reserved []entry
		now, next := 0, 0
		c := &stepClock{}
		var expired []int
		q := New(5, c, func(v int) { expired = append(expired, v) })
		tickets := map[int]*Ticket[int]{}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				wait := rapid.IntRange(1, 10).Draw(t, "wait")
				ticket, err := q.Push(next, c.Now().Add(time.Duration(wait)))
				if (err == nil) != (len(model)+len(reserved) < 5) {
					t.Fatalf("push with %d waiting and %d reserved: %v", len(model), len(reserved), err)
				}
				if err == nil {
					model = append(model, entry{next, now + wait})
					tickets[next] = ticket
					next++
				}
			},
			"pop": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("Pop would wait")
				}
				item, err := q.Pop(context.Background())
				if err != nil || item.Value != model[0].value {
					t.Fatalf("popped %v, %v; want %d", item, err, model[0].value)
				}
				model = model[1:]
			},
			"reserve": func(t *rapid.T) {
				ticket := q.Reserve(func(v int) bool { return v%4 > 0 })
				switch accepted := len(model) > 0 && model[0].value%4 > 0; {
				case accepted != (ticket != nil):
					t.Fatalf("reserved %v of %v", ticket, model)
				case accepted:
					if ticket.Value() != model[0].value {
						t.Fatalf("reserved %d, want %d", ticket.Value(), model[0].value)
					}
					reserved = append(reserved, model[0])
					model = model[1:]
				}
			},
			"claim or return": func(t *rapid.T) {
				if len(reserved) == 0 {
					t.Skip("nothing is reserved")
				}
				i := rapid.IntRange(0, len(reserved)-1).Draw(t, "reserved")
				e := reserved[i]
				reserved = append(reserved[:i:i], reserved[i+1:]...)
				if e.deadline > now && rapid.Bool().Draw(t, "return") {
					if !tickets[e.value].Return() {
						t.Fatalf("the return of %d was refused", e.value)
					}
					model = append([]entry{e}, model...)
					return
				}
				if item := tickets[e.value].Claim(); item.Value != e.value {
					t.Fatalf("claimed %d, want %d", item.Value, e.value)
				}
			},
			"remove": func(t *rapid.T) {
				if next == 0 {
					t.Skip("nothing was pushed")
				}
				v := rapid.IntRange(0, next-1).Draw(t, "value")
				want := false
				for i, e := range model {
					if e.value == v {
						want = true
						model = append(model[:i:i], model[i+1:]...)
						break
					}
				}
				if got := tickets[v].Remove(); got != want {
					t.Fatalf("remove %d: %t, want %t", v, got, want)
				}
			},
			"step": func(t *rapid.T) {
				now++
				var want []int
				var kept []entry
				for _, e := range model {
					if e.deadline <= now {
						want = append(want, e.value)
					} else {
						kept = append(kept, e)
					}
				}
				model, expired = kept, nil
				c.step()
				slices.Sort(want) // a returned item expires after others with the same deadline
				slices.Sort(expired)
				if diff := cmp.Diff(want, expired); diff != "" {
					t.Fatalf("expired (-want +got):\n%s", diff)
				}
			},
			"": func(t *rapid.T) {
				if want := len(model) + len(reserved); q.Depth() != want {
					t.Fatalf("depth %d, want %d", q.Depth(), want)
				}
			},
		})
	})
}

// stepClock is a clock for one goroutine. A step is one nanosecond.
type stepClock struct {
	now    time.Time
	timers []*stepTimer
}

type stepTimer struct {
	at      time.Time
	f       func()
	stopped bool
}

func (t *stepTimer) Stop() bool {
	was := !t.stopped
	t.stopped = true
	return was
}

func (c *stepClock) Now() time.Time { return c.now }
func (c *stepClock) AfterFunc(d time.Duration, f func()) Timer {
	t := &stepTimer{at: c.now.Add(d), f: f}
	c.timers = append(c.timers, t)
	return t
}

func (c *stepClock) step() {
	c.now = c.now.Add(1)
	for _, t := range c.timers {
		if !t.stopped && !t.at.After(c.now) {
			t.stopped = true
			t.f()
		}
	}
}
