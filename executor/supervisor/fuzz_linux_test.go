package supervisor

import (
	"fmt"
	"testing"
)

func FuzzParseStat(f *testing.F) {
	f.Add(" S ", 1, 12)
	f.Fuzz(func(t *testing.T, name string, parent, group int) {
		line := fmt.Sprintf("7 (%s) S %d %d 0", name, parent, group)
		gotParent, gotGroup, ok := parseStat([]byte(line))
		if !ok || gotParent != parent || gotGroup != group {
			t.Errorf("%q: got %d, %d, %v", line, gotParent, gotGroup, ok)
		}
	})
}

func FuzzParseAnyStat(f *testing.F) {
	f.Add([]byte("7 (a b) c) S 1 2 3"))
	f.Fuzz(func(_ *testing.T, line []byte) { parseStat(line) })
}
