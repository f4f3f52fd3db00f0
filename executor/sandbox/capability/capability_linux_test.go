package capability

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// onThread calls do on a thread of its own, which ends with the call.
func onThread(t *testing.T, do func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- do()
	}()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func sets() ([2]unix.CapUserData, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	err := unix.Capget(&header, &sets[0])
	return sets, err
}

func TestClearEmptiesTheSetsOfItsThreadOnly(t *testing.T) {
	before, err := sets()
	if err != nil {
		t.Fatal(err)
	}
	onThread(t, func() error {
		if err := Clear(); err != nil {
			return err
		}
		after, err := sets()
		if err == nil && after != [2]unix.CapUserData{} {
			err = fmt.Errorf("the sets are %+v, want empty ones", after)
		}
		return err
	})
	if after, err := sets(); err != nil || after != before {
		t.Errorf("another thread has %+v, %v; want %+v", after, err, before)
	}
}

// TestDropLeavesNothing needs CAP_SETPCAP, which this process has as root of its user namespace.
func TestDropLeavesNothing(t *testing.T) {
	if dropped, err := Dropped(); err != nil || dropped {
		t.Errorf("this process has dropped its capabilities: %v, %v", dropped, err)
	}
	if any, err := Any(); err != nil || !any {
		t.Errorf("this process has capabilities: %v, %v; run the test as root", any, err)
	}
	onThread(t, func() error {
		if err := Drop(); err != nil {
			return err
		}
		dropped, err1 := Dropped()
		any, err2 := Any()
		if !dropped || any {
			return fmt.Errorf("dropped %v, any left %v, %w", dropped, any, errors.Join(err1, err2))
		}
		if err := Drop(); !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("drop once more: error %w, want EPERM", err)
		}
		return nil
	})
}
