package spawn

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"executorpool.dev/executor/sandbox/seccomp"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// onThread calls do on a thread of its own with no_new_privs, as a slot's thread has. The thread
// ends with the call.
func onThread(t *testing.T, do func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		if err == nil {
			do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// command returns a command with its own working directory whose output goes to out.
func command(t *testing.T, stdin string) (c *Command, out *os.File) {
	t.Helper()
	open := func(f *os.File, err error) *os.File {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	dir := t.TempDir()
	in := dir + "/in"
	if err := os.WriteFile(in, []byte(stdin), 0o600); err != nil {
		t.Fatal(err)
	}
	out = open(os.Create(dir + "/out"))
	return &Command{RulesetFD: -1, Dir: int(open(os.Open(dir)).Fd()),
		Files: [3]int{int(open(os.Open(in)).Fd()), int(out.Fd()), int(out.Fd())}}, out
}

// runShell starts a shell script by the command and returns its output and exit status.
func runShell(t *testing.T, c *Command, out *os.File, script string, env []string, limits ...Rlimit) (string, unix.WaitStatus) {
	t.Helper()
	if err := c.Prepare("/bin/sh", []string{"sh", "-c", script, "name", "one"}, env, limits); err != nil {
		t.Fatal(err)
	}
	var status unix.WaitStatus
	onThread(t, func() {
		child, err := c.Start()
		if err != nil {
			t.Error(err)
			return
		}
		defer child.Close()
		status = wait(t, child)
	})
	content, err := io.ReadAll(io.NewSectionReader(out, 0, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return string(content), status
}

func wait(t *testing.T, child Child) (status unix.WaitStatus) {
	t.Helper()
	if _, err := unix.Poll([]unix.PollFd{{Fd: int32(child.FD), Events: unix.POLLIN}}, -1); err != nil && !errors.Is(err, unix.EINTR) {
		t.Error(err)
	}
	for {
		_, err := unix.Wait4(child.PID, &status, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			if err != nil {
				t.Error(err)
			}
			return status
		}
	}
}

func TestStartPassesArgumentsAndFiles(t *testing.T) {
	t.Setenv("SECRET", "token")
	// The program must not inherit even a descriptor without O_CLOEXEC.
	leak, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leak)
	c, out := command(t, "input\n")
	got, status := runShell(t, c, out, `
read line; echo "$0 $1 $line"; set | grep -c SECRET; echo "A=$A"
n=0; while [ $n -lt 64 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n + 1)); done
ulimit -n; ulimit -Hn; ls; echo to stderr >&2; exit 7`,
		[]string{"A=b"}, Rlimit{Resource: unix.RLIMIT_NOFILE, Value: 17})
	if diff := cmp.Diff("name one input\n0\nA=b\n0\n1\n2\n17\n17\nin\nout\nto stderr\n", got); diff != "" {
		t.Errorf("what the program saw (-want +got):\n%s", diff)
	}
	if status.ExitStatus() != 7 {
		t.Errorf("status %x, want exit code 7", status)
	}
}

func TestStartMakesGroupAndIdlePriority(t *testing.T) {
	c, out := command(t, "")
	got, _ := runShell(t, c, out, "echo $$; read stat </proc/$$/stat; echo $stat", nil)
	pid, stat, _ := strings.Cut(got, "\n")
	fields := strings.Fields(stat)
	// Fields 5 and 41 of proc_pid_stat(5); the name of the shell contains no space.
	if len(fields) < 41 || fields[4] != pid || fields[40] != strconv.Itoa(unix.SCHED_IDLE) {
		t.Errorf("pid %s has the stat line %q; want it to lead its group and to be idle", pid, stat)
	}
}

func TestStartUndoesTheSignalMask(t *testing.T) {
	c, out := command(t, "")
	if err := c.Prepare("/bin/sh", []string{"sh", "-c", "while read -r name mask; do [ $name != SigBlk: ] || echo $mask; done </proc/$$/status"}, nil, nil); err != nil {
		t.Fatal(err)
	}
	onThread(t, func() {
		var all unix.Sigset_t
		all.Val[0] = 1 << (unix.SIGUSR1 - 1)
		if err := unix.PthreadSigmask(unix.SIG_BLOCK, &all, nil); err != nil {
			t.Error(err)
			return
		}
		child, err := c.Start()
		if err != nil {
			t.Error(err)
			return
		}
		defer child.Close()
		wait(t, child)
	})
	content, err := io.ReadAll(io.NewSectionReader(out, 0, 1<<20))
	if err != nil || string(content) != "0000000000000000\n" {
		t.Errorf("the program blocks signals %s (%v), want none", content, err)
	}
}

func TestStartLoadsTheFilterForTheChildsOwnPID(t *testing.T) {
	c, out := command(t, "")
	c.Filter, c.PIDOffsets, c.GroupOffsets = seccomp.SignalFilter()
	got, _ := runShell(t, c, out, "kill -0 $$ && echo self; kill -0 -$$ && echo group; kill -0 1 2>/dev/null || echo no other", nil)
	if want := "self\ngroup\nno other\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChildDiesWithItsThread(t *testing.T) {
	c, _ := command(t, "")
	if err := c.Prepare("/bin/sleep", []string{"sleep", "600"}, nil, nil); err != nil {
		t.Fatal(err)
	}
	var child Child
	var err error
	onThread(t, func() { child, err = c.Start() })
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	if status := wait(t, child); status.Signal() != unix.SIGKILL {
		t.Errorf("status %x, want a death by SIGKILL", status)
	}
}

func TestStartNamesTheStepThatFailed(t *testing.T) {
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	const closed = 1 << 20 // above the limit of open descriptors
	for name, tc := range map[string]struct {
		change    func(*Command)
		limit     Rlimit
		path      string
		step      string
		errno     error
		executing bool
	}{
		"rules":     {change: func(c *Command) { c.RulesetFD = closed }, step: "enter the landlock rules", errno: unix.EBADF},
		"files":     {change: func(c *Command) { c.Files[1] = closed }, step: "attach stdin, stdout and stderr", errno: unix.EBADF},
		"directory": {change: func(c *Command) { c.Dir = int(null.Fd()) }, step: "enter the working directory", errno: unix.ENOTDIR},
		"limits":    {limit: Rlimit{Resource: 99, Value: 1}, step: "set resource limits", errno: unix.EINVAL},
		"filter":    {change: func(c *Command) { c.Filter = []unix.SockFilter{{Code: 0xffff}} }, step: "load the signal filter", errno: unix.EINVAL},
		"program":   {path: "/nonexistent", step: "execute the program", errno: unix.ENOENT, executing: true},
		"no format": {path: "/etc/passwd", step: "execute the program", errno: unix.EACCES, executing: true},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := command(t, "")
			if tc.change != nil {
				tc.change(c)
			}
			path := "/bin/true"
			if tc.path != "" {
				path = tc.path
			}
			var limits []Rlimit
			if tc.limit.Resource != 0 {
				limits = append(limits, tc.limit)
			}
			if err := c.Prepare(path, []string{"x"}, nil, limits); err != nil {
				t.Fatal(err)
			}
			var err error
			onThread(t, func() { _, err = c.Start() })
			var failed *Error
			if !errors.As(err, &failed) || !errors.Is(err, tc.errno) || failed.Step != tc.step || failed.Executing() != tc.executing || failed.Path != path {
				t.Errorf("got %v, want the step %q and %v", err, tc.step, tc.errno)
			}
			if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); !errors.Is(err, unix.ECHILD) {
				t.Errorf("child %d was left (%v)", pid, err)
			}
		})
	}
}

func TestPrepareRefusesWhatCannotBePassed(t *testing.T) {
	for name, tc := range map[string]struct {
		path      string
		args, env []string
		dir       int
	}{
		"NUL in the path":       {path: "/bin/true\x00", args: []string{"x"}, dir: 3},
		"NUL in an argument":    {path: "/bin/true", args: []string{"x\x00"}, dir: 3},
		"NUL in a variable":     {path: "/bin/true", args: []string{"x"}, env: []string{"A=\x00"}, dir: 3},
		"the executor's stderr": {path: "/bin/true", args: []string{"x"}, dir: 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := Command{Dir: tc.dir, Files: [3]int{3, 3, 3}}
			if err := c.Prepare(tc.path, tc.args, tc.env, nil); err == nil {
				t.Error("no error")
			}
		})
	}
}
