package scratch

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Size is what lies below a directory.
type Size struct {
	// Bytes are those allocated on disk, not lengths: a sparse file costs what it holds.
	Bytes   int64
	Entries int
	// Cut says that there was more than the bounds of the walk allowed to see.
	Cut bool
}

// maxDepth bounds the descriptors a walk holds; a contestant's program has no use for deeper trees.
const maxDepth = 64

// Measure walks the tree while a run may be changing it, up to so many entries. A directory whose rights would hide its
// contents gets them back: it lies in the slot's own directory, and nobody else's.
func (d *Dir) Measure(maxEntries int) Size {
	var size Size
	// A run can take the rights from its own working directory too; a failure shows as an empty size.
	_ = unix.Fchmod(d.fd, 0o700)
	if stat := (unix.Stat_t{}); unix.Fstat(d.fd, &stat) == nil && d.empty(&stat) {
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
		names, err := f.Readdirnames(batch)
		for _, name := range names {
			if size.Entries++; size.Entries > maxEntries {
				size.Cut = true
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
			if size.Cut {
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
		size.Cut = true
		return
	}
	if mode&0o700 != 0o700 {
		// A failure shows as an entry that cannot be opened below.
		_ = chmod(dir, name, mode&0o777|0o700)
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	measure(fd, depth+1, maxEntries, size)
}
