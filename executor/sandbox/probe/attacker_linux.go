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

// slotAttackMain is the main function of the attacker: it tries to break out of the slot that it
// runs in, prints the attempts that succeeded and exits with 0 if none did. Its arguments after
// slotAttackArg are the executor's pid, a file outside of the slot and the slot's store.
func slotAttackMain() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "this command is the executor's own, for probing its sandbox")
		os.Exit(2)
	}
	pid, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "the first argument must be a pid")
		os.Exit(2)
	}
	if successes := trySuccesses(attempts(pid, os.Args[3], os.Args[4])); len(successes) > 0 {
		fmt.Println(strings.Join(successes, "\n"))
		os.Exit(1)
	}
	os.Exit(0)
}

// trySuccesses makes every attempt and returns the names of those that succeeded.
func trySuccesses(all []attempt) (names []string) {
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
		{"make System V shared memory", makeSharedMemory},
		{"open a performance counter", func() error {
			_, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE}, 0, -1, -1, 0)
			return err
		}},
	}
	for name, call := range map[string]uintptr{"use io_uring": unix.SYS_IO_URING_SETUP, "use bpf": unix.SYS_BPF,
		"use kernel keys": unix.SYS_KEYCTL, "handle page faults": unix.SYS_USERFAULTFD} {
		list = append(list, attempt{name, func() error { return callReachesKernel(call) }})
	}
	return list
}

// write returns an attempt to create a file. A created file is removed again, because it would stay
// for the life of the pod.
func write(path string) func() error {
	return func() error {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		_ = os.Remove(path)
		return nil
	}
}

// callReachesKernel returns nil if the kernel itself answers a call, whose arguments no kernel
// accepts. The errors of a filter are returned.
func callReachesKernel(call uintptr) error {
	_, _, errno := unix.Syscall(call, ^uintptr(0), 0, 0)
	if errno == unix.EPERM || errno == unix.ENOSYS || errno == unix.EACCES {
		return errno
	}
	return nil
}

// makeSharedMemory creates a System V segment and removes it.
func makeSharedMemory() error {
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, 0o600)
	if err == nil {
		_, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil) // best effort: the attempt has succeeded already
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
