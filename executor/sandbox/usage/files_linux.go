package usage

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// UnlinkedBytes returns the disk space, in bytes, of files that the processes hold open and that
// have no name any more. A walk of directories cannot see them. A file that several processes hold
// counts once.
func UnlinkedBytes(pids []int) int64 {
	type inode struct{ dev, ino uint64 }
	seen := map[inode]bool{}
	var sum int64
	for _, pid := range pids {
		fd, err := unix.Open("/proc/"+memoryPath(pid)+"/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		dir := os.NewFile(uintptr(fd), "fd")
		for {
			names, err := dir.Readdirnames(256)
			for _, name := range names {
				var stat unix.Stat_t
				if unix.Fstatat(fd, name, &stat, 0) != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG || stat.Nlink > 0 {
					continue
				}
				if key := (inode{stat.Dev, stat.Ino}); !seen[key] {
					seen[key] = true
					sum += stat.Blocks * 512
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
