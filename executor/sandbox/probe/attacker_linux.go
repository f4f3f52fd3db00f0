package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attackerMain is the attacker's whole program: it tries to break out of the slot it runs in, prints what it could do, and
// ends the process: with 0 when everything was refused. Its arguments, after attackerArg, are the pid of the executor, a file
// outside the slot and the slot's store.
func attackerMain() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "this command is the executor's own, for probing its sandbox")
		os.Exit(2)
	}
	pid, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "the first argument must be a pid")
		os.Exit(2)
	}
	if broken := succeeded(attempts(pid, os.Args[3], os.Args[4])); len(broken) > 0 {
		fmt.Println(strings.Join(broken, "\n"))
		os.Exit(1)
	}
	os.Exit(0)
}

// succeeded tries everything and names what was not refused.
func succeeded(all []attempt) (names []string) {
	for _, a := range all {
		if a.try() == nil {
			names = append(names, a.name)
		}
	}
	return names
}

type attempt struct {
	name string
	try  func() error
}

func attempts(pid int, secret, store string) []attempt {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	read := func(path string) func() error {
		return func() error { _, err := os.ReadFile(path); return err }
	}
	socket := func(family, kind int) func() error {
		return func() error { _, err := unix.Socket(family, kind, 0); return err }
	}
	list := []attempt{
		{"read a file outside the slot", read(secret)},
		{"change the mode of a file outside the slot", func() error { return os.Chmod(secret, 0o644) }},
		{"list a directory outside the slot", func() error { _, err := os.ReadDir(filepath.Dir(secret)); return err }},
		{"write outside the slot", write(secret + ".new")},
		{"write to the store", write(filepath.Join(store, "new"))},
		{"read the executor's environment", read(proc + "/environ")},
		{"read the executor's memory map", read(proc + "/maps")},
		{"read the first process's environment", read("/proc/1/environ")},
		{"use shared memory", write("/dev/shm/probe")},
		{"use /tmp", write("/tmp/executor-probe")},
		{"signal the executor", func() error { return unix.Kill(pid, 0) }},
		{"trace the executor", func() error { return unix.PtraceAttach(pid) }},
		{"read the executor's memory", func() error { return readMemory(pid) }},
		{"leave the process group", func() error { return unix.Setpgid(0, pid) }},
		{"leave the session", func() error { _, err := unix.Setsid(); return err }},
		{"open a TCP socket", socket(unix.AF_INET, unix.SOCK_STREAM)},
		{"open a UDP socket", socket(unix.AF_INET6, unix.SOCK_DGRAM)},
		{"open a unix socket", socket(unix.AF_UNIX, unix.SOCK_STREAM)},
		{"open a netlink socket", socket(unix.AF_NETLINK, unix.SOCK_RAW)},
		{"open a vsock socket", socket(unix.AF_VSOCK, unix.SOCK_STREAM)},
		{"make a user namespace", func() error { return unix.Unshare(unix.CLONE_NEWUSER) }},
		{"make hidden memory", func() error { _, err := unix.MemfdCreate("probe", 0); return err }},
		{"make System V shared memory", makeShared},
		{"open a performance counter", func() error {
			_, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE}, 0, -1, -1, 0)
			return err
		}},
	}
	for name, call := range map[string]uintptr{"use io_uring": unix.SYS_IO_URING_SETUP, "use bpf": unix.SYS_BPF,
		"use kernel keys": unix.SYS_KEYCTL, "handle page faults": unix.SYS_USERFAULTFD} {
		list = append(list, attempt{name, func() error { return reached(call) }})
	}
	return list
}

// write tries to make a file. One that could be made is removed again: it would lie about for as long as the pod lives.
func write(path string) func() error {
	return func() error {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		_ = os.Remove(path)
		return nil
	}
}

// reached tells whether the kernel itself answered a call made with arguments it cannot accept.
func reached(call uintptr) error {
	_, _, errno := unix.Syscall(call, ^uintptr(0), 0, 0)
	if errno == unix.EPERM || errno == unix.ENOSYS || errno == unix.EACCES {
		return errno
	}
	return nil
}

// makeShared leaves nothing where it is not refused.
func makeShared() error {
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, 0o600)
	if err == nil {
		_, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil) // as good as it gets: that it could be made is what is told
	}
	return err
}

func readMemory(pid int) error {
	var here [8]byte
	local := []unix.Iovec{{Base: &here[0], Len: 8}}
	remote := []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&here[0])), Len: 8}}
	_, err := unix.ProcessVMReadv(pid, local, remote, 0)
	return err
}
