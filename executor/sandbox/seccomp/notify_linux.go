package seccomp

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Listener receives a notification for each process and thread that a run is about to make. One
// goroutine at a time may use it. The
// maker waits for the reply, so no process exists that was not counted.
//
// Only clone, fork and vfork stop at the listener. A program that makes no process pays nothing.
type Listener struct {
	fd int
	// received and response are not on the stack: the kernel writes the one and reads the other.
	received notification
	response response
}

// notification is struct seccomp_notif of linux/seccomp.h.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	data  [64]byte
}

// response is struct seccomp_notif_resp.
type response struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

// Birth is one notification.
type Birth struct{ id uint64 }

// makingCalls are the numbers of the calls that make a process, besides clone, by architecture:
// fork and vfork on amd64. The main filter refuses clone3.
var makingCalls = map[string][]uint32{"amd64": {57, 58}}

// killableReceive is SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19): once the listener has
// received a notification, only a fatal signal ends the wait of the maker. Before, any signal
// repeats the call, and the notification comes again.
const killableReceive = 1 << 5

// Listen loads a filter on the calling OS thread only, which must have set no_new_privs, and
// returns its listener. A clone call whose fifth argument is the token passes without a
// notification: the kernel ignores that argument for a process, the starter of a run knows the
// token, and a run does not. Listen fails with EBUSY if the process is under such a filter already.
func Listen(token uint64) (*Listener, error) {
	program := birthFilter(token)
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	for _, flags := range []uintptr{unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | killableReceive, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER} {
		fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&fprog)))
		runtime.KeepAlive(program)
		if errno == unix.EINVAL {
			continue
		}
		if errno != 0 {
			return nil, fmt.Errorf("load seccomp filter that reports new processes: %w", errno)
		}
		unix.CloseOnExec(int(fd))
		return &Listener{fd: int(fd)}, nil
	}
	return nil, fmt.Errorf("load seccomp filter that reports new processes: %w", unix.EINVAL)
}

// birthFilter allows every call but those that make a process or a thread. The main filter decides
// first about the architecture: of two results the kernel takes the stricter one.
func birthFilter(token uint64) []unix.SockFilter {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		answer = unix.BPF_RET | unix.BPF_K
		fifth  = 16 + 4*8 // offset of the fifth argument in seccomp_data; both architectures are little-endian
	)
	calls := makingCalls[runtime.GOARCH]
	var program []unix.SockFilter
	add := func(code int, k uint32, ifTrue, ifFalse uint8) {
		program = append(program, unix.SockFilter{Code: uint16(code), Jt: ifTrue, Jf: ifFalse, K: k})
	}
	add(load, 0, 0, 0)
	add(equal, unix.SYS_CLONE, 0, uint8(4))
	add(load, fifth, 0, 0)
	add(equal, uint32(token), 0, uint8(2+len(calls)+1))
	add(load, fifth+4, 0, 0)
	add(equal, uint32(token>>32), uint8(len(calls)), uint8(len(calls)+1))
	for i, call := range calls {
		add(equal, call, uint8(len(calls)-i), 0)
	}
	add(answer, unix.SECCOMP_RET_ALLOW, 0, 0)
	add(answer, unix.SECCOMP_RET_USER_NOTIF, 0, 0)
	return program
}

// FD returns the descriptor, which polls readable when there is a notification.
func (l *Listener) FD() int { return l.fd }

// Receive returns the next notification. It returns false if the maker has died meanwhile, or a
// signal has interrupted the call.
func (l *Listener) Receive() (Birth, bool, error) {
	l.received = notification{}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(l.fd), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&l.received)))
	switch {
	case errno == unix.EINTR, errno == unix.ENOENT:
		return Birth{}, false, nil
	case errno != 0:
		return Birth{}, false, fmt.Errorf("receive the notification of a new process: %w", errno)
	}
	return Birth{id: l.received.id}, true, nil
}

// Reply lets the maker go on, or makes its call fail with EAGAIN.
func (l *Listener) Reply(b Birth, allow bool) error {
	l.response = response{id: b.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	if !allow {
		l.response = response{id: b.id, errno: -int32(unix.EAGAIN)}
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(l.fd), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&l.response)))
	if errno != 0 && !errors.Is(errno, unix.ENOENT) { // ENOENT: the maker has died
		return fmt.Errorf("reply to the notification of a new process: %w", errno)
	}
	return nil
}

// Close closes the descriptor. Calls that wait for a reply fail with ENOSYS.
func (l *Listener) Close() error { return unix.Close(l.fd) }
