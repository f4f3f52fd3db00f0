package seccomp

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Options adapt the filter to the slot and the kernel.
type Options struct {
	// GroupToken is the value that the filter demands in an argument that the kernel ignores, of
	// calls that only the executor may make between fork and exec, or on the slot's thread: the
	// third argument of setpgid and landlock_restrict_self, the fourth of seccomp and the fifth of
	// utimensat. The executor knows it and the run does not, so no run needs a filter of its own.
	GroupToken uint64
	// NoTruncate denies truncate(2) by path, for kernels whose Landlock does not cover it (ABI 1
	// and 2).
	NoTruncate bool
}

// Load loads the filter on the calling OS thread only, which must have set no_new_privs.
func Load(o Options) error { return load(Table(o), noSuchCall) }

// LoadGroup loads a filter that only keeps processes in their group: it denies setsid, and setpgid
// without the token.
func LoadGroup(token uint64) error { return load(groupTable(token), Allow) }

func load(table []Entry, unlisted Answer) error {
	program, err := assemble(table, unlisted)
	if err != nil {
		return err
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return fmt.Errorf("assemble system call filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("load seccomp filter: %w", errno)
	}
	return nil
}

// Answers evaluates the filter without loading it.
type Answers struct{ machine *bpf.VM }

// NewAnswers returns the answers of the filter.
func NewAnswers(o Options) (*Answers, error) {
	program, err := assemble(Table(o), noSuchCall)
	if err != nil {
		return nil, err
	}
	machine, err := bpf.NewVM(program)
	if err != nil {
		return nil, fmt.Errorf("evaluate system call filter: %w", err)
	}
	return &Answers{machine}, nil
}

// To returns the answer to a call of this architecture.
func (a *Answers) To(nr uint32, arguments [6]uint64) (Answer, error) {
	data := append(word(nr), word(auditArch[runtime.GOARCH])...)
	data = append(data, make([]byte, 8)...) // the instruction pointer
	for _, argument := range arguments {
		data = append(append(data, word(uint32(argument))...), word(uint32(argument>>32))...)
	}
	n, err := a.machine.Run(data)
	return Answer(n), err
}

// word returns a field of struct seccomp_data in the order of bytes that the virtual machine reads:
// that of a packet.
func word(value uint32) []byte {
	return []byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}
}
