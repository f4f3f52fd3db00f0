package capability

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// lockedSecureBits makes the loss of capabilities permanent: executing a program gives user id 0
// nothing (NOROOT), changing the user id gives nothing (NO_SETUID_FIXUP, no KEEP_CAPS), and there
// are no ambient capabilities. The values are SECBIT_* of linux/securebits.h, each followed by
// its lock.
const lockedSecureBits = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<5 | 1<<6 | 1<<7

// Clear empties the effective, permitted and inheritable sets. With no_new_privs they stay empty
// over execve, also for user id 0.
func Clear() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("empty the capability sets: %w", err)
	}
	return nil
}

// Drop empties the bounding and ambient sets too, locks the secure bits and sets no_new_privs. It
// needs CAP_SETPCAP.
func Drop() error {
	for capability := uintptr(0); ; capability++ {
		// The kernel reports EINVAL for the first capability that it does not know.
		if _, err := bound(capability); errors.Is(err, unix.EINVAL) {
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
	if err := Clear(); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// Dropped reports whether the secure bits are those that Drop sets.
func Dropped() (bool, error) {
	bits, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	if err != nil {
		return false, fmt.Errorf("read the secure bits: %w", err)
	}
	return bits == lockedSecureBits, nil
}

// Any reports whether the thread has a capability in any set, or could gain one from its bounding
// set.
func Any() (bool, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return false, fmt.Errorf("read the capability sets: %w", err)
	}
	if sets != [2]unix.CapUserData{} {
		return true, nil
	}
	for capability := uintptr(0); capability < 64; capability++ {
		if value, err := bound(capability); err == nil && value == 1 {
			return true, nil
		}
	}
	return false, nil
}

// bound returns 1 if the capability is in the bounding set, 0 if it is not, and EINVAL if the
// kernel does not know it.
func bound(capability uintptr) (int, error) {
	return unix.PrctlRetInt(unix.PR_CAPBSET_READ, capability, 0, 0, 0)
}
