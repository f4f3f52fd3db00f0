package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// programs are the paths of the programs that the guest runs.
type programs struct{ executor, guest, languages string }

// build builds the executor, and the test of package guest, which is the guest's first process.
// Both are linked statically.
func build(ctx context.Context, dir string) (programs, error) {
	p := programs{
		executor:  filepath.Join(dir, "executor"),
		guest:     filepath.Join(dir, "guest.test"),
		languages: "executor/toolchain/languages.yaml",
	}
	for _, args := range [][]string{
		{"build", "-trimpath", "-ldflags", "-s -w", "-o", p.executor, "./cmd/executor"},
		{"test", "-c", "-tags", "kernels", "-trimpath", "-ldflags", "-s -w", "-o", p.guest, "./test/kernels/guest"},
	} {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return programs{}, fmt.Errorf("go %s: %w\n%s", args[0], err, out)
		}
	}
	return p, nil
}

// run runs a program and appends its output to the log. An error names the log.
func run(ctx context.Context, log, name string, args ...string) error {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w; see %s", name, err, log)
	}
	return nil
}
