package seccomp

import "golang.org/x/sys/unix"

// SignalFilter returns a filter for one run on kernels whose Landlock does not confine signals
// (before 6.12). It allows signals to the run's main process and to its own group only. Before the
// filter is loaded, the words at the offsets pid must be set to the id of the main process and
// those at group to the negative id. The filter breaks programs whose children raise a signal or
// that signal a child by its pid.
//
// Only the lower half of an argument is compared: the kernel reads these as 32 bits.
func SignalFilter() (program []unix.SockFilter, pid, group []int) {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		answer = unix.BPF_RET | unix.BPF_K
		first  = 16 // offset of the first argument in seccomp_data
		second = 24
		// FIOSETOWN of asm-generic/sockios.h, which x/sys does not define.
		fiosetown = 0x8901
	)
	add := func(code int, k uint32, ifTrue, ifFalse uint8) {
		program = append(program, unix.SockFilter{Code: uint16(code), Jt: ifTrue, Jf: ifFalse, K: k})
	}
	allow := func() { add(answer, unix.SECCOMP_RET_ALLOW, 0, 0) }
	deny := func() { add(answer, unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM), 0, 0) }

	add(load, 0, 0, 0)
	for _, call := range []uint32{unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO} {
		add(equal, call, 0, 1)
		deny()
	}
	add(equal, unix.SYS_KILL, 0, 6)
	add(load, first, 0, 0)
	add(equal, 0, 2, 0)
	pid = append(pid, len(program))
	add(equal, 0, 1, 0)
	group = append(group, len(program))
	add(equal, 0, 0, 1)
	allow()
	deny()
	for _, call := range []uint32{unix.SYS_TGKILL, unix.SYS_RT_TGSIGQUEUEINFO} {
		add(equal, call, 0, 4)
		add(load, first, 0, 0)
		pid = append(pid, len(program))
		add(equal, 0, 0, 1)
		allow()
		deny()
	}
	// The owner of a file's SIGIO, or of another signal, is a way to send a signal too.
	for _, set := range []struct {
		call     uint32
		commands []uint32
	}{
		{unix.SYS_FCNTL, []uint32{unix.F_SETOWN, unix.F_SETOWN_EX, unix.F_SETSIG}},
		{unix.SYS_IOCTL, []uint32{fiosetown, unix.SIOCSPGRP}},
	} {
		n := uint8(len(set.commands))
		add(equal, set.call, 0, n+3)
		add(load, second, 0, 0)
		for i, command := range set.commands {
			add(equal, command, n-uint8(i), 0)
		}
		allow()
		deny()
	}
	allow()
	return program, pid, group
}
