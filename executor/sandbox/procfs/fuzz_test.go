package procfs

import (
	"fmt"
	"testing"
)

func FuzzParseStat(f *testing.F) {
	f.Add(" S ", uint16(1), uint16(12), uint16(4), uint32(4242))
	f.Fuzz(func(t *testing.T, name string, parent, group, threads uint16, start uint32) {
		line := fmt.Sprintf("7 (%s) S %d %d 12 0 -1 0 0 0 0 0 7 3 2 1 20 0 %d 0 %d 4096 25 0",
			name, parent, group, threads, start)
		want := Stat{State: 'S', Parent: int(parent), Group: int(group), Ticks: 13, ChildTicks: 3, Threads: int64(threads),
			StartTicks: int64(start)}
		if got, ok := ParseStat([]byte(line)); !ok || got != want {
			t.Errorf("%q: got %+v, %v; want %+v", line, got, ok, want)
		}
	})
}

func FuzzParseAnyStat(f *testing.F) {
	f.Add([]byte("7 (a b) c) S 1 2 3"))
	f.Add([]byte("1 (x) R"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if got, ok := ParseStat(line); !ok && got != (Stat{}) {
			t.Errorf("refused, but got %+v", got)
		}
	})
}

func FuzzParseFiles(f *testing.F) {
	f.Add([]byte("12 345\nPss: 12 kB\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		children, _ := ParseChildren(text)
		if memory, _ := ParseMemory(text); memory.Resident < 0 || memory.Anonymous < 0 || memory.PageTables < 0 {
			t.Errorf("memory %+v", memory)
		}
		ParseProportional(text)
		for _, pid := range children {
			if pid < 0 {
				t.Errorf("process id %d", pid)
			}
		}
	})
}
