package scratch

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Clear removes what most runs leave, at most some files and empty directories, with few system
// calls. No other process may write to the directory. It reports whether the directory is empty; if
// not, call Empty, which removes everything.
func (d *Dir) Clear() bool {
	for _, name := range d.created {
		// A failure is found below: the directory is not empty then.
		_ = unix.Unlinkat(d.fd, name, 0)
	}
	d.created = d.created[:0]
	var stat unix.Stat_t
	if unix.Fstat(d.fd, &stat) != nil || stat.Mode&0o777 != 0o700 {
		return false
	}
	if d.isEmpty(&stat) {
		return true
	}
	if _, err := unix.Seek(d.fd, 0, unix.SEEK_SET); err != nil {
		return false
	}
	var entries [1024]byte
	for {
		n, err := unix.Getdents(d.fd, entries[:])
		if err != nil {
			return false
		}
		if n == 0 {
			return true
		}
		for rest := entries[:n]; len(rest) > 0; rest = rest[binary.NativeEndian.Uint16(rest[16:]):] {
			name := rest[19:binary.NativeEndian.Uint16(rest[16:])]
			name = name[:bytes.IndexByte(name, 0)]
			if string(name) != "." && string(name) != ".." && !d.unlink(string(name)) {
				return false
			}
		}
	}
}

// emptyTmpfs is the size of an empty directory on tmpfs. Each entry adds 20 (BOGO_DIRENT_SIZE of
// Linux, mm/shmem.c, since 2.6).
const emptyTmpfs = 2 * 20

// isEmpty reports whether stat alone proves that the directory is empty.
func (d *Dir) isEmpty(stat *unix.Stat_t) bool { return d.tmpfs && stat.Size == emptyTmpfs }

func (d *Dir) unlink(name string) bool {
	return unix.Unlinkat(d.fd, name, 0) == nil || unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR) == nil
}
