package main

import (
	"path/filepath"
	"testing"
)

func TestRunExitCode(t *testing.T) {
	contest := filepath.Join("..", "..", "config", "samples", "contest")
	for name, tc := range map[string]struct {
		args []string
		want int
	}{
		"no flags":        {want: 2},
		"unknown flag":    {args: []string{"--users", "3"}, want: 2},
		"absent programs": {args: []string{"--url", "http://127.0.0.1:1", "--programs", "/nowhere"}, want: 2},
		"nobody answers": {
			args: []string{"--url", "http://127.0.0.1:1", "--programs", contest, "--participants", "1"},
			want: 1,
		},
		"named command":     {args: []string{"run", "--url", "pool", "--programs", contest}, want: 2},
		"no summary":        {args: []string{"compare", "/nowhere/a.json", "/nowhere/b.json"}, want: 1},
		"not ready":         {args: []string{"wait", "--url", "http://127.0.0.1:1", "--timeout", "10ms"}, want: 1},
		"wait for nothing":  {args: []string{"wait"}, want: 2},
		"too few arguments": {args: []string{"compare", "a.json"}, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := run(t.Context(), tc.args); got != tc.want {
				t.Errorf("rehearse %v: exit code %d, want %d", tc.args, got, tc.want)
			}
		})
	}
}
