package client_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

// table has a language that starts in a millisecond.
const table = `languages:
  - id: shell
    name: Shell
    sourceFile: main.sh
    version: [/usr/bin/env, --version]
    run:
      command: [/bin/sh, "{store}/{main}"]
`

// startExecutor builds and runs an executor that does not isolate, and returns its URL when it is
// ready.
func startExecutor(t *testing.T) *client.Client {
	t.Helper()
	dir := t.TempDir()
	program, languages := filepath.Join(dir, "executor"), filepath.Join(dir, "languages.yaml")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "executorpool.dev/cmd/executor").CombinedOutput(); err != nil {
		t.Fatalf("build the executor: %v: %s", err, out)
	}
	if err := os.WriteFile(languages, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	cmd := exec.Command(program, "serve", "--listen", address, "--workers=1", "--threads=1", "--minimum-tier=None", "--maximum-tier=None",
		"--drain-delay=0s", "--log-level=warn", "--scratch", filepath.Join(dir, "scratch"), "--languages", languages)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the executor ended with %v", err)
		}
	})
	c, err := client.New("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		readiness, err := c.Ready(t.Context())
		if err == nil && readiness.Ready {
			return c
		}
		if time.Now().After(end) {
			t.Fatalf("the executor is not ready: %+v, %v", readiness, err)
		}
	}
}

func TestExecutorRunsSubmissions(t *testing.T) {
	c := startExecutor(t)
	var timing client.Timing
	result, err := c.Execute(t.Context(), &api.Request{Language: "shell", Source: "cat; echo \"<$1>\"", Stdin: "a&b ", Args: []string{"c"}},
		client.WithTiming(&timing))
	if err != nil || result.Verdict != api.OK || len(result.Runs) != 1 || result.Runs[0].Stdout != "a&b <c>\n" {
		t.Fatalf("result %+v, %v", result, err)
	}
	if wall := time.Duration(result.Runs[0].WallMillis) * time.Millisecond; timing.Wait < wall-time.Millisecond {
		t.Errorf("waited %s for a run of %s", timing.Wait, wall)
	}
	if _, err := c.Execute(t.Context(), &api.Request{Language: "shell", Source: "exit 0"}, client.AsCanary(), client.WithoutQueue()); err != nil {
		t.Error(err)
	}
	_, err = c.Execute(t.Context(), &api.Request{Language: "cobol", Source: "x"})
	if problem, ok := errors.AsType[*api.Problem](err); !ok || problem.Type != api.TypeUnknownLanguage {
		t.Errorf("error %v, want an unknown language", err)
	}
	totals, err := c.Totals(t.Context())
	if err != nil || totals.Answered != 1 || totals.Verdicts[api.OK] != 1 || totals.Rejections[api.ReasonUnknownLanguage] != 1 {
		t.Errorf("totals %+v, %v", totals, err)
	}
	state, err := c.State(t.Context())
	if err != nil || state.Slots != 1 || state.Finished != 2 {
		t.Errorf("state %+v, %v", state, err)
	}
	languages, err := c.Languages(t.Context())
	if err != nil || len(languages) != 1 || languages[0].ID != "shell" {
		t.Errorf("languages %+v, %v", languages, err)
	}
	if err := c.Healthz(t.Context()); err != nil {
		t.Error(err)
	}
}
