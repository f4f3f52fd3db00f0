package toolchain

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"executorpool.dev/executor/api"
	"golang.org/x/sys/unix"
)

// versionTimeout bounds one version command. A virtual machine takes seconds on a busy node.
const versionTimeout = 20 * time.Second

// Languages returns the languages whose tools are installed, with their versions. The version
// commands run once.
func (t *Table) Languages(ctx context.Context) []api.Language {
	t.versionsOnce.Do(func() {
		for _, l := range t.languages {
			if !l.Installed() {
				continue
			}
			t.versions = append(t.versions, api.Language{ID: l.ID, Name: l.Name, Version: askVersion(ctx, l.Version),
				Compiled: l.Compile != nil})
		}
	})
	return t.versions
}

// Installed reports whether all programs of the row are executable.
func (l *Language) Installed() bool {
	programs := []string{l.Version[0], l.Run.Command[0]}
	if l.Compile != nil {
		programs = append(programs, l.Compile.Command[0])
	}
	for _, program := range programs {
		if filepath.IsAbs(program) && unix.Access(program, unix.X_OK) != nil {
			return false
		}
	}
	return true
}

// askVersion returns the first line with a digit of the command's output, or "unknown".
func askVersion(ctx context.Context, command []string) string {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = Environ(nil, "/nonexistent")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(out)) {
		if strings.ContainsAny(line, "0123456789") {
			return strings.TrimSpace(line)
		}
	}
	return "unknown"
}
