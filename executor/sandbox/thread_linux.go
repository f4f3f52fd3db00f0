package sandbox

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"executorpool.dev/executor/sandbox/capability"
	"executorpool.dev/executor/sandbox/landlock"
	"executorpool.dev/executor/sandbox/namespace"
	"executorpool.dev/executor/sandbox/seccomp"
	"golang.org/x/sys/unix"
)

// Values of linux/ioprio.h: the upper bits are the class, the lower bits the level. Level 4 is
// the default.
const (
	ioprioWhoProcess = 1
	ioprioBestEffort = 2<<13 | 4
)

// thread is the main loop of the slot's OS thread: it restricts itself and then runs tasks. The
// goroutine never unlocks the thread, so the thread ends with it.
//
// The Landlock rules do not apply to the thread itself: each run enters them between fork and
// exec. The thread must still be able to fill and clear the slot's directories, and to signal
// other threads of the Go runtime, which the garbage collector needs and a scoped thread may not
// (Linux
// 6.12 to 6.14).
func (s *Slot) thread(ready chan<- error) {
	runtime.LockOSThread()
	s.tid = unix.Gettid()
	tasks := s.tasks
	if err := s.restrictThread(); err != nil {
		ready <- err
		return
	}
	ready <- nil
	for do := range tasks {
		do()
		s.finished <- struct{}{}
	}
}

// restrictThread removes the rights from the calling thread that neither the thread nor a run
// needs.
func (s *Slot) restrictThread() error {
	// The kernel's default, for exact wall limits and for the runs, which inherit it.
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(50*time.Microsecond), 0, 0, 0); err != nil {
		return fmt.Errorf("set the timers' precision: %w", err)
	}
	// For the runs, which inherit it. Runs have the scheduler's idle class, and the kernel would
	// treat their disk reads as idle too: behind all writes, for seconds, in an uninterruptible
	// sleep (ioprio_set(2), block/mq-deadline.c).
	if _, _, errno := unix.Syscall(unix.SYS_IOPRIO_SET, ioprioWhoProcess, 0, ioprioBestEffort); errno != 0 {
		return fmt.Errorf("set the disk's priority: %w", errno)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	if err := capability.Clear(); err != nil {
		return err
	}
	if !s.config.has(CallFilter) {
		return nil
	}
	if s.config.Tier == None {
		return loadGroupFilter(s.token)
	}
	// The main filter refuses further filters.
	if err := s.listen(); err != nil {
		return err
	}
	return seccomp.Load(seccomp.Options{GroupToken: s.token, NoTruncate: s.abi < 3})
}

// landlockABI returns the Landlock ABI that a slot uses. Namespaced uses any ABI; seccomp
// confines signals where Landlock cannot, as in RestrictedLegacy.
func (c SlotConfig) landlockABI() int {
	abi := landlock.ABI()
	if c.MaxLandlockABI > 0 {
		abi = min(abi, c.MaxLandlockABI)
	}
	if c.Tier == RestrictedLegacy {
		abi = min(abi, landlock.ScopeABI-1)
	}
	return abi
}

// fileRules creates a ruleset that allows reading paths and access to the slot's directories.
func (s *Slot) fileRules(paths []string) (*landlock.Ruleset, error) {
	switch {
	case s.abi == 0:
		return nil, errors.New("the kernel or the pod allows no Landlock: use Linux 5.13 or newer with landlock in its lsm list")
	case s.config.Tier == Restricted && s.abi < landlock.ScopeABI:
		return nil, fmt.Errorf("landlock ABI %d is older than %d (Linux 6.12): ask for tier RestrictedLegacy", s.abi, landlock.ScopeABI)
	}
	rules, err := landlock.New(s.abi)
	if err != nil {
		return nil, err
	}
	if err := s.allow(rules, paths); err != nil {
		return nil, errors.Join(err, rules.Close())
	}
	return rules, nil
}

// loadGroupFilter loads the only filter of tier None: it keeps processes in their group, on which
// the accounting depends. Tier None guarantees nothing, so a kernel without seccomp is no error.
func loadGroupFilter(token uint64) error {
	err := seccomp.LoadGroup(token)
	for _, absent := range []error{unix.ENOSYS, unix.EINVAL, unix.EPERM, unix.EACCES} {
		if errors.Is(err, absent) {
			return nil
		}
	}
	return err
}

// toolchainDirs are the directories with compilers, interpreters and libraries. The table of
// languages lists everything else that they read.
var toolchainDirs = []string{"/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/opt"}

// devices can be read and written. /dev/zero is not among them: a shared mapping of it is memory
// that no limit counts.
var devices = []string{"/dev/null", "/dev/full", "/dev/random", "/dev/urandom"}

// Namespaces returns the view of a process in tier Namespaced: it can read what every run may
// read and the given paths, and write the scratch directory. Its program must call probe.Reexec
// first.
func Namespaces(scratch string, paths ...string) namespace.Config {
	return namespace.Config{Read: slices.Concat(toolchainDirs, paths), Devices: devices, Write: scratch}
}

// allow adds the Landlock rules of a slot. A run may read and execute the paths and the Store, read
// and write the devices, and do everything in the Box.
func (s *Slot) allow(rules *landlock.Ruleset, paths []string) error {
	for _, path := range outermost(paths) {
		if err := rules.Allow(path, landlock.ReadExec); err != nil {
			return err
		}
	}
	for _, device := range devices {
		if err := rules.Allow(device, landlock.ReadWrite); err != nil {
			return err
		}
	}
	if err := rules.Allow(s.Store.Path(), landlock.ReadExec); err != nil {
		return err
	}
	return rules.Allow(s.Box.Path(), landlock.All)
}

// outermost removes the paths that lie, with links resolved, at or below another path: /bin is
// part of /usr where it is a link. Every run copies the rules, so each rule costs time.
func outermost(paths []string) []string {
	var targets []string
	for _, path := range paths {
		// A path that cannot be resolved stays; opening it reports the error.
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		targets = append(targets, path)
	}
	slices.Sort(targets)
	targets = slices.Compact(targets)
	return slices.DeleteFunc(slices.Clone(targets), func(path string) bool {
		return slices.ContainsFunc(targets, func(other string) bool {
			return strings.HasPrefix(path, strings.TrimSuffix(other, "/")+"/") && path != other
		})
	})
}
