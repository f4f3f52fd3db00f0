package usage

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// UnlinkedBytes returns the disk space, in bytes, of files that the processes hold open or execute
// and that have no name any more. A walk of directories cannot see them. A file that several
// processes hold counts once.
func UnlinkedBytes(pids []int) int64 {
	type inode struct{ dev, ino uint64 }
	seen := map[inode]bool{}
	var sum int64
	add := func(stat *unix.Stat_t) {
		if key := (inode{stat.Dev, stat.Ino}); stat.Mode&unix.S_IFMT == unix.S_IFREG && stat.Nlink == 0 && !seen[key] {
			seen[key] = true
			sum += stat.Blocks * 512
		}
	}
	for _, pid := range pids {
		var program unix.Stat_t
		if unix.Stat("/proc/"+memoryPath(pid)+"/exe", &program) == nil {
			add(&program)
		}
		fd, err := unix.Open("/proc/"+memoryPath(pid)+"/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		dir := os.NewFile(uintptr(fd), "fd")
		for {
			names, err := dir.Readdirnames(256)
			for _, name := range names {
				var stat unix.Stat_t
				if unix.Fstatat(fd, name, &stat, 0) == nil {
					add(&stat)
				}
			}
			if err == io.EOF || len(names) == 0 {
				break
			}
		}
		dir.Close()
	}
	return sum
}
