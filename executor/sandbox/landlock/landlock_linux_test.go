package landlock

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestMain is also the program that enters a ruleset: with an ABI, the directory of the files, a
// port and a pid as arguments it prints the result of each attempt.
func TestMain(m *testing.M) {
	if len(os.Args) == 6 && os.Args[1] == "enter" {
		if err := enter(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func enter(args []string) error {
	numbers := make([]int, 4)
	for _, i := range []int{0, 2, 3} {
		var err error
		if numbers[i], err = strconv.Atoi(args[i]); err != nil {
			return err
		}
	}
	dir := args[1]
	rules, err := New(numbers[0])
	if err != nil {
		return err
	}
	for path, rights := range map[string]uint64{"read": ReadExec, "own": All, "file": ReadWrite, "absent": All} {
		if err := rules.Allow(filepath.Join(dir, path), rights); err != nil {
			return err
		}
	}
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules.FD()), 0, 0); errno != 0 {
		return errno
	}
	if err := rules.Close(); err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	open := func(name string, flags int) func() error {
		return func() error {
			fd, err := unix.Open(at(name), flags, 0o600)
			if err == nil {
				err = unix.Close(fd)
			}
			return err
		}
	}
	for _, try := range []struct {
		name string
		do   func() error
	}{
		{"read allowed", open("read/f", unix.O_RDONLY)},
		{"write read-only", open("read/f", unix.O_WRONLY)},
		{"create read-only", open("read/new", unix.O_WRONLY|unix.O_CREAT)},
		{"list read-only", open("read", unix.O_RDONLY|unix.O_DIRECTORY)},
		{"write single file", open("file", unix.O_RDWR)},
		{"create in own", open("own/new", unix.O_RDWR|unix.O_CREAT)},
		{"make directory in own", func() error { return unix.Mkdir(at("own/d"), 0o700) }},
		{"make link in own", func() error { return unix.Symlink("x", at("own/l")) }},
		{"make socket in own", func() error { return unix.Mknod(at("own/s"), unix.S_IFSOCK|0o600, 0) }},
		{"remove in own", func() error { return unix.Unlink(at("own/new")) }},
		{"read outside", open("outside", unix.O_RDONLY)},
		{"list outside", open(".", unix.O_RDONLY|unix.O_DIRECTORY)},
		{"remove outside", func() error { return unix.Unlink(at("outside")) }},
		{"truncate outside", func() error { return unix.Truncate(at("outside"), 0) }},
		{"link outside in", func() error { return unix.Link(at("outside"), at("own/stolen")) }},
		{"connect", func() error { return connect(numbers[2]) }},
		{"signal", func() error { return unix.Kill(numbers[3], 0) }},
	} {
		fmt.Printf("%s: %v\n", try.name, errnoOf(try.do()))
	}
	return nil
}

func connect(port int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
}

func errnoOf(err error) string {
	var errno unix.Errno
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &errno):
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

// TestRulesDenyAllButWhatIsAllowed enters the rules of each ABI that this kernel knows, and makes
// all attempts.
func TestRulesDenyAllButWhatIsAllowed(t *testing.T) {
	if ABI() < ScopeABI {
		t.Fatalf("this kernel's Landlock has ABI %d; the sandbox's tests need %d (Linux 6.12)", ABI(), ScopeABI)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	for abi := 1; abi <= ABI(); abi++ {
		t.Run(fmt.Sprintf("ABI %d", abi), func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"read", "own"} {
				if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{"read/f", "file", "outside"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.Command(os.Args[0], "enter", strconv.Itoa(abi), dir, strconv.Itoa(port), strconv.Itoa(os.Getpid())).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			from := func(least int, denied string) string {
				if abi < least {
					return "done"
				}
				return denied
			}
			want := []string{
				"read allowed: done", "write read-only: EACCES", "create read-only: EACCES", "list read-only: done",
				"write single file: done", "create in own: done", "make directory in own: done", "make link in own: done",
				"make socket in own: EACCES", "remove in own: done",
				"read outside: EACCES", "list outside: EACCES", "remove outside: EACCES",
				"truncate outside: " + from(3, "EACCES"),
				// Without the right to refer, of ABI 2, linking between directories is always
				// denied.
				"link outside in: EXDEV",
				"connect: " + from(4, "EACCES"), "signal: " + from(ScopeABI, "EPERM"),
			}
			if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(string(out)), "\n")); diff != "" {
				t.Errorf("what could be done (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllowNamesWhatItCannotOpen(t *testing.T) {
	rules, err := New(ABI())
	if err != nil {
		t.Fatal(err)
	}
	defer rules.Close()
	if err := rules.Allow(strings.Repeat("x", 5000), ReadExec); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Errorf("error %v, want ENAMETOOLONG", err)
	}
	if err := rules.Allow(filepath.Join(t.TempDir(), "absent"), All); err != nil {
		t.Errorf("a path that does not exist: %v", err)
	}
}

func TestHandledRightsGrowWithTheABI(t *testing.T) {
	last := uint64(0)
	for abi, want := range map[int]uint64{
		1: 1<<13 - 1, 2: 1<<14 - 1, 3: 1<<15 - 1, 4: 1<<15 - 1, 5: 1<<16 - 1, 6: 1<<16 - 1, 7: 1<<16 - 1,
	} {
		if got := handledFS(abi); got != want {
			t.Errorf("ABI %d handles %#x, want %#x", abi, got, want)
		}
		last = max(last, want)
	}
	if All&^last != 0 {
		t.Errorf("rights %#x are allowed and never handled", All&^last)
	}
}
