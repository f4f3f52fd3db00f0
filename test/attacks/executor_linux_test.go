package attacks

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	seccomp "github.com/elastic/go-seccomp-bpf"
)

// executorProgram is cmd/executor, built once.
var executorProgram string

// TestMain is also a launcher: called with refuse and system calls, then --, then a program, it becomes that program under
// a filter that refuses the calls, as a pod's seccomp profile does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "refuse" {
		fmt.Fprintln(os.Stderr, refuse(os.Args[2:]))
		os.Exit(1)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "attacks-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	executorProgram = filepath.Join(dir, "executor")
	build := exec.Command("go", "build", "-o", executorProgram, "executorpool.dev/cmd/executor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the executor: %v: %s\n", err, out)
		return 1
	}
	return m.Run()
}

func refuse(args []string) error {
	group := seccomp.SyscallGroup{Action: seccomp.ActionErrno}
	for i, arg := range args {
		if arg != "--" {
			group.Names = append(group.Names, arg)
			continue
		}
		err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync,
			Policy: seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: []seccomp.SyscallGroup{group}}})
		if err != nil {
			return fmt.Errorf("load the launcher's filter: %w", err)
		}
		return syscall.Exec(args[i+1], args[i+1:], os.Environ())
	}
	return fmt.Errorf("no -- in %q", args)
}

// start runs an executor of 2 workers with 2 slots each, by the words of command and then its flags, until the test ends.
func start(t *testing.T, scratch, minimumTier string, command ...string) (pid int, url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	args := append(command[1:], "serve", "--listen", address, "--workers=2", "--threads=2", "--scratch", scratch, "--timeout=20s",
		"--memory-mib=64", "--processes=64", "--disk-mib=16", "--languages=../../executor/toolchain/languages.yaml", "--minimum-tier", minimumTier)
	executor := exec.Command(command[0], args...)
	var log bytes.Buffer
	executor.Stdout, executor.Stderr = &log, &log
	if err := executor.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = executor.Process.Kill()
		_ = executor.Wait()
		if t.Failed() {
			t.Logf("log of the executor:\n%s", log.String())
		}
	})
	return executor.Process.Pid, "http://" + address
}

func get(url string) (status int, body string, err error) {
	response, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}
