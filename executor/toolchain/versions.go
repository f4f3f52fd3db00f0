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

// versionTimeout bounds one version command; a virtual machine on a busy node takes seconds.
const versionTimeout = 20 * time.Second

// Languages lists the languages whose tools are all there, with the version each tool reports. The tools are asked once.
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

// Installed says whether every program the row names can be executed.
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

// askVersion gives the first line with a digit that the command prints, or "unknown".
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
