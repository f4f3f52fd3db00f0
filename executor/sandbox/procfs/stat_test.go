package procfs

import (
	"os"
	"testing"
)

const line = "17 (a) R ) (b) S 3 42 42 0 -1 4194304 100 0 0 0 7 5 3 1 20 0 9 0 12345 1000000 250 184467 1 1 0"

func TestParseStatReadsPastTheName(t *testing.T) {
	got, ok := ParseStat([]byte(line))
	want := Stat{State: 'S', Parent: 3, Group: 42, Flags: 4194304, Ticks: 16, ChildTicks: 4, Threads: 9, StartTicks: 12345}
	if !ok || got != want {
		t.Errorf("got %+v %v, want %+v", got, ok, want)
	}
	for name, tc := range map[string]string{
		"empty":               "",
		"no end of the name":  "17 (a",
		"cut":                 "17 (a) S 3 42",
		"cut before the last": "17 (a) S 3 42 42 0 -1 4194304 100 0 0 0 7 5 3 1 20 0 9 0",
		"no number":           "17 (a) S x 42 42 0 -1 4194304 100 0 0 0 7 5 3 1 20 0 9 0 12345 1000000 250",
		"too large a number":  "17 (a) S 3 42 42 0 -1 4194304 100 0 0 0 7 5 3 1 20 0 9 0 9223372036854775808 1000000 250",
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := ParseStat([]byte(tc)); ok || got != (Stat{}) {
				t.Errorf("got %+v, %v; want nothing", got, ok)
			}
		})
	}
}

func TestParseStatAllocatesNothing(t *testing.T) {
	text := []byte(line)
	if n := testing.AllocsPerRun(100, func() { ParseStat(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestReadStatReadsThisProcess(t *testing.T) {
	got, err := ReadStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if got.Parent != os.Getppid() || got.Threads < 1 || got.StartTicks < 1 || got.State == 0 {
		t.Errorf("got %+v", got)
	}
}

func BenchmarkParseStat(b *testing.B) {
	text := []byte(line)
	for b.Loop() {
		if _, ok := ParseStat(text); !ok {
			b.Fatal("not parsed")
		}
	}
}
