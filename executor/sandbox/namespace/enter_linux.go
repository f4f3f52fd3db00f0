package namespace

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"

	"executorpool.dev/executor/sandbox/capability"
	"golang.org/x/sys/unix"
)

// Main is the main function of a program whose first argument is Arg. It replaces the process by
// the command that was given to Config.Command, or prints the failed step and exits with 1.
func Main() {
	fmt.Fprintln(os.Stderr, enter(os.Args))
	os.Exit(1)
}

// RunHostName is the host name in the namespaces.
const RunHostName = "run"

type step struct {
	name string
	do   func() error
}

func enter(args []string) error {
	// Each thread has its own capabilities and bounding set.
	runtime.LockOSThread()
	if len(args) < 4 {
		return errors.New("this command is the executor's own, for isolating its workers")
	}
	var s settings
	if err := json.Unmarshal([]byte(args[2]), &s); err != nil {
		return fmt.Errorf("read the description of the namespaces: %w", err)
	}
	for _, step := range s.steps() {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	// By its link: the path of the program need not exist in the new root.
	if err := unix.Exec("/proc/self/exe", append([]string{"executor"}, args[3:]...), os.Environ()); err != nil {
		return fmt.Errorf("execute the program again: %w", err)
	}
	return nil
}

func (s settings) steps() []step {
	r := &root{config: s.Config, proc: "proc"}
	if !s.has(Root) {
		r.proc = "/proc"
	}
	steps := []step{
		{"map the user and group id", s.mapIDs},
		{"make the mounts private", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
	}
	add := func(part Part, name string, do func() error) {
		if s.has(part) {
			steps = append(steps, step{name, do})
		}
	}
	add(Root, "find what the new root holds", r.collectMounts)
	add(Root, "make a new root", r.make)
	add(Root, "fill the new root", r.fill)
	add(0, "mount a process table of its own", r.mountProc)
	add(Nesting, "forbid further user namespaces", r.forbidNesting)
	// User id 0 may write the kernel's settings without any capability.
	add(Root, "make the process table read-only", func() error { return makeReadOnly("proc") })
	add(Root, "make the new root read-only", func() error { return makeReadOnly(".") })
	add(Root, "change to the new root", func() error { return unix.PivotRoot(".", ".") })
	// The old root is mounted on top of the new one, and is the working directory.
	add(Root, "leave the old root", func() error { return errors.Join(unix.Unmount(".", unix.MNT_DETACH), unix.Chdir("/")) })
	add(HostName, "set the host name", func() error { return unix.Sethostname([]byte(RunHostName)) })
	add(Capabilities, "give up all capabilities", capability.Drop)
	return steps
}

// mapIDs maps the process's user and group id to themselves, and no other, so the process cannot
// change to another id. The process does so itself: its parent is not dumpable, so the child's
// files below /proc belong to root until the child has executed a program.
func (s settings) mapIDs() error {
	for _, file := range []struct{ name, content string }{
		{"setgroups", "deny"}, // required before an unprivileged process may map a group
		{"gid_map", fmt.Sprintf("%d %d 1", s.GID, s.GID)},
		{"uid_map", fmt.Sprintf("%d %d 1", s.UID, s.UID)},
	} {
		if err := os.WriteFile("/proc/self/"+file.name, []byte(file.content), 0); err != nil {
			return err
		}
	}
	return nil
}
