package scratch

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Size is the size of the content of a directory.
type Size struct {
	// Bytes is the allocated space, not the length: a sparse file counts what it occupies.
	Bytes   int64
	Entries int
	// Truncated reports whether the walk stopped at one of its bounds.
	Truncated bool
}

// maxDepth bounds the descriptors of a walk.
const maxDepth = 64

// Measure walks the tree, while a run may change it, up to maxEntries entries. It restores the
// permissions of directories that would hide their content; all of them belong to the slot.
func (d *Dir) Measure(maxEntries int) Size {
	var size Size
	// A run can also remove the permissions of its working directory. A failure shows as an empty
	// size.
	_ = unix.Fchmod(d.fd, 0o700)
	if stat := (unix.Stat_t{}); unix.Fstat(d.fd, &stat) == nil && d.isEmpty(&stat) {
		return size
	}
	measure(d.fd, 0, maxEntries, &size)
	return size
}

func measure(dir, depth, maxEntries int, size *Size) {
	fd, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	f := os.NewFile(uintptr(fd), ".")
	defer f.Close()
	for {
		names, err := f.Readdirnames(namesPerRead)
		for _, name := range names {
			if size.Entries++; size.Entries > maxEntries {
				size.Truncated = true
				return
			}
			var stat unix.Stat_t
			if unix.Fstatat(dir, name, &stat, unix.AT_SYMLINK_NOFOLLOW) != nil {
				continue
			}
			size.Bytes += stat.Blocks * 512
			if stat.Mode&unix.S_IFMT == unix.S_IFDIR {
				descend(dir, name, stat.Mode, depth, maxEntries, size)
			}
			if size.Truncated {
				return
			}
		}
		if err != nil || errors.Is(err, io.EOF) {
			return
		}
	}
}

func descend(dir int, name string, mode uint32, depth, maxEntries int, size *Size) {
	if depth == maxDepth {
		size.Truncated = true
		return
	}
	if mode&0o700 != 0o700 {
		// A failure shows when the entry is opened.
		_ = chmod(dir, name, mode&0o777|0o700)
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	measure(fd, depth+1, maxEntries, size)
}
