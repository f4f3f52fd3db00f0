package usage

import "testing"

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("12 (a) b) S 1 12 12 0 -1 0 0 0 0 0 7 3 2 1 20 0 4 0 100 4096 25 0"))
	f.Add([]byte("1 (x) R"))
	f.Fuzz(func(t *testing.T, line []byte) {
		p, ok := parseStat(line)
		if !ok && p.pages != 0 {
			t.Errorf("refused, but with %d pages", p.pages)
		}
	})
}
