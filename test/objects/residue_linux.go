package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"executorpool.dev/executor/sandbox/procfs"
)

// residue is what an idle executor has: processes, and files outside of the compile cache.
type residue struct {
	processes []int
	files     map[string]bool
	objects   []string
	memory    int64 // bytes of its control group that the kernel cannot reclaim
}

// residue returns what the executor has now. Processes that end meanwhile are left out.
func (e *executor) residue() (r residue, err error) {
	if r.processes, err = e.processes(); err != nil {
		return r, err
	}
	r.files = map[string]bool{}
	entries, err := os.ReadDir(e.settings.Scratch)
	if err != nil {
		return r, err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "cache") {
			continue
		}
		// A directory that cannot be read is residue as well, and so is its name.
		_ = filepath.WalkDir(filepath.Join(e.settings.Scratch, entry.Name()), func(path string, d fs.DirEntry, _ error) error {
			name, _ := filepath.Rel(e.settings.Scratch, path)
			if d == nil || !d.IsDir() || strings.Count(name, "/") > 1 {
				r.files[name] = true
			}
			return nil
		})
	}
	if e.user != 0 {
		r.objects = objectsOf(e.user)
	}
	if e.cgroup != nil {
		r.memory = e.cgroup.reclaim()
	}
	return r, nil
}

// processes returns the processes of the control group, or without one the descendants of the
// executor, sorted.
func (e *executor) processes() ([]int, error) {
	pids := []int{e.pid}
	if e.cgroup != nil {
		var err error
		if pids, err = e.cgroup.processes(); err != nil {
			return nil, err
		}
	} else {
		for i := 0; i < len(pids); i++ {
			children, err := procfs.Children(pids[i])
			if err != nil && i == 0 {
				return nil, err
			}
			pids = append(pids, children...)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// describe returns the name, the state and the parent of a process.
func describe(pid int) string {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	stat, err := procfs.ReadStat(pid)
	if err != nil {
		return fmt.Sprintf("%d (ended meanwhile)", pid)
	}
	return fmt.Sprintf("%d %q state %c parent %d threads %d", pid, strings.TrimSpace(string(name)), stat.State, stat.Parent, stat.Threads)
}

// objectsOf returns the System V objects of a user, and the user's files in public directories.
func objectsOf(user int) []string {
	var found []string
	for table, column := range map[string]int{"shm": 7, "sem": 4, "msg": 7} {
		content, _ := os.ReadFile("/proc/sysvipc/" + table)
		for line := range strings.Lines(string(content)) {
			if fields := strings.Fields(line); len(fields) > column && fields[column] == fmt.Sprint(user) {
				found = append(found, table+" "+fields[1])
			}
		}
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock"} {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil {
				continue
			}
			if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == user {
				found = append(found, filepath.Join(dir, entry.Name()))
			}
		}
	}
	slices.Sort(found)
	return found
}
