package attacks

import "testing"

func TestSlownessIsAtLeastOne(t *testing.T) {
	for text, want := range map[string]int{"": 1, "1": 1, "20": 20, "0": 0, "-3": 0, "2.5": 0, "fast": 0} {
		t.Run(text, func(t *testing.T) {
			defer func() {
				if refused := recover() != nil; refused != (want == 0) {
					t.Errorf("refused: %v, want %v", refused, want == 0)
				}
			}()
			if got := readSlowness(text); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
}
