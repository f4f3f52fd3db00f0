package seccomp

import "testing"

func TestFilterAssembles(t *testing.T) {
	for name, o := range map[string]Options{
		"today's kernels": {GroupToken: 1},
		"legacy":          {GroupToken: 1<<63 | 5, NoTruncate: true},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := assemble(policy(o))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d instructions", len(program))
		})
	}
}
