package procfs

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseFilesOfMemory(t *testing.T) {
	for name, tc := range map[string]struct {
		parse func([]byte) (int64, bool)
		text  string
		want  int64
		ok    bool
	}{
		"rollup": {ParseProportional, "00400000-7ff [rollup]\nRss:     900 kB\nPss:     120 kB\nPss_Dirty: 3 kB\n", 120 << 10, true},
		"rollup at the end": {
			ParseProportional, "Rss: 900 kB\nPss: 7 kB", 7 << 10, true},
		"no rollup": {ParseProportional, "Rss:  900 kB\n", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := tc.parse([]byte(tc.text)); got != tc.want || ok != tc.ok {
				t.Errorf("got %d, %v; want %d, %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestParseMemory(t *testing.T) {
	for name, tc := range map[string]struct {
		status string
		want   Memory
		ok     bool
	}{
		"process": {"Name:\tVmRSS:\nVmPeak:\t 9 kB\nVmRSS:\t  2184 kB\nRssAnon:\t 152 kB\nRssFile:\t 2032 kB\nVmPTE:\t 48 kB\nThreads:\t1\n",
			Memory{Resident: 2184 << 10, Anonymous: 152 << 10, PageTables: 48 << 10}, true},
		"zombie":           {"Name:\tx\nState:\tZ (zombie)\nThreads:\t3\n", Memory{}, false},
		"not a number":     {"VmRSS:\t x kB\n", Memory{}, false},
		"too large":        {"VmRSS:\t 9223372036854775807 kB\n", Memory{}, false},
		"cut in the value": {"VmRSS:\t 21", Memory{Resident: 21 << 10}, true},
		"nothing":          {"", Memory{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := ParseMemory([]byte(tc.status)); got != tc.want || ok != tc.ok {
				t.Errorf("got %+v, %v; want %+v, %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestParseChildrenRefusesOtherText(t *testing.T) {
	got, err := ParseChildren([]byte("12 345 \n"))
	if diff := cmp.Diff([]int{12, 345}, got); err != nil || diff != "" {
		t.Errorf("error %v, children (-want +got):\n%s", err, diff)
	}
	if got, err := ParseChildren([]byte("12 x")); err == nil {
		t.Errorf("got %v and no error", got)
	}
}

func TestChildrenAreListedOfEveryThread(t *testing.T) {
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		t.Fatalf("this kernel lists no children: %v", err)
	}
	var want []int
	for range 3 {
		// A goroutine that keeps its thread: each child has another thread as its parent.
		pid, stop := childOfOwnThread(t)
		defer stop()
		want = append(want, pid)
	}
	children := func() ([]int, error) { return Children(os.Getpid()) }
	for name, list := range map[string]func() ([]int, error){"children": children, "processes": Processes} {
		got, err := list()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, pid := range want {
			if !slices.Contains(got, pid) {
				t.Errorf("%s lacks %d: %v", name, pid, got)
			}
		}
	}
	arguments, err := Arguments(want[0])
	if diff := cmp.Diff([]string{"/bin/sleep", "60"}, arguments); err != nil || diff != "" {
		t.Errorf("error %v, arguments (-want +got):\n%s", err, diff)
	}
}

func childOfOwnThread(t *testing.T) (pid int, stop func()) {
	t.Helper()
	started, release, ended := make(chan int), make(chan struct{}), make(chan error)
	go func() {
		runtime.LockOSThread() // until it ends
		cmd := exec.Command("/bin/sleep", "60")
		if err := cmd.Start(); err != nil {
			t.Error(err)
			close(started)
			return
		}
		started <- cmd.Process.Pid
		<-release
		_ = cmd.Process.Kill()
		ended <- cmd.Wait()
	}()
	pid, ok := <-started
	if !ok {
		t.FailNow()
	}
	return pid, func() {
		close(release)
		<-ended
	}
}

func TestFilesOfAProcessThatIsGone(t *testing.T) {
	gone := exec.Command("/bin/true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	pid := gone.Process.Pid
	_, statErr := ReadStat(pid)
	_, childrenErr := Children(pid)
	_, argumentsErr := Arguments(pid)
	for name, err := range map[string]error{"stat": statErr, "children": childrenErr, "arguments": argumentsErr} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error %v, want that the file does not exist", name, err)
		}
	}
}

func TestBootIDStays(t *testing.T) {
	first, err := BootID()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := BootID(); err != nil || second != first || len(first) != 36 {
		t.Errorf("got %q and %q, %v", first, second, err)
	}
}
