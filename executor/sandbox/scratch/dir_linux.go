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

// Dir is one directory, held by descriptor. One goroutine at a time fills and clears it.
type Dir struct {
	path  string
	fd    int
	tmpfs bool
	// placed are the names that Write, Link and Take have made since the directory was last cleared: Clear need not look for
	// them.
	placed []string
}

// Open makes the directory when it does not exist and holds it. The path itself is the executor's own and trusted.
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

// Path is the absolute path, for rules and for programs' arguments.
func (d *Dir) Path() string { return d.path }

// FD is the descriptor, for fchdir.
func (d *Dir) FD() int { return d.fd }

// Close frees the descriptor and leaves the directory.
func (d *Dir) Close() error { return unix.Close(d.fd) }

// Write makes a new regular file; a name that exists already, whatever it is, is an error.
func (d *Dir) Write(name string, content []byte, mode uint32) error {
	if err := plain(name); err != nil {
		return err
	}
	fd, err := unix.Openat(d.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	defer unix.Close(fd)
	d.placed = append(d.placed, name)
	for len(content) > 0 {
		n, err := unix.Write(fd, content)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("write %s: %w", name, err)
		}
		content = content[max(n, 0):]
	}
	return nil
}

// Link gives the regular file at the path below the directory from a second name here.
func (d *Dir) Link(from int, path, name string) error {
	if err := plain(name); err != nil {
		return err
	}
	if err := unix.Linkat(from, path, d.fd, name, 0); err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	d.placed = append(d.placed, name)
	return nil
}

func plain(name string) error {
	if name == "" || name == "." || name == ".." || path.Base(name) != name {
		return fmt.Errorf("file name %q is not plain", name)
	}
	return nil
}

// Take moves the regular files at the top of from whose names match one of the globs into d, readable and executable and
// no longer writable, and gives their names. Anything else that matches (a symbolic link, a FIFO, a directory, a file with
// a second name) stays where it is.
func (d *Dir) Take(from *Dir, globs []string) ([]string, error) {
	names, err := list(from.fd)
	if err != nil {
		return nil, fmt.Errorf("list artifacts: %w", err)
	}
	var taken []string
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
		d.placed = append(d.placed, name)
		if err := chmod(d.fd, name, 0o500); err != nil {
			return nil, fmt.Errorf("take artifact: %w", err)
		}
		taken = append(taken, name)
	}
	return taken, nil
}

func matches(name string, globs []string) bool {
	for _, glob := range globs {
		if ok, _ := path.Match(glob, name); ok {
			return true
		}
	}
	return false
}

// list reads the names in a directory, without "." and "..".
func list(dir int) ([]string, error) {
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

// chmod changes the mode of what the name is, never of what it points at: the descriptor is of the entry itself, and the
// kernel resolves the link below /proc to just that.
func chmod(dir int, name string, mode uint32) error {
	fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fchmodat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), mode, 0)
}
