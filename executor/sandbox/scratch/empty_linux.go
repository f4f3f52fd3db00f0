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

// Empty removes everything in the directory and gives it back mode 0700. It gives up at the deadline.
//
// No tree is too deep for it: a directory found inside another is first moved to the top, so that no path and no stack of
// descriptors grows; each is then emptied where it lies.
func (d *Dir) Empty(deadline time.Time) error {
	if err := unix.Fchmod(d.fd, 0o700); err != nil {
		return fmt.Errorf("empty %s: %w", d.path, err)
	}
	e := emptying{top: d.fd, deadline: deadline}
	for {
		left, err := e.pass(d.fd, true)
		if err != nil {
			return fmt.Errorf("empty %s: %w", d.path, err)
		}
		if !left {
			return nil
		}
	}
}

// batch bounds how many names are held at once.
const batch = 1024

var errSlow = errors.New("too much to remove in the time allowed")

type emptying struct {
	top      int
	deadline time.Time
	moved    int
}

// pass removes the entries of one directory. Directories at the top are emptied and removed; those further down are moved
// to the top. It tells whether another pass at the top is needed.
func (e *emptying) pass(dir int, atTop bool) (left bool, err error) {
	fd, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	f := os.NewFile(uintptr(fd), ".")
	defer f.Close()
	for {
		names, err := f.Readdirnames(batch)
		for _, name := range names {
			if time.Now().After(e.deadline) {
				return true, errSlow
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

// remove deletes one entry, or moves a directory to the top and says so.
func (e *emptying) remove(dir int, name string, atTop bool) (moved bool, err error) {
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
		return true, e.lift(dir, name)
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	if _, err = e.pass(fd, false); err != nil {
		return false, err
	}
	return false, unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
}

// lift moves a directory to the top under a name that is free there.
func (e *emptying) lift(dir int, name string) error {
	for {
		e.moved++
		err := unix.Renameat2(dir, name, e.top, ".lifted-"+strconv.Itoa(e.moved), unix.RENAME_NOREPLACE)
		if !errors.Is(err, unix.EEXIST) {
			return err
		}
	}
}
