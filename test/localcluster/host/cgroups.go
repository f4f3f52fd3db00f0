package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"executorpool.dev/test/localcluster/process"
)

const cgroupRoot = "/sys/fs/cgroup"

// hierarchies returns the directory of the named control group in every cgroup hierarchy. Version 1
// has a hierarchy for each controller, version 2 has one.
func hierarchies(name string) ([]string, error) {
	var dirs []string
	for _, pattern := range []string{filepath.Join(cgroupRoot, name), filepath.Join(cgroupRoot, "*", name)} {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, matches...)
	}
	return dirs, nil
}

// KillCgroups kills every process in the named control groups and below them, in all hierarchies.
// The control group identifies the processes of the cluster: a container whose runtime was killed
// has no other mark.
func KillCgroups(names []string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, killCgroup(name))
	}
	return errors.Join(errs...)
}

func killCgroup(name string) error {
	dirs, err := hierarchies(name)
	if err != nil {
		return err
	}
	// A process may fork while the list of processes is read, so the list is read until it is empty.
	// The number of rounds is limited, so that a fork bomb that is faster than KillCgroups causes an
	// error and not a hang.
	const rounds = 100
	for range rounds {
		pids := map[int]bool{}
		for _, dir := range dirs {
			collect(dir, pids)
		}
		if len(pids) == 0 {
			return nil
		}
		for pid := range pids {
			if err := process.StopPID(pid, func() bool { return inCgroup(pid, name) }, 0); err != nil {
				return fmt.Errorf("kill container process %d: %w", pid, err)
			}
		}
	}
	return fmt.Errorf("processes keep appearing in control group %s", name)
}

func collect(dir string, pids map[int]bool) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil // the group was removed during the walk
		}
		content, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return nil
		}
		for field := range strings.FieldsSeq(string(content)) {
			if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
				pids[pid] = true
			}
		}
		return nil
	})
}

func inCgroup(pid int, name string) bool {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cgroup"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(content)) {
		if _, path, found := strings.Cut(strings.TrimSpace(line), ":/"); found && (path == name || strings.HasPrefix(path, name+"/")) {
			return true
		}
	}
	return false
}

// RemoveCgroups removes the named control groups and those below them from every hierarchy. It also
// removes the parent group if that is then empty. It does not unmount the hierarchies.
func RemoveCgroups(names []string, within time.Duration) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, removeCgroup(name, within))
		parents, err := hierarchies(filepath.Dir(name))
		errs = append(errs, err)
		for _, parent := range parents {
			_ = os.Remove(parent) // fails while the group has children
		}
	}
	return errors.Join(errs...)
}

func removeCgroup(name string, within time.Duration) error {
	dirs, err := hierarchies(name)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(within)
	var errs []error
	for _, dir := range dirs {
		for {
			err := removeTree(dir)
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				errs = append(errs, fmt.Errorf("remove control group %s: %w", dir, err))
				break
			}
			time.Sleep(20 * time.Millisecond) // EBUSY until the kernel has removed the killed processes
		}
	}
	return errors.Join(errs...)
}

// removeTree removes the children of a control group and then the group. The files in a group
// cannot be removed; they disappear with the group.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
