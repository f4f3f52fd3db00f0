package namespace

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lockedSecureBits makes the loss of capabilities permanent: executing a program gives user id 0
// nothing (NOROOT), changing the user id gives nothing (NO_SETUID_FIXUP, no KEEP_CAPS), and there
// are no ambient capabilities. The values are SECBIT_* of linux/securebits.h, each followed by its
// lock.
const lockedSecureBits = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<5 | 1<<6 | 1<<7

// dropCapabilities empties the bounding, ambient, effective, permitted and inheritable sets for
// good.
func dropCapabilities() error {
	for capability := uintptr(0); ; capability++ {
		// The kernel reports EINVAL for the first capability that it does not know.
		if _, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, capability, 0, 0, 0); errors.Is(err, unix.EINVAL) {
			break
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
			return fmt.Errorf("drop capability %d from the bounding set: %w", capability, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, lockedSecureBits, 0, 0, 0); err != nil {
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

// Check returns an error that says what is missing if Main did not create this process. It guards
// against use in the wrong process; the probe proves what the namespaces are worth.
func Check() error {
	if pid := os.Getpid(); pid != 1 {
		return fmt.Errorf("the process is number %d of its pid namespace, not the first", pid)
	}
	bits, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	if err != nil {
		return fmt.Errorf("read the secure bits: %w", err)
	}
	if bits != lockedSecureBits {
		return errors.New("the process has not given up its capabilities for good")
	}
	return nil
}
