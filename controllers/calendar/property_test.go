package calendar

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestFloorMatchesOracle checks every second around a change, by correct and by wrong clocks. The
// time zone of the manager's clock must not matter.
func TestFloorMatchesOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		declared := rapid.SliceOfN(rapid.Custom(drawDeclaration), 1, 6).Draw(t, "contests")
		contests := contestsOf(declared)
		skew := rapid.SampledFrom([]int64{0, -600, 600, 17}).Draw(t, "skew")
		for _, d := range declared {
			for _, edge := range []int64{d.from(), d.start(), d.start() + d.length, d.to()} {
				for _, unix := range []int64{edge - 600, edge - 1, edge, edge + 1, edge + 600} {
					now := time.Unix(unix+skew, 0).In(time.FixedZone("", int(unix%14)*3600))
					if got, _ := Floor(contests, now); got != expected(declared, unix+skew) {
						t.Fatalf("floor at %v is %d, want %d of %+v", now.UTC(), got, expected(declared, unix+skew), declared)
					}
				}
			}
		}
	})
}

// TestHeldByOthersMatchesOracle adds up, at all changes, the replicas that other contests hold
// while the first holds its own.
func TestHeldByOthersMatchesOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		declared := rapid.SliceOfN(rapid.Custom(drawDeclaration), 1, 5).Draw(t, "contests")
		contests := contestsOf(declared)
		now := declared[0].from() + rapid.Int64Range(-3600, 7200).Draw(t, "now")
		want := 0
		for _, d := range declared {
			for _, unix := range []int64{now, declared[0].from(), d.from()} {
				within := unix >= now && unix >= declared[0].from() && (declared[0].paused || unix <= declared[0].to())
				if within {
					want = max(want, expected(declared[1:], unix))
				}
			}
		}
		if got := HeldByOthers(contests[0], contests[1:], time.Unix(now, 0)); got != want {
			t.Fatalf("others hold %d at %d, want %d of %+v", got, now, want, declared)
		}
	})
}

// manager plays the controller in virtual time: it reconciles at the instant that Next returned and
// at each edit, and not while it is down.
type manager struct {
	t        *rapid.T
	declared []declaration
	now      int64
	down     bool
	floor    int
	wake     time.Time
	waking   bool
}

func (m *manager) look(now time.Time) {
	contests := contestsOf(m.declared)
	m.floor, _ = Floor(contests, now)
	m.wake, m.waking = Next(contests, now)
}

func (m *manager) check(unix int64) {
	if m.down {
		return
	}
	if want := expected(m.declared, unix); m.floor != want {
		m.t.Fatalf("at %v the manager holds %d, want %d of %+v", time.Unix(unix, 0).UTC(), m.floor, want, m.declared)
	}
}

// until lets time pass. The last decision must be right up to the second before the manager wakes.
func (m *manager) until(end int64) {
	for !m.down && m.waking && !m.wake.After(time.Unix(end, 0)) {
		at := m.wake
		m.check(at.Add(-instant).Unix())
		m.look(at)
		if at.Nanosecond() == 0 {
			m.check(at.Unix())
		}
	}
	m.now = max(m.now, end)
	m.check(m.now)
}

// TestManagerHoldsFloorThroughEditsAndOutages edits contests before, during and after their time,
// applies finished ones again, and stops the manager for whole lead times.
func TestManagerHoldsFloorThroughEditsAndOutages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &manager{t: t, declared: rapid.SliceOfN(rapid.Custom(drawDeclaration), 1, 4).Draw(t, "contests")}
		which := rapid.IntRange(0, len(m.declared)-1)
		type event struct {
			at int64
			do func()
		}
		var events []event
		for range rapid.IntRange(0, 8).Draw(t, "edits") {
			i, becomes := which.Draw(t, "which"), rapid.Custom(drawDeclaration).Draw(t, "becomes")
			d := m.declared[i]
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0: // re-applied unchanged
				becomes = d
			case 1: // moved by hours
				hour := becomes.hour
				becomes = d
				becomes.hour = hour
			case 2: // resized
				replicas := becomes.replicas
				becomes = d
				becomes.replicas = replicas
			}
			at := rapid.Int64Range(d.from()-7200, d.to()+7200).Draw(t, "when")
			events = append(events, event{at, func() { m.declared[i] = becomes }})
		}
		for range rapid.IntRange(0, 2).Draw(t, "outages") {
			d := m.declared[which.Draw(t, "outage of")]
			from := d.from() - rapid.Int64Range(0, 600).Draw(t, "from")
			back := d.start() + rapid.Int64Range(0, 1200).Draw(t, "back")
			events = append(events, event{from, func() { m.down = true }}, event{back, func() { m.down = false }})
		}
		slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })

		m.now = slices.Min(starts(m.declared)) - 8*86400
		m.look(time.Unix(m.now, 0))
		for _, e := range events {
			m.until(max(m.now, e.at))
			e.do()
			if !m.down {
				m.look(time.Unix(m.now, 0))
				m.check(m.now)
			}
		}
		m.down = false
		m.look(time.Unix(m.now, 0))
		m.until(m.now + 12*366*86400)
	})
}

func starts(declared []declaration) (all []int64) {
	for _, d := range declared {
		all = append(all, d.start())
	}
	return all
}

// FuzzFloorMatchesOracle compares the floor of one contest, at an instant of the fuzzer, with the
// oracle.
func FuzzFloorMatchesOracle(f *testing.F) {
	f.Add(2028, 2, 29, 23, 59, 840, int64(18000), int64(300), int64(900), uint8(0), int64(0))
	f.Add(2031, 12, 31, 22, 30, -210, int64(7200), int64(86400), int64(0), uint8(1), int64(600))
	f.Fuzz(func(t *testing.T, year, month, day, hour, minute, offset int, length, lead, cool int64, state uint8, at int64) {
		d := declaration{
			year: within(year, 2026, 2036), month: within(month, 1, 12), hour: within(hour, 0, 23), minute: within(minute, 0, 59),
			offset: within(offset, -840, 840), length: within(length, 1, 2678400), lead: within(lead, 0, 604800), cool: within(cool, 0, 604800),
			replicas: 3, paused: state%3 == 1, cancelled: state%3 == 2,
		}
		d.day = within(day, 1, monthLength(d.year, d.month))
		unix := within(at, d.from()-600, d.to()+600)
		want := expected([]declaration{d}, unix)
		if got, _ := Floor([]Contest{d.contest("fuzzed")}, time.Unix(unix, 0)); got != want {
			t.Errorf("floor at %d is %d, want %d of %+v", unix, got, want, d)
		}
	})
}

// within maps any number into a range, both ends included.
func within[N int | int64](n, low, high N) N {
	size := high - low + 1
	return low + (n%size+size)%size
}
