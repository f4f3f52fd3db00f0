package scratch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// Dir is an open directory. One goroutine at a time may fill and clear it.
type Dir struct {
	path  string
	fd    int
	tmpfs bool
	// created are the names that Write, Link and MoveFrom have created since the last Clear, which
	// removes them without listing the directory.
	created []string
	// fixed is set if the directory and the files that Write and MoveFrom create have fixedTimes.
	fixed bool
	token uint64 // see FixTimes
}

// Open opens the directory, and creates it if it does not exist. The path belongs to the executor
// and is trusted.
func Open(path string) (*Dir, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open directory %s: %w", path, err)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return nil, errors.Join(fmt.Errorf("open directory %s: %w", path, err), unix.Close(fd))
	}
	return &Dir{path: path, fd: fd, tmpfs: fs.Type == unix.TMPFS_MAGIC}, nil
}

// Path returns the absolute path, for rules and arguments.
func (d *Dir) Path() string { return d.path }

// FD returns the descriptor, for fchdir.
func (d *Dir) FD() int { return d.fd }

// Close closes the descriptor; the directory stays.
func (d *Dir) Close() error { return unix.Close(d.fd) }

// Write creates a regular file. A name that exists already is an error, whatever kind of file it
// is.
func (d *Dir) Write(name string, content []byte, mode uint32) error {
	if err := checkName(name); err != nil {
		return err
	}
	fd, err := unix.Openat(d.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	defer unix.Close(fd)
	d.created = append(d.created, name)
	for len(content) > 0 {
		n, err := unix.Write(fd, content)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("write %s: %w", name, err)
		}
		content = content[max(n, 0):]
	}
	if d.fixed {
		if errno := setTimes(fd, d.token); errno != 0 {
			return fmt.Errorf("set the times of %s: %w", name, errno)
		}
	}
	return nil
}

// Link links the regular file at path, relative to the descriptor from, to name in this directory.
func (d *Dir) Link(from int, path, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := unix.Linkat(from, path, d.fd, name, 0); err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	d.created = append(d.created, name)
	return nil
}

func checkName(name string) error {
	if name == "" || name == "." || name == ".." || path.Base(name) != name {
		return fmt.Errorf("file name %q is not plain", name)
	}
	return nil
}

// MoveFrom moves the regular files at the top of from whose names match a glob into d, makes them
// readable and executable but not writable, and returns their names. Other matches stay: symbolic
// links, FIFOs, directories and files with a second link.
func (d *Dir) MoveFrom(from *Dir, globs []string) ([]string, error) {
	names, err := readNames(from.fd)
	if err != nil {
		return nil, fmt.Errorf("list artifacts: %w", err)
	}
	var moved []string
	for _, name := range names {
		var stat unix.Stat_t
		if !matches(name, globs) {
			continue
		}
		if err := unix.Fstatat(from.fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return nil, fmt.Errorf("look at artifact: %w", err)
		}
		if stat.Mode&unix.S_IFMT != unix.S_IFREG || stat.Nlink != 1 {
			continue
		}
		if err := unix.Renameat2(from.fd, name, d.fd, name, unix.RENAME_NOREPLACE); err != nil {
			return nil, fmt.Errorf("take artifact: %w", err)
		}
		d.created = append(d.created, name)
		if err := chmod(d.fd, name, 0o500); err != nil {
			return nil, fmt.Errorf("take artifact: %w", err)
		}
		if d.fixed {
			if err := unix.UtimesNanoAt(d.fd, name, fixedTimes[:], unix.AT_SYMLINK_NOFOLLOW); err != nil {
				return nil, fmt.Errorf("take artifact: %w", err)
			}
		}
		moved = append(moved, name)
	}
	return moved, nil
}

func matches(name string, globs []string) bool {
	for _, glob := range globs {
		if ok, _ := path.Match(glob, name); ok {
			return true
		}
	}
	return false
}

// readNames returns the names in a directory, without "." and "..".
func readNames(dir int) ([]string, error) {
	fd, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), ".")
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return names, err
}

// chmod changes the mode of the entry itself and never follows a symbolic link: the descriptor is
// of the entry, and its link below /proc resolves to just that.
func chmod(dir int, name string, mode uint32) error {
	fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fchmodat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), mode, 0)
}
