package seccomp

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// maxCall is the highest system call number that a table can list (Linux 6.13, setxattrat to
// removexattrat). Since Linux 5.x a new call has the same number on every architecture.
const maxCall = 466

// maxInstructions is the kernel's bound (BPF_MAXINSNS).
const maxInstructions = 4096

var auditArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// Offsets in struct seccomp_data.
const (
	numberOffset    = 0
	archOffset      = 4
	argumentsOffset = 16
)

// assemble returns the filter of a table. unlisted is the answer to all other calls.
//
// The number of the call is found by binary search, so a call costs about nine comparisons. Since
// Linux 5.11 the kernel itself finds, when a filter is loaded, the calls that the filter always
// allows, and does not run it for them (seccomp_cache_prepare). read, write, futex and all others
// without conditions cost nothing; the program below uses only instructions that this analysis
// knows.
func assemble(table []Entry, unlisted Answer) ([]bpf.Instruction, error) {
	architecture, ok := auditArch[runtime.GOARCH]
	if !ok {
		return nil, fmt.Errorf("no system call filter for %s: use amd64 or arm64", runtime.GOARCH)
	}
	info, err := arch.GetInfo("")
	if err != nil {
		return nil, fmt.Errorf("assemble system call filter: %w", err)
	}
	answers := make([][]bpf.Instruction, maxCall+1)
	for _, entry := range table {
		body := answer(entry)
		for _, name := range entry.Calls {
			nr, ok := info.SyscallNames[name]
			switch {
			case !ok:
			case nr > maxCall:
				return nil, fmt.Errorf("assemble system call filter: the number of %s is above %d", name, maxCall)
			case answers[nr] != nil:
				return nil, fmt.Errorf("assemble system call filter: %s has two rows", name)
			default:
				answers[nr] = body
			}
		}
	}
	program := append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: architecture, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: numberOffset, Size: 4},
	}, search(segments(answers, unlisted))...)
	if len(program) > maxInstructions {
		return nil, errors.New("assemble system call filter: longer than the kernel's 4096 instructions")
	}
	return program, nil
}

// segment is a range of call numbers with one answer. It ends where the next segment begins.
type segment struct {
	begin uint32
	body  []bpf.Instruction
}

func segments(answers [][]bpf.Instruction, unlisted Answer) []segment {
	var all []segment
	add := func(nr int, body []bpf.Instruction) {
		// Neighbors with one constant answer share a segment.
		if last := len(all) - 1; last >= 0 && len(body) == 1 && len(all[last].body) == 1 && all[last].body[0] == body[0] {
			return
		}
		all = append(all, segment{uint32(nr), body})
	}
	none := []bpf.Instruction{bpf.RetConstant{Val: uint32(unlisted)}}
	for nr, body := range answers {
		if body == nil {
			body = none
		}
		add(nr, body)
	}
	add(maxCall+1, none)
	return all
}

// search returns the instructions that find the segment of the number in the accumulator.
func search(all []segment) []bpf.Instruction {
	if len(all) == 1 {
		return all[0].body
	}
	middle := len(all) / 2
	below, above := search(all[:middle]), search(all[middle:])
	program := []bpf.Instruction{
		// A conditional jump reaches 255 instructions only.
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: all[middle].begin, SkipFalse: 1},
		bpf.Jump{Skip: uint32(len(below))},
	}
	return append(append(program, below...), above...)
}

// answer returns the instructions of a row.
func answer(entry Entry) []bpf.Instruction {
	var program []bpf.Instruction
	for _, c := range entry.Cases {
		program = append(program, cases(c)...)
	}
	return append(program, bpf.RetConstant{Val: uint32(entry.Otherwise)})
}

// cases returns the instructions of one case, which end behind it if a condition does not hold.
func cases(c Case) []bpf.Instruction {
	rest := []bpf.Instruction{bpf.RetConstant{Val: uint32(c.Answer)}}
	for i := len(c.When) - 1; i >= 0; i-- {
		rest = append(test(c.When[i], len(rest)), rest...)
	}
	return rest
}

// test returns the instructions of one condition, which skip rest instructions if it does not hold.
func test(c Condition, rest int) []bpf.Instruction {
	offset := uint32(argumentsOffset + 8*c.Argument)
	if c.High {
		offset += 4 // both architectures are little-endian
	}
	program := []bpf.Instruction{bpf.LoadAbsolute{Off: offset, Size: 4}}
	if c.Mask != 0 {
		program = append(program, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: c.Mask})
	}
	// A match skips the remaining comparisons and the first of the two jumps behind them.
	n := len(c.Values)
	for i, value := range c.Values {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: value.Value, SkipTrue: uint8(n - i)})
	}
	if c.Not {
		return append(program, bpf.Jump{Skip: 1}, bpf.Jump{Skip: uint32(rest)})
	}
	return append(program, bpf.Jump{Skip: uint32(rest) + 1}, bpf.Jump{Skip: 0})
}
