package scratch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Empty removes everything in the directory and sets its mode to 0700. It returns an error at the
// deadline.
//
// The depth of the tree is not bounded: a directory inside of another is first moved to the top, so
// neither paths nor the stack of descriptors grow, and is then emptied there.
func (d *Dir) Empty(deadline time.Time) error {
	if err := unix.Fchmod(d.fd, 0o700); err != nil {
		return fmt.Errorf("empty %s: %w", d.path, err)
	}
	e := emptier{top: d.fd, deadline: deadline}
	for {
		left, err := e.removeEntries(d.fd, true)
		if err != nil {
			return fmt.Errorf("empty %s: %w", d.path, err)
		}
		if !left {
			return nil
		}
	}
}

// namesPerRead bounds the number of names that are held at one time.
const namesPerRead = 1024

var errDeadline = errors.New("too much to remove in the time allowed")

type emptier struct {
	top      int
	deadline time.Time
	moved    int
}

// removeEntries removes the entries of one directory. Directories at the top are emptied and
// removed; deeper ones are moved to the top. It reports whether another pass over the top is
// needed.
func (e *emptier) removeEntries(dir int, atTop bool) (left bool, err error) {
	fd, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	f := os.NewFile(uintptr(fd), ".")
	defer f.Close()
	for {
		names, err := f.Readdirnames(namesPerRead)
		for _, name := range names {
			if time.Now().After(e.deadline) {
				return true, errDeadline
			}
			moved, err := e.remove(dir, name, atTop)
			if err != nil {
				return true, err
			}
			left = left || moved || atTop
		}
		if errors.Is(err, io.EOF) {
			return left, nil
		}
		if err != nil {
			return true, err
		}
	}
}

// remove deletes one entry, or moves a directory to the top and reports that it did.
func (e *emptier) remove(dir int, name string, atTop bool) (moved bool, err error) {
	err = unix.Unlinkat(dir, name, 0)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EPERM) {
		return false, err
	}
	if err = unix.Unlinkat(dir, name, unix.AT_REMOVEDIR); err == nil {
		return false, nil
	}
	if err = chmod(dir, name, 0o700); err != nil {
		return false, err
	}
	if !atTop {
		return true, e.moveToTop(dir, name)
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	if _, err = e.removeEntries(fd, false); err != nil {
		return false, err
	}
	return false, unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
}

// moveToTop moves a directory to the top, under a name that is free there.
func (e *emptier) moveToTop(dir int, name string) error {
	for {
		e.moved++
		err := unix.Renameat2(dir, name, e.top, ".lifted-"+strconv.Itoa(e.moved), unix.RENAME_NOREPLACE)
		if !errors.Is(err, unix.EEXIST) {
			return err
		}
	}
}
