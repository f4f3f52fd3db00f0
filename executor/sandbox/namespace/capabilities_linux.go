package namespace

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// given is how the thread's credentials work from then on, for good: user id 0 gets nothing by executing (NOROOT), no id gets
// anything by changing into another (NO_SETUID_FIXUP, no KEEP_CAPS), and nothing is ambient. SECBIT_* of linux/securebits.h;
// each is followed by its lock.
const given = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<5 | 1<<6 | 1<<7

// dropCapabilities gives up all that there is and all that there could be.
func dropCapabilities() error {
	for capability := uintptr(0); ; capability++ {
		// The kernel's last one is known by the next not being known.
		if _, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, capability, 0, 0, 0); errors.Is(err, unix.EINVAL) {
			break
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
			return fmt.Errorf("drop capability %d from the bounding set: %w", capability, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, given, 0, 0, 0); err != nil {
		return fmt.Errorf("set the secure bits: %w", err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("clear the ambient set: %w", err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("empty the capability sets: %w", err)
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// Inside says whether this process is one that Main made, and if not, what is missing. It is a guard against being called in
// the wrong process; what the namespaces are worth is for attacks to show.
func Inside() error {
	if pid := os.Getpid(); pid != 1 {
		return fmt.Errorf("the process is number %d of its pid namespace, not the first", pid)
	}
	bits, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	if err != nil {
		return fmt.Errorf("read the secure bits: %w", err)
	}
	if bits != given {
		return errors.New("the process has not given up its capabilities for good")
	}
	return nil
}
