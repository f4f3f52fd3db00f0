package seccomp

import "golang.org/x/sys/unix"

// Requests and commands that x/sys does not define on every architecture.
const (
	tcgets2    = 0x802c542a
	fionbio    = 0x5421
	fioclex    = 0x5451
	fionclex   = 0x5450
	fgetowner  = 9
	fsetowner  = 8
	fsetsig    = 10
	fgetsig    = 11
	fsetowner2 = 15
	fgetowner2 = 16
)

// descriptorCalls returns the rows of calls on open files and sockets whose answer depends on
// arguments.
func descriptorCalls() []Entry {
	return []Entry{
		{Calls: []string{"ioctl"}, Otherwise: errno(unix.ENOTTY), Cases: []Case{oneOf(1, Allow,
			Constant{"TCGETS", unix.TCGETS}, Constant{"TCGETS2", tcgets2}, Constant{"TIOCGWINSZ", unix.TIOCGWINSZ},
			Constant{"FIONREAD", unix.TIOCINQ}, Constant{"FIONBIO", fionbio}, Constant{"FIOCLEX", fioclex},
			Constant{"FIONCLEX", fionclex})},
			Note: "Other requests change flags of files that runs share, or reach other processes, network interfaces or devices."},
		{Calls: []string{"fcntl"}, Otherwise: invalid, Cases: []Case{
			oneOf(1, Allow, Constant{"F_DUPFD", unix.F_DUPFD}, Constant{"F_DUPFD_CLOEXEC", unix.F_DUPFD_CLOEXEC}, Constant{"F_GETFD", unix.F_GETFD},
				Constant{"F_SETFD", unix.F_SETFD}, Constant{"F_GETFL", unix.F_GETFL}, Constant{"F_SETFL", unix.F_SETFL},
				Constant{"F_GETLK", unix.F_GETLK}, Constant{"F_OFD_GETLK", unix.F_OFD_GETLK}, Constant{"F_GETOWN", fgetowner},
				Constant{"F_GETOWN_EX", fgetowner2}, Constant{"F_GETSIG", fgetsig}, Constant{"F_GETLEASE", unix.F_GETLEASE},
				Constant{"F_GETPIPE_SZ", unix.F_GETPIPE_SZ}, Constant{"F_GET_SEALS", unix.F_GET_SEALS}, Constant{"F_GET_RW_HINT", unix.F_GET_RW_HINT}),
			oneOf(1, success, Constant{"F_SETLK", unix.F_SETLK}, Constant{"F_SETLKW", unix.F_SETLKW}, Constant{"F_OFD_SETLK", unix.F_OFD_SETLK},
				Constant{"F_OFD_SETLKW", unix.F_OFD_SETLKW}),
			oneOf(1, refused, Constant{"F_SETOWN", fsetowner}, Constant{"F_SETOWN_EX", fsetowner2}, Constant{"F_SETSIG", fsetsig},
				Constant{"F_SETLEASE", unix.F_SETLEASE}, Constant{"F_NOTIFY", unix.F_NOTIFY}, Constant{"F_SETPIPE_SZ", unix.F_SETPIPE_SZ},
				Constant{"F_ADD_SEALS", unix.F_ADD_SEALS}, Constant{"F_SET_RW_HINT", unix.F_SET_RW_HINT},
				Constant{"F_SET_FILE_RW_HINT", unix.F_SET_FILE_RW_HINT}),
		}, Note: "Locks, leases and hints are on files that runs share (ADR 0030). The size of pipes counts the user id."},
		{Calls: []string{"fadvise64"}, Otherwise: success, Note: "Advice on files that runs share shows in the page cache."},
		{Calls: []string{"flock"}, Otherwise: success, Note: "Locks are on files that runs share (ADR 0030)."},
		{Calls: []string{"socketpair"}, Otherwise: refused, Cases: []Case{
			// Only stream pairs, in the one family that reaches no other process: a datagram socket of
			// a pair can send to any address, and receive when its peer is closed. The upper bits are
			// SOCK_NONBLOCK and SOCK_CLOEXEC.
			{Text: "AF_UNIX with SOCK_STREAM or SOCK_SEQPACKET", Answer: Allow, When: []Condition{is(0, number(unix.AF_UNIX)),
				{Argument: 1, Mask: socketType, Values: []Constant{number(unix.SOCK_STREAM), number(unix.SOCK_SEQPACKET)}}}},
		}, Note: "A datagram socket of a pair can send to any address."},
	}
}

// socketType is SOCK_TYPE_MASK of linux/net.h.
const socketType = 0xf
