package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	seccomp "github.com/elastic/go-seccomp-bpf"
)

// executorProgram is cmd/executor, built once; defaults is an executor with default settings, which
// all tests share.
var (
	executorProgram string
	defaults        *executor
)

// TestMain is also a launcher: called with the word "refuse" and a command, it becomes that command
// under a filter that refuses Landlock, as a kernel without Landlock does.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "refuse" {
		fmt.Fprintln(os.Stderr, refuseLandlock(os.Args[2:]))
		os.Exit(1)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "openapi-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	executorProgram = filepath.Join(dir, "executor")
	build := exec.Command("go", "build", "-C", "../..", "-o", executorProgram, "./cmd/executor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the executor: %w: %s", err, out)
	}
	defaults, err = launch([]string{executorProgram})
	if err != nil {
		return 0, err
	}
	defer defaults.stop()
	if err := defaults.becomes(http.StatusOK); err != nil {
		return 0, err
	}
	if code = m.Run(); code != 0 {
		fmt.Fprintf(os.Stderr, "log of the executor with default settings:\n%s", defaults.log.String())
	}
	return code, nil
}

func refuseLandlock(command []string) error {
	err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls:      []seccomp.SyscallGroup{{Action: seccomp.ActionErrno, Names: []string{"landlock_restrict_self"}}},
	}})
	if err != nil {
		return fmt.Errorf("load the launcher's filter: %w", err)
	}
	return syscall.Exec(command[0], command, os.Environ())
}

// executor is a running process.
type executor struct {
	url     string
	process *exec.Cmd
	scratch string
	log     bytes.Buffer
}

// launch starts an executor with default settings but for its address, its directories and the
// flags.
func launch(command []string, flags ...string) (*executor, error) {
	// In memory, as a pod's scratch space is.
	scratch, err := os.MkdirTemp("/dev/shm", "openapi-")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	args := append(command[1:], "serve", "--listen", address, "--scratch", scratch, "--languages=../../executor/toolchain/languages.yaml")
	e := &executor{url: "http://" + address, scratch: scratch, process: exec.Command(command[0], append(args, flags...)...)}
	e.process.Stdout, e.process.Stderr = &e.log, &e.log
	return e, e.process.Start()
}

func (e *executor) stop() {
	_ = e.process.Process.Kill()
	_ = e.process.Wait()
	_ = os.RemoveAll(e.scratch)
}

// becomes waits until /readyz answers with the status.
func (e *executor) becomes(status int) error {
	var last error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(e.url + "/readyz")
		if err == nil {
			err = response.Body.Close()
		}
		if err == nil && response.StatusCode == status {
			return nil
		}
		if last = err; err == nil {
			last = errors.New(response.Status)
		}
	}
	return fmt.Errorf("/readyz did not become %d: %w: %s", status, last, e.log.String())
}

// start launches an executor for one test and waits until /readyz answers with the status.
func start(t *testing.T, status int, command []string, flags ...string) *executor {
	t.Helper()
	e, err := launch(command, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.stop()
		if t.Failed() {
			t.Logf("log of the executor:\n%s", e.log.String())
		}
	})
	if err := e.becomes(status); err != nil {
		t.Fatal(err)
	}
	return e
}
