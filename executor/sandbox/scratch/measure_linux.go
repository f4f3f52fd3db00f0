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
	// onceAFile divides the space of a file among its names, so that each file counts once.
	onceAFile bool
}

// maxDepth bounds the number of file descriptors that Measure holds open at one time.
const maxDepth = 64

// Measure returns the size of the content of d. A run may change the content at the same time.
// Measure stops, and sets Truncated, after maxEntries entries or below maxDepth directories. A run
// can hide content by removing the permissions of a directory; Measure restores them, as every
// directory below d belongs to the slot.
func (d *Dir) Measure(maxEntries int) Size {
	var size Size
	// A run can also remove the permissions of d itself. If they cannot be restored, d cannot be
	// opened and the size is 0.
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
			bytes := stat.Blocks * 512
			if size.onceAFile && stat.Nlink > 1 && stat.Mode&unix.S_IFMT == unix.S_IFREG {
				bytes /= int64(stat.Nlink)
			}
			size.Bytes += bytes
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

// VolumeBytes returns the used space of the tmpfs whose root is the directory at path. It returns
// false for any other directory: its file system is shared with other programs.
func VolumeBytes(path string) (used int64, ok bool) {
	var fs unix.Statfs_t
	var root unix.Stat_t
	// The root of a tmpfs has the first inode number (Linux 5.9, shmem_reserve_inode).
	if unix.Statfs(path, &fs) != nil || fs.Type != unix.TMPFS_MAGIC || unix.Stat(path, &root) != nil || root.Ino != 1 {
		return 0, false
	}
	return int64(fs.Blocks-fs.Bfree) * fs.Bsize, true
}

// MeasureVolume returns the size of the content of the volume whose root is the directory at path.
// A file with several names counts once.
func MeasureVolume(path string, maxEntries int) (Size, error) {
	dir, err := Open(path)
	if err != nil {
		return Size{}, err
	}
	defer dir.Close()
	size := Size{onceAFile: true}
	measure(dir.fd, 0, maxEntries, &size)
	return size, nil
}
