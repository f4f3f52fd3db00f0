package scratch

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFixedTimesHideUse reads a file and a directory and compares the times that a later run finds.
// Without fixed times they show the use.
func TestFixedTimesHideUse(t *testing.T) {
	parent, err := os.MkdirTemp("/dev/shm", "times-") // tmpfs, as in a pod
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(parent) })
	for name, fixed := range map[string]bool{"fixed": true, "not fixed": false} {
		t.Run(name, func(t *testing.T) {
			box, store := open(t, filepath.Join(parent, name+" box")), open(t, filepath.Join(parent, name+" store"))
			if fixed {
				must(t, box.FixTimes(7))
				must(t, store.FixTimes(7))
			}
			must(t, store.Write("written", []byte("x"), 0o600))
			must(t, box.Write("artifact", []byte("x"), 0o600))
			_, err := store.MoveFrom(box, []string{"artifact"})
			must(t, err)
			must(t, store.Link(store.fd, "artifact", "linked")) // as the cache does; moves the time of change
			if fixed {
				must(t, box.ResetTimes())
			}
			for _, path := range []string{store.Path() + "/written", store.Path() + "/artifact", box.Path(), store.Path()} {
				if !fixed {
					// Within one tick of the clock a new access time would be the old one.
					old := unix.Timespec{Sec: 1000}
					must(t, unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{old, old}, 0))
				}
				before := times(t, path)
				if _, err := os.ReadFile(path); err != nil {
					_, err = os.ReadDir(path)
					must(t, err)
				}
				after := times(t, path)
				if same := before == after; same != fixed {
					t.Errorf("%s has the times %v, and %v after it was read", path, before, after)
				}
				if want := [2]int64{fixedTimes[0].Sec, fixedTimes[1].Sec}; fixed && path != store.Path() && after != [2]int64{want[0] * 1e9, want[1] * 1e9} {
					t.Errorf("%s has the times %v, want %v s", path, after, want)
				}
			}
		})
	}
}

// times returns the access and the modification time in nanoseconds.
func times(t *testing.T, path string) [2]int64 {
	t.Helper()
	var stat unix.Stat_t
	must(t, unix.Stat(path, &stat))
	return [2]int64{stat.Atim.Nano(), stat.Mtim.Nano()}
}
