package guest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// user is the user and the group of an executor's container.
const user = 10001

// enterCommand is the first argument with which a container starts this program.
const enterCommand = "enter-container"

// entry is what the first process of a container needs to set it up.
type entry struct {
	Scratch    int64
	Namespaces bool
}

func (e entry) arguments() []string {
	return []string{enterCommand, strconv.FormatInt(e.Scratch, 10), strconv.FormatBool(e.Namespaces)}
}

// Enter turns this process into the program of a container, if its arguments ask for that. It
// returns only an error, or nil if they do not. The calling thread must be locked.
func Enter(args []string) error {
	if len(args) < 5 || args[1] != enterCommand {
		return nil
	}
	scratch, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	namespaces, err := strconv.ParseBool(args[3])
	if err != nil {
		return err
	}
	if err := (entry{scratch, namespaces}).enter(); err != nil {
		return fmt.Errorf("set up the container: %w", err)
	}
	return fmt.Errorf("execute %s: %w", args[4], syscall.Exec(args[4], args[4:], os.Environ()))
}

func (e entry) enter() error {
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("make a control group namespace: %w", err)
	}
	if err := e.mount(); err != nil {
		return err
	}
	if err := dropRights(); err != nil {
		return err
	}
	if e.Namespaces {
		return nil
	}
	return loadProfile()
}

// mount gives the container file systems of its own.
func (e entry) mount() error {
	if err := mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	const safe = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	// A pod's root is read-only, so /tmp is, too. The kernel does not mount control groups over
	// control groups.
	for _, path := range []string{"/tmp", cgroupRoot} {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", path, err)
		}
	}
	for _, m := range []struct {
		kind, path string
		flags      uintptr
		options    string
	}{
		{"proc", "/proc", safe, ""},
		{"cgroup2", cgroupRoot, safe | unix.MS_RDONLY, ""},
		{"tmpfs", "/scratch", unix.MS_NOSUID | unix.MS_NODEV, fmt.Sprintf("size=%dm,mode=0700,uid=%d,gid=%d", e.Scratch, user, user)},
		{"tmpfs", "/dev", unix.MS_NOSUID, "size=64k,mode=0755"},
	} {
		if err := mount(m.kind, m.path, m.kind, m.flags, m.options); err != nil {
			return err
		}
	}
	return fillDev(safe)
}

// fillDev creates the devices of a container.
func fillDev(safe uintptr) error {
	for name, minor := range map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		if err := unix.Mknod("/dev/"+name, unix.S_IFCHR|0o666, int(unix.Mkdev(1, minor))); err != nil {
			return fmt.Errorf("make /dev/%s: %w", name, err)
		}
		if err := os.Chmod("/dev/"+name, 0o666); err != nil {
			return err
		}
	}
	for from, to := range map[string]string{"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2"} {
		if err := os.Symlink(to, from); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Mkdir("/dev/shm", 0o755), os.Mkdir("/dev/mqueue", 0o755)); err != nil {
		return err
	}
	if err := mount("shm", "/dev/shm", "tmpfs", safe, "size=64m,mode=1777"); err != nil {
		return err
	}
	return mount("mqueue", "/dev/mqueue", "mqueue", safe, "")
}

// dropRights makes this process an unprivileged one that can gain no privileges.
func dropRights() error {
	for capability := uintptr(0); ; capability++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) && capability > unix.CAP_CHOWN {
			break // the kernel has no more capabilities
		}
		if err != nil {
			return fmt.Errorf("drop capability %d: %w", capability, err)
		}
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(user), syscall.Setuid(user)); err != nil {
		return fmt.Errorf("change the user: %w", err)
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// loadProfile refuses what the seccomp profile RuntimeDefault refuses a container without
// capabilities, as far as it concerns the sandbox. It permits more than that profile, so the
// sandbox has to refuse the rest itself.
func loadProfile() error {
	clone := seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.EPERM)}
	for _, flag := range []uint64{unix.CLONE_NEWUSER, unix.CLONE_NEWNS, unix.CLONE_NEWPID, unix.CLONE_NEWNET, unix.CLONE_NEWIPC, unix.CLONE_NEWUTS, unix.CLONE_NEWCGROUP} {
		clone.NamesWithCondtions = append(clone.NamesWithCondtions, seccomp.NameWithConditions{Name: "clone",
			Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.BitsSet, Value: flag}}})
	}
	clone.Names = []string{"unshare", "setns", "mount", "umount2", "pivot_root", "open_tree", "move_mount", "fsopen", "fsmount",
		"mount_setattr", "sethostname", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key",
		"open_by_handle_at", "quotactl", "swapon", "reboot", "init_module", "finit_module", "kexec_load"}
	err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Policy: seccomp.Policy{DefaultAction: seccomp.ActionAllow,
		// The C library falls back to clone, whose flags the profile can read.
		Syscalls: []seccomp.SyscallGroup{clone, {Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}}}}})
	if err != nil {
		return fmt.Errorf("load the seccomp profile: %w", err)
	}
	return nil
}
