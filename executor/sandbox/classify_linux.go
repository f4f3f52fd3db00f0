package sandbox

import (
	"debug/elf"
	"fmt"

	"golang.org/x/sys/unix"
)

// precedence orders the limits for a run that exceeded several, the most specific one first. A run
// that floods its output or memory often exceeds a time limit too, and the time limit explains the
// least.
var precedence = []Limit{OutputLimit, MemoryLimit, ProcessLimit, DiskLimit, CPULimit, WallLimit, Cancelled}

// classify fills in the result of a run that has ended, from the samples taken during the run, the
// usage that the kernel charged at its end, and the exit status of the main process.
func (r *run) classify(result *Result, spec Spec, status unix.WaitStatus, usage charges) {
	r.mu.Lock()
	defer r.mu.Unlock()
	result.CPU = max(usage.cpu, r.cpu)
	result.Memory = max(usage.rss, r.peak)
	result.ExitCode = status.ExitStatus()
	if status.Signaled() {
		result.Signal = unix.SignalName(status.Signal())
		result.ExitCode = -1
	}
	limits := spec.Limits
	if result.Memory > limits.Memory {
		r.record(MemoryLimit, fmt.Sprintf("memory limit %d MiB", limits.Memory>>20))
	}
	if result.CPU >= limits.CPU {
		r.record(CPULimit, fmt.Sprintf("cpu limit %d ms", limits.CPU.Milliseconds()))
	}
	switch status.Signal() {
	case unix.SIGXFSZ:
		r.record(DiskLimit, fmt.Sprintf("disk limit %d MiB in one file, killed by the kernel", limits.Disk>>20))
	case unix.SIGSEGV, unix.SIGKILL:
		if static := staticMemory(spec.Path); static > limits.Memory && len(r.exceeded) == 0 {
			r.record(MemoryLimit, fmt.Sprintf("memory limit %d MiB: the program's static data alone are %d MiB",
				limits.Memory>>20, static>>20))
		}
	}
	if result.Memory == 0 {
		result.Memory = min(usage.faulted, limits.Memory)
	}
	for _, limit := range precedence {
		if cause, ok := r.exceeded[limit]; ok {
			result.Exceeded, result.Cause = limit, cause
			return
		}
	}
	if status.Signaled() {
		result.Cause = signalCause(status.Signal())
	}
}

// signalCause describes the sender of a signal that no exceeded limit explains.
func signalCause(signal unix.Signal) string {
	name := unix.SignalName(signal)
	switch signal {
	case unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL, unix.SIGABRT, unix.SIGTRAP:
		return "killed by " + name + " (the program's own fault)"
	case unix.SIGSYS:
		return "killed by " + name + " (a system call that is not allowed)"
	case unix.SIGKILL:
		return "killed by " + name + " (sent by the program itself, or by the kernel for a limit or want of memory)"
	}
	// The kernel never sends SIGXCPU to a run: at a hard limit, it sends SIGKILL.
	return "killed by " + name + " (sent by the program itself)"
}

// staticMemory returns the size, in bytes, of the writable segments of the ELF file at path, and 0
// if the file is not ELF. The kernel kills a program whose static data exceed the limits before its
// first instruction and reports only the signal.
func staticMemory(path string) int64 {
	file, err := elf.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	var sum uint64
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_LOAD && segment.Flags&elf.PF_W != 0 {
			sum += segment.Memsz
		}
	}
	return int64(min(sum, 1<<62))
}
