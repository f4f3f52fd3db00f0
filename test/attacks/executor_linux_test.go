package attacks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/onsi/gomega"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

// executorProgram is cmd/executor, built once, and languageTable is a copy of its table. Every user
// can read both.
var executorProgram, languageTable string

// TestMain is also a launcher. With the arguments refuse, system calls, "--" and a program it
// executes the program under a filter that denies the calls, like a pod's seccomp profile. With the
// arguments nobody and a program it executes the program as an unprivileged user; see also
// execInGroup.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "refuse" {
		fmt.Fprintln(os.Stderr, execFiltered(os.Args[2:]))
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == enter {
		fmt.Fprintln(os.Stderr, execInGroup(os.Args[2:]))
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == "nobody" {
		fmt.Fprintln(os.Stderr, execAsNobody(os.Args[2:]))
		os.Exit(1)
	}
	os.Exit(run(m))
}

// nobody is the id of a user and a group that own nothing.
const nobody = 65534

// unprivilegedCommand returns the command of an executor that runs as nobody if this process is
// root.
func unprivilegedCommand() []string {
	if os.Geteuid() != 0 {
		return []string{executorProgram}
	}
	return []string{os.Args[0], "nobody", executorProgram}
}

func execAsNobody(command []string) error {
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
		return err
	}
	return syscall.Exec(command[0], command, os.Environ())
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "attacks-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	table, err := os.ReadFile("../../executor/toolchain/languages.yaml")
	if err == nil {
		languageTable = filepath.Join(dir, "languages.yaml")
		err = os.WriteFile(languageTable, table, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	executorProgram = filepath.Join(dir, "executor")
	build := exec.Command("go", "build", "-o", executorProgram, "executorpool.dev/cmd/executor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the executor: %v: %s\n", err, out)
		return 1
	}
	return m.Run()
}

// namespaces, in a list of system calls to deny, means clone with a new namespace.
const namespaces = "namespaces"

func execFiltered(args []string) error {
	group := seccomp.SyscallGroup{Action: seccomp.ActionErrno}
	for i, arg := range args {
		if arg == namespaces {
			for _, flag := range []uint64{syscall.CLONE_NEWUSER, syscall.CLONE_NEWNS, syscall.CLONE_NEWPID, syscall.CLONE_NEWNET} {
				group.NamesWithCondtions = append(group.NamesWithCondtions, seccomp.NameWithConditions{Name: "clone",
					Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.BitsSet, Value: flag}}})
			}
			continue
		}
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

// start runs an executor with 2 workers of 2 slots until the test ends. command comes before its
// flags.
func start(t *testing.T, scratch, minimumTier string, command ...string) (pid int, url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	args := append(command[1:], "serve", "--listen", address, "--workers=2", "--threads=2", "--scratch", scratch, "--timeout=60s",
		"--processes=64", "--disk-mib=16", "--languages", languageTable, "--minimum-tier", minimumTier)
	executor := exec.Command(command[0], args...)
	// As variables, so that a test can override them.
	executor.Env = append([]string{"EXECUTOR_MEMORY_MIB=64"}, os.Environ()...)
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

func waitForReady(t *testing.T, url string) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func() (bool, error) {
		got, err := readiness(url)
		return err == nil && got.Ready, err
	}).WithTimeout(30 * time.Second).Should(gomega.BeTrue())
}

func readiness(url string) (*api.Readiness, error) {
	executor, err := client.New(url)
	if err != nil {
		return nil, err
	}
	return executor.Ready(context.Background())
}

// metrics returns the text that Prometheus gets.
func metrics(url string) (string, error) {
	response, err := http.Get(url + api.PathMetrics)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return string(content), err
}
