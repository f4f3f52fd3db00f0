package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

// observed returns a replica with the given counters.
func observed(uid string, process string, up time.Duration, accepted, answered uint64) Replica {
	return Replica{UID: uid, Name: uid, Created: start.Add(-time.Hour), Ready: true, Totals: &api.Totals{
		Process: process, UptimeMillis: up.Milliseconds(), Accepted: accepted, Answered: answered,
		Verdicts: map[api.Verdict]uint64{api.OK: answered}, Waits: [][2]uint64{{0, answered}},
	}}
}

func at(after time.Duration, replicas ...Replica) Snapshot {
	return Snapshot{Asked: start.Add(after), Answered: start.Add(after + 10*time.Millisecond), Replicas: replicas}
}

func TestLedgerReportsMissingCounts(t *testing.T) {
	long := 2 * time.Hour
	for name, tc := range map[string]struct {
		snapshots                    []Snapshot
		submissions, lost, uncounted int64
		notes                        []string
	}{
		"nothing": {
			snapshots:   []Snapshot{at(-2*time.Second, observed("a", "1", long, 50, 50)), at(2*time.Second, observed("a", "1", long, 60, 60))},
			submissions: 10,
		},
		"counts of before the start": {
			snapshots:   []Snapshot{at(-4*time.Second, observed("a", "1", long, 50, 50)), at(-2*time.Second, observed("a", "1", long, 70, 70)), at(2*time.Second, observed("a", "1", long, 71, 71))},
			submissions: 1,
		},
		"a replica that came": {
			snapshots:   []Snapshot{at(2 * time.Second), at(4*time.Second, observed("a", "1", time.Second, 9, 9))},
			submissions: 9,
		},
		"a replica that was there and silent": {
			snapshots:   []Snapshot{at(-2 * time.Second), at(4*time.Second, observed("a", "1", long, 9, 9)), at(6*time.Second, observed("a", "1", long, 12, 12))},
			submissions: 3, uncounted: 9, notes: []string{"replica a did not answer before 09:00:04Z and had counted 9 submissions by then"},
		},
		"a replica that went with work": {
			snapshots:   []Snapshot{at(-2*time.Second, observed("a", "1", long, 50, 50)), at(2*time.Second, observed("a", "1", long, 70, 67)), at(4 * time.Second)},
			submissions: 20, lost: 3, uncounted: 11, notes: []string{"by up to 11 submissions at the highest pace so far", "replica a was removed at 09:00:04Z, up to 2.0 s after it was last asked"},
		},
		"a container that crashed": {
			snapshots:   []Snapshot{at(-2*time.Second, observed("a", "1", long, 50, 50)), at(2*time.Second, observed("a", "1", long, 70, 67)), at(4*time.Second, observed("a", "2", time.Second, 5, 5))},
			submissions: 25, lost: 3, uncounted: 6, notes: []string{"replica a restarted at 09:00:03Z, up to 1.0 s after it was last asked"},
		},
		"counts that fall": {
			snapshots:   []Snapshot{at(-2*time.Second, observed("a", "1", long, 50, 50)), at(2*time.Second, observed("a", "1", long, 40, 40)), at(4*time.Second, observed("a", "1", long, 55, 55))},
			submissions: 5,
		},
		"a replica without an answer at the end": {
			snapshots:   []Snapshot{at(-2*time.Second, observed("a", "1", long, 0, 0)), at(2*time.Second, observed("a", "1", long, 8, 8)), at(5*time.Second, Replica{UID: "a", Name: "a", Ready: true})},
			submissions: 8, uncounted: 7, notes: []string{"replica a did not answer in the last 3.0 s"},
		},
		"an old image": {
			snapshots: []Snapshot{at(2*time.Second, Replica{UID: "a", Name: "a", Ready: true})},
			notes:     []string{"replica a never answered: its image may be of an older version"},
		},
		"a gap between snapshots": {
			snapshots:   []Snapshot{at(-2*time.Second, observed("a", "1", long, 0, 0)), at(2*time.Second, observed("a", "1", long, 8, 8)), at(62*time.Second, observed("a", "1", long, 100, 98))},
			submissions: 100, notes: []string{"2 submissions were queued or running when the replicas were last asked.", "No replica was asked for 60 s in all: counts are exact"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := New(start)
			for _, snapshot := range tc.snapshots {
				l.Add(snapshot)
			}
			l.Close()
			got, complete := l.Render(Expected{})
			if got.Submissions != tc.submissions || got.Lost != tc.lost || got.Uncounted != tc.uncounted {
				t.Errorf("%d submissions, %d lost, %d uncounted, want %d, %d and %d: %s", got.Submissions, got.Lost, got.Uncounted, tc.submissions, tc.lost, tc.uncounted, got.Notes)
			}
			for _, note := range tc.notes {
				if !strings.Contains(got.Notes, note) {
					t.Errorf("notes are %q, want them to say %q", got.Notes, note)
				}
			}
			if whole := !strings.Contains(got.Notes, "Incomplete"); complete != whole || (len(tc.notes) == 0 && got.Notes != "") {
				t.Errorf("complete is %v, with the notes %q", complete, got.Notes)
			}
		})
	}
}

// TestCheckpointBounded makes checkpoints of contests with many replicas.
func TestCheckpointBounded(t *testing.T) {
	for replicas, kept := range map[int]bool{10: true, 300: true, 10_000: false} {
		l := New(start)
		var all []Replica
		for i := range replicas {
			r := observed(fmt.Sprintf("%08x-1c2d-4e3f-8a9b-0123456789ab", i*2654435761), fmt.Sprint("process", i), time.Hour, uint64(1000+i%97), uint64(1000+i%97))
			r.Totals.Waits = nil
			for b := range 40 {
				r.Totals.Waits = append(r.Totals.Waits, [2]uint64{uint64(40 + b), uint64(10 + (i*b)%31)})
			}
			all = append(all, r)
		}
		l.Add(at(-time.Second, all...))
		packed, err := l.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d replicas take %d bytes", replicas, len(packed))
		if len(packed) > maxCheckpoint {
			t.Errorf("%d replicas take %d bytes, want at most %d", replicas, len(packed), maxCheckpoint)
		}
		if again, err := Restore(packed); err != nil || (len(again.s.Replicas) == replicas) != kept {
			t.Errorf("%d of %d replicas come back, error %v", len(again.s.Replicas), replicas, err)
		}
	}
}

func TestRestoreRefusesRubbish(t *testing.T) {
	for name, rubbish := range map[string][]byte{"empty": {}, "no deflate": []byte("checkpoint"), "no ledger": {0xaa, 0xae, 0x05, 0x00}} {
		if _, err := Restore(rubbish); err == nil {
			t.Errorf("%s was restored", name)
		}
	}
}
