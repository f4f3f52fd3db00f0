package queue

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// classes is an Order of two classes: even items precede odd ones, each class first in, first out.
type classes struct{ even, odd FIFO[int] }

func (c *classes) of(t *Ticket[int]) *FIFO[int] {
	if t.Value()%2 == 0 {
		return &c.even
	}
	return &c.odd
}

func (c *classes) next() *FIFO[int] {
	if c.even.Len() > 0 {
		return &c.even
	}
	return &c.odd
}

func (c *classes) Push(t *Ticket[int])      { c.of(t).Push(t) }
func (c *classes) PushFront(t *Ticket[int]) { c.of(t).PushFront(t) }
func (c *classes) Peek() *Ticket[int]       { return c.next().Peek() }
func (c *classes) Pop() *Ticket[int]        { return c.next().Pop() }
func (c *classes) Remove(t *Ticket[int])    { c.of(t).Remove(t) }
func (c *classes) Len() int                 { return c.even.Len() + c.odd.Len() }
func (c *classes) All() iter.Seq[*Ticket[int]] {
	return func(yield func(*Ticket[int]) bool) {
		for t := range c.even.All() {
			if !yield(t) {
				return
			}
		}
		for t := range c.odd.All() {
			if !yield(t) {
				return
			}
		}
	}
}

// orders are the orders that a queue is tested with. next returns the index of the item that Pop
// must return, of those that wait. The waiting items are listed by arrival.
var orders = map[string]struct {
	make func() Order[int]
	next func(waiting []entry) int
}{
	"default": {
		make: func() Order[int] { return nil },
		next: func([]entry) int { return 0 },
	},
	"FIFO": {
		make: func() Order[int] { return new(FIFO[int]) },
		next: func([]entry) int { return 0 },
	},
	"classes": {
		make: func() Order[int] { return new(classes) },
		next: func(waiting []entry) int {
			return max(0, slices.IndexFunc(waiting, func(e entry) bool { return e.value%2 == 0 }))
		},
	},
}

// entry is an item of the model.
type entry struct{ value, pushed, deadline int }

// TestQueueAgreesWithModel applies the same random steps to a queue and to a plain list, with each
// order.
func TestQueueAgreesWithModel(t *testing.T) {
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := &model{next: order.next, clock: &stepClock{}, tickets: map[int]*Ticket[int]{}}
				m.queue = New(modelCapacity, m.clock, order.make(), func(v int) { m.expired = append(m.expired, v) })
				t.Repeat(map[string]func(*rapid.T){
					"push": m.push, "pop": m.pop, "remove": m.remove, "step": m.step,
					"reserve": m.reserve, "claim or return": m.claimOrReturn, "": m.check,
				})
			})
		})
	}
}

const modelCapacity = 5

// model is a queue and what it must hold.
type model struct {
	queue   *Queue[int]
	clock   *stepClock
	tickets map[int]*Ticket[int]
	expired []int
	next    func(waiting []entry) int

	waiting, reserved []entry
	now, pushed       int
}

func (m *model) push(t *rapid.T) {
	wait := rapid.IntRange(1, 10).Draw(t, "wait")
	ticket, err := m.queue.Push(m.pushed, m.clock.Now().Add(time.Duration(wait)))
	if held := len(m.waiting) + len(m.reserved); (err == nil) != (held < modelCapacity) {
		t.Fatalf("push with %d waiting or reserved: %v", held, err)
	}
	if err == nil {
		m.waiting = append(m.waiting, entry{m.pushed, m.now, m.now + wait})
		m.tickets[m.pushed] = ticket
		m.pushed++
	}
}

// take removes the entry that the queue must return next.
func (m *model) take() entry {
	i := m.next(m.waiting)
	e := m.waiting[i]
	m.waiting = slices.Delete(slices.Clone(m.waiting), i, i+1)
	return e
}

func (m *model) pop(t *rapid.T) {
	if len(m.waiting) == 0 {
		t.Skip("Pop would wait")
	}
	item, err := m.queue.Pop(context.Background())
	if want := m.take(); err != nil || item.Value != want.value {
		t.Fatalf("popped %v, %v; want %d", item, err, want.value)
	}
}

func (m *model) reserve(t *rapid.T) {
	accepts := func(v int) bool { return v%4 != 1 }
	ticket := m.queue.Reserve(accepts)
	if len(m.waiting) == 0 || !accepts(m.waiting[m.next(m.waiting)].value) {
		if ticket != nil {
			t.Fatalf("reserved %d of %v", ticket.Value(), m.waiting)
		}
		return
	}
	want := m.take()
	if ticket == nil || ticket.Value() != want.value {
		t.Fatalf("reserved %v, want %d", ticket, want.value)
	}
	m.reserved = append(m.reserved, want)
}

func (m *model) claimOrReturn(t *rapid.T) {
	if len(m.reserved) == 0 {
		t.Skip("nothing is reserved")
	}
	i := rapid.IntRange(0, len(m.reserved)-1).Draw(t, "reserved")
	e := m.reserved[i]
	m.reserved = slices.Delete(m.reserved, i, i+1)
	if e.deadline > m.now && rapid.Bool().Draw(t, "return") {
		if !m.tickets[e.value].Return() {
			t.Fatalf("the return of %d was refused", e.value)
		}
		m.waiting = append([]entry{e}, m.waiting...)
		return
	}
	if item := m.tickets[e.value].Claim(); item.Value != e.value || item.Waited != time.Duration(m.now-e.pushed) {
		t.Fatalf("claimed %v, want %v at %d", item, e, m.now)
	}
}

func (m *model) remove(t *rapid.T) {
	if m.pushed == 0 {
		t.Skip("nothing was pushed")
	}
	v := rapid.IntRange(0, m.pushed-1).Draw(t, "value")
	i := slices.IndexFunc(m.waiting, func(e entry) bool { return e.value == v })
	if got := m.tickets[v].Remove(); got != (i >= 0) {
		t.Fatalf("remove %d: %t, want %t", v, got, i >= 0)
	}
	if i >= 0 {
		m.waiting = slices.Delete(m.waiting, i, i+1)
	}
}

func (m *model) step(t *rapid.T) {
	m.now++
	var want []int
	var kept []entry
	for _, e := range m.waiting {
		if e.deadline <= m.now {
			want = append(want, e.value)
		} else {
			kept = append(kept, e)
		}
	}
	m.waiting, m.expired = kept, nil
	m.clock.step()
	slices.Sort(want) // a returned item expires after others with the same deadline
	slices.Sort(m.expired)
	if diff := cmp.Diff(want, m.expired); diff != "" {
		t.Fatalf("expired (-want +got):\n%s", diff)
	}
}

func (m *model) check(t *rapid.T) {
	if want := len(m.waiting) + len(m.reserved); m.queue.Depth() != want {
		t.Fatalf("depth %d, want %d", m.queue.Depth(), want)
	}
	oldest := 0
	var deadlines []int
	for _, e := range m.waiting {
		oldest = max(oldest, m.now-e.pushed)
		deadlines = append(deadlines, e.deadline)
	}
	if got := m.queue.Oldest(); got != time.Duration(oldest) {
		t.Fatalf("oldest %d, want %d", got, oldest)
	}
	var got []int
	for _, d := range m.queue.Deadlines() {
		got = append(got, int(d.Sub(time.Time{})))
	}
	slices.Sort(got)
	slices.Sort(deadlines)
	if diff := cmp.Diff(deadlines, got); diff != "" {
		t.Fatalf("deadlines (-want +got):\n%s", diff)
	}
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
