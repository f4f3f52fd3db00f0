package seccomp

import (
	"strings"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

func TestFilterAssembles(t *testing.T) {
	for name, o := range map[string]Options{
		"today's kernels": {GroupToken: 1},
		"legacy":          {GroupToken: 1<<63 | 5, NoTruncate: true},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := assemble(Table(o), noSuchCall)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bpf.Assemble(program); err != nil {
				t.Error(err)
			}
			t.Logf("%d instructions", len(program))
		})
	}
}

// TestTableNamesCalls fails for a name that no architecture has.
func TestTableNamesCalls(t *testing.T) {
	for _, entry := range Table(Options{}) {
		for _, call := range entry.Calls {
			_, amd64 := arch.X86_64.SyscallNames[call]
			_, arm64 := arch.AARCH64.SyscallNames[call]
			if !amd64 && !arm64 {
				t.Errorf("no architecture has a call %s", call)
			}
		}
		if entry.Note == "" {
			t.Errorf("the row of %s has no reason", entry.Calls[0])
		}
	}
}

const token = 7<<40 | 9

// upper is the upper half of a register, which the kernel ignores.
const upper = 1 << 32

func TestFilterAnswersByArguments(t *testing.T) {
	answers, err := NewAnswers(Options{GroupToken: token})
	if err != nil {
		t.Fatal(err)
	}
	id := func(pid int32, kind int32) uint64 { return uint64(uint32(^pid<<3 | kind)) }
	type args = [6]uint64
	for _, tc := range []struct {
		call string
		args args
		want Answer
	}{
		{"read", args{}, Allow},
		{"timerfd_create", args{}, noSuchCall},
		{"vmsplice", args{}, refused},
		{"memfd_create", args{}, noSuchCall},
		{"setpgid", args{0, 0, token}, Allow},
		{"setpgid", args{0, 0, token ^ 1}, refused},
		{"setpgid", args{0, 0, token ^ upper}, refused},
		{"seccomp", args{1, 0, 0, token}, Allow},
		{"seccomp", args{1, 0, token, 0}, refused},
		{"landlock_restrict_self", args{3, 0, token}, Allow},
		{"landlock_restrict_self", args{3}, refused},
		{"utimensat", args{3, 0, 0, 0, token}, Allow},
		{"utimensat", args{3, 0, 0, 0, 0, token}, refused},
		{"clone", args{uint64(unix.SIGCHLD)}, Allow},
		{"clone", args{unix.CLONE_VM | unix.CLONE_VFORK | uint64(unix.SIGCHLD)}, Allow},
		{"clone", args{unix.CLONE_VM | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD}, Allow},
		{"clone", args{unix.CLONE_VM | unix.CLONE_SIGHAND | unix.CLONE_THREAD}, refused},
		{"close_range", args{3, 9, unix.CLOSE_RANGE_CLOEXEC}, Allow},
		{"close_range", args{3, 9, unix.CLOSE_RANGE_UNSHARE}, errno(unix.EINVAL)},
		{"clone", args{unix.CLONE_VM | uint64(unix.SIGCHLD)}, refused},
		{"clone", args{unix.CLONE_PARENT | uint64(unix.SIGCHLD) | upper}, refused},
		{"clone", args{unix.CLONE_NEWUSER}, refused},
		{"clone3", args{}, noSuchCall},
		{"mmap", args{0, 4096, 3, unix.MAP_PRIVATE | unix.MAP_ANON}, Allow},
		{"mmap", args{0, 4096, 3, unix.MAP_SHARED}, Allow},
		{"mmap", args{0, 4096, 3, unix.MAP_SHARED | unix.MAP_ANON | upper}, refused},
		{"mmap", args{0, 4096, 3, unix.MAP_SHARED_VALIDATE | unix.MAP_ANON}, refused},
		{"mmap", args{0, 4096, 3, unix.MAP_PRIVATE | unix.MAP_ANON | unix.MAP_HUGETLB}, refused},
		{"ioctl", args{0, unix.TCGETS}, Allow},
		{"ioctl", args{0, unix.TCGETS | upper}, Allow},
		{"ioctl", args{0, unix.FS_IOC_SETFLAGS}, errno(unix.ENOTTY)},
		{"fcntl", args{0, unix.F_GETFD}, Allow},
		{"fcntl", args{0, unix.F_OFD_SETLK}, success},
		{"fcntl", args{0, unix.F_SETPIPE_SZ | upper}, refused},
		{"fcntl", args{0, 77}, errno(unix.EINVAL)},
		{"flock", args{0, unix.LOCK_EX}, success},
		{"socketpair", args{unix.AF_UNIX, unix.SOCK_STREAM | unix.SOCK_CLOEXEC}, Allow},
		{"socketpair", args{unix.AF_UNIX, unix.SOCK_DGRAM}, refused},
		{"socketpair", args{unix.AF_UNIX, unix.SOCK_RAW}, refused},
		{"socketpair", args{unix.AF_INET, unix.SOCK_STREAM}, refused},
		{"clock_gettime", args{unix.CLOCK_MONOTONIC}, Allow},
		{"clock_gettime", args{id(4711, 2)}, errno(unix.EINVAL)},
		{"clock_gettime", args{id(4711, 2) | upper}, errno(unix.EINVAL)},
		{"clock_gettime", args{id(4711, 2|cpuClockPerThread)}, Allow},
		{"clock_gettime", args{id(0, 2)}, Allow},
		{"clock_nanosleep", args{id(1, 0)}, errno(unix.EINVAL)},
		{"clock_getres", args{id(0, 3)}, errno(unix.EINVAL)}, // a clock by its descriptor
		{"setpriority", args{unix.PRIO_PROCESS, 0, 19}, Allow},
		{"setpriority", args{unix.PRIO_PROCESS, 1, 19}, refused},
		{"setpriority", args{unix.PRIO_USER, 0, 19}, refused},
		{"sched_setscheduler", args{0, unix.SCHED_IDLE}, Allow},
		{"sched_setscheduler", args{1, unix.SCHED_IDLE}, refused},
		{"sched_setaffinity", args{1}, refused},
		{"prlimit64", args{1, 0, 0, 0}, refused},
		{"prctl", args{unix.PR_SET_DUMPABLE}, refused},
		{"prctl", args{unix.PR_SET_NAME}, Allow},
		{"prctl", args{9999}, errno(unix.EINVAL)},
		{"madvise", args{0, 0, unix.MADV_DONTNEED}, Allow},
		{"madvise", args{0, 0, unix.MADV_PAGEOUT}, errno(unix.EINVAL)},
	} {
		info, err := arch.GetInfo("")
		if err != nil {
			t.Fatal(err)
		}
		nr, ok := info.SyscallNames[tc.call]
		if !ok {
			t.Fatalf("no call %s", tc.call)
		}
		if got, err := answers.To(uint32(nr), tc.args); err != nil || got != tc.want {
			t.Errorf("%s %x: %v (%v), want %v", tc.call, tc.args, got, err, tc.want)
		}
	}
}

// TestConstantAnswersNeedNoArguments fails if a call without conditions would run the filter: the
// kernel answers it without, if the program loads nothing but the number and the architecture.
func TestConstantAnswersNeedNoArguments(t *testing.T) {
	answers, err := NewAnswers(Options{GroupToken: token})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range Table(Options{GroupToken: token}) {
		for _, call := range entry.Calls {
			nr, ok := arch.X86_64.SyscallNames[call]
			if !ok || len(entry.Cases) > 0 || arch.X86_64.Name != info(t).Name {
				continue
			}
			// Without the arguments in the data, a program that reads them ends with another answer.
			if got, err := answers.machine.Run(append(word(uint32(nr)), word(auditArch["amd64"])...)); err != nil || Answer(got) != entry.Otherwise {
				t.Errorf("%s: %v (%v), want %v", call, Answer(got), err, entry.Otherwise)
			}
		}
	}
}

func info(t *testing.T) *arch.Info {
	t.Helper()
	found, err := arch.GetInfo("")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAnswersHaveNames(t *testing.T) {
	for answer, want := range map[Answer]string{Allow: "allowed", success: "success", refused: "EPERM", noSuchCall: "ENOSYS"} {
		if got := answer.String(); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
