package attacks

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"executorpool.dev/executor/settings"
)

// enter is the launcher's argument before the directory of a group and a command.
const enter = "enter-group"

// commandInGroup returns the command that runs another one in the group; a nil group changes
// nothing.
func commandInGroup(g *Group, command []string) []string {
	if g == nil {
		return command
	}
	return append([]string{os.Args[0], enter, g.Dir}, command...)
}

func execInGroup(args []string) error {
	own := []byte(strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(filepath.Join(args[0], "cgroup.procs"), own, 0); err != nil {
		return fmt.Errorf("enter the control group: %w", err)
	}
	return syscall.Exec(args[1], args[1:], os.Environ())
}

// neededMemory returns the memory in MiB of an executor that start starts.
func neededMemory() int64 {
	s := settings.Default()
	s.Workers, s.Threads, s.DiskMiB = 2, 2, 16
	return s.Memory().Total
}

// scratchDir creates a directory that every user can write, on a tmpfs of its own like a pod's
// scratch volume; without root, on the tmpfs of the machine.
func scratchDir(t *testing.T) string {
	t.Helper()
	scratch, err := os.MkdirTemp("/dev/shm", "scratch-")
	if err == nil && os.Geteuid() == 0 {
		err = syscall.Mount("tmpfs", scratch, "tmpfs", 0, fmt.Sprintf("mode=0777,size=%dm", scratchMiB()))
	}
	if err == nil {
		err = os.Chmod(scratch, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if os.Geteuid() == 0 {
			err = syscall.Unmount(scratch, syscall.MNT_DETACH)
		}
		if err := errors.Join(err, os.RemoveAll(scratch)); err != nil {
			t.Error(err)
		}
	})
	return scratch
}

func scratchMiB() int64 {
	s := settings.Default()
	s.Workers, s.Threads, s.DiskMiB = 2, 2, 16
	return s.Memory().Scratch
}
