package scratch

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fixedTimes are the access and the modification time of everything that a run finds. The kernel
// moves an access time only if it is not later than the other times of the file, or a day old
// (relatime, the default of mount(8)). So one in the far future stays, and does not show a run what
// an earlier one has read.
var fixedTimes = [2]unix.Timespec{{Sec: 4102444800}, {Sec: 0}} // 2100 and 1970

// FixTimes sets fixedTimes on the directory, and from now on on the files that Write and MoveFrom
// create in it. token is the value that the filter of the slot's thread demands in an argument that
// the kernel ignores; see seccomp.Options.
func (d *Dir) FixTimes(token uint64) error {
	d.fixed, d.token = true, token
	return d.ResetTimes()
}

// ResetTimes sets the times of the directory itself again, so that a run does not find when the
// runs before have changed it. FixTimes must have been called.
func (d *Dir) ResetTimes() error {
	if errno := setTimes(d.fd, d.token); errno != 0 {
		return fmt.Errorf("reset the times of %s: %w", d.path, errno)
	}
	return nil
}

// setTimes sets fixedTimes on an open file: without a path, utimensat(2) means the descriptor.
func setTimes(fd int, token uint64) unix.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&fixedTimes)), 0, uintptr(token), 0)
	return errno
}
