package seccomp

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// maxCall is the highest system call number that the list covers (Linux 6.13, setxattrat to
// removexattrat). Higher numbers return ENOSYS. Since Linux 5.x a new call has the same number on
// every architecture.
const maxCall = 466

var auditArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// Options adapt the filter to the slot and the kernel.
type Options struct {
	// GroupToken is the value of setpgid's third argument, which the kernel ignores, that the
	// filter demands. The starter of a run knows it and the run does not, so the whole tree stays
	// in one process group without another filter for each run.
	GroupToken uint64
	// NoTruncate denies truncate(2) by path, for kernels whose Landlock does not cover it (ABI 1
	// and 2).
	NoTruncate bool
}

// Load loads the filter on the calling OS thread only, which must have set no_new_privs.
func Load(o Options) error {
	program, err := assemble(policy(o))
	if err != nil {
		return err
	}
	return load(program)
}

// LoadGroup loads a filter that only keeps processes in their group: it denies setsid, and setpgid
// without the token.
func LoadGroup(token uint64) error {
	program, err := assemble(groupPolicy(token))
	if err != nil {
		return err
	}
	return load(program)
}

func load(program []unix.SockFilter) error {
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog)))
	runtime.KeepAlive(program)
	if errno != 0 {
		return fmt.Errorf("load seccomp filter: %w", errno)
	}
	return nil
}

func assemble(p seccomp.Policy) ([]unix.SockFilter, error) {
	arch, ok := auditArch[runtime.GOARCH]
	if !ok {
		return nil, fmt.Errorf("no system call filter for %s: use amd64 or arm64", runtime.GOARCH)
	}
	listed, err := p.Assemble()
	if err != nil {
		return nil, fmt.Errorf("assemble system call filter: %w", err)
	}
	// The library allows calls of a foreign architecture by default, so its check comes first.
	program := append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 4, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: 0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: maxCall, SkipFalse: 1},
		bpf.RetConstant{Val: uint32(actionNoSuchCall)},
	}, listed...)
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("assemble system call filter: %w", err)
	}
	if len(raw) > 4096 {
		return nil, errors.New("assemble system call filter: longer than the kernel's 4096 instructions")
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return filter, nil
}

const actionNoSuchCall = seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)
