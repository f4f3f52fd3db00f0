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

// newest is the highest system call number the list was checked against (Linux 6.13, setxattrat to removexattrat); numbers
// above it answer ENOSYS. New calls have the same number on every architecture since 5.x.
const newest = 466

var auditArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// Options say what the filter must stand in for.
type Options struct {
	// GroupToken is the third argument, which the kernel ignores, that setpgid must carry. Whoever starts a run knows it,
	// the run does not: the process group stays the same for the whole tree, with no second filter to load for each run.
	GroupToken uint64
	// NoTruncate refuses truncate(2) by path, for kernels whose Landlock does not cover it (ABI 1 and 2).
	NoTruncate bool
}

// Load puts the filter on the calling OS thread alone, which must have no_new_privs set.
func Load(o Options) error {
	program, err := assemble(policy(o))
	if err != nil {
		return err
	}
	return load(program)
}

// LoadGroup refuses only what would take a process out of its group: setsid, and setpgid without the token.
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
	// The library lets a foreign architecture fall through to the default, which here is to allow; so that is settled first.
	program := append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 4, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: 0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: newest, SkipFalse: 1},
		bpf.RetConstant{Val: uint32(noSuchCall)},
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

const noSuchCall = seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)
