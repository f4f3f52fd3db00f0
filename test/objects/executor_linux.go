package main

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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
	"executorpool.dev/executor/settings"
)

// executor is the executor that is fuzzed.
type executor struct {
	url    string
	client *client.Client
	slots  int

	// The rest is that of an executor that the fuzzer started; zero otherwise.
	options  options
	settings settings.Settings
	dir      string // of the executable, the language table and the log
	user     int    // 0 without a user of its own
	cgroup   *cgroup
	mounted  bool // scratch is a tmpfs
	pid      int
	ended    chan struct{} // closed when the process has ended
}

// start connects to the executor of the options, or starts one and waits until it is ready.
func (o options) start() (*executor, error) {
	e := &executor{options: o, url: o.Executor}
	if e.url != "" {
		if err := e.connect(); err != nil {
			return nil, err
		}
		state, err := e.client.State(context.Background())
		if err != nil {
			return nil, err
		}
		e.slots = state.Slots
		return e, nil
	}
	if err := e.install(); err != nil {
		return nil, errors.Join(err, e.stop())
	}
	if err := e.launch(); err != nil {
		return nil, errors.Join(err, e.stop())
	}
	return e, nil
}

func (e *executor) connect() (err error) {
	e.client, err = client.New(e.url, client.WithHTTPClient(&http.Client{Transport: client.NewTransport(), Timeout: time.Minute}))
	return err
}

// install makes the directories, the user's rights and the control groups of the executor.
func (e *executor) install() (err error) {
	s := settings.Default()
	s.Workers, s.Threads, s.DrainDelay, s.Timeout = e.options.Workers, e.options.Threads, 0, 20*time.Second
	s.RecycleAfter = 1e9 // so that a worker that is replaced is a finding
	s.MinimumTier, s.MaximumTier = "RestrictedLegacy", e.options.Tier
	e.slots = int(s.Slots())
	if e.dir, err = os.MkdirTemp("", "objects-"); err != nil {
		return err
	}
	s.Scratch, s.Languages = filepath.Join(e.dir, "scratch"), filepath.Join(e.dir, "languages.yaml")
	if err := errors.Join(os.Chmod(e.dir, 0o755), os.Mkdir(s.Scratch, 0o700)); err != nil {
		return err
	}
	if err := e.build(s.Languages); err != nil {
		return err
	}
	e.settings = s
	if os.Geteuid() != 0 || e.options.NoContainer {
		return nil
	}
	e.user = 20000 + os.Getpid()%10000
	memory := s.Memory()
	if err := syscall.Mount("tmpfs", s.Scratch, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700,uid=%d,gid=%d", memory.Scratch, e.user, e.user)); err != nil {
		return fmt.Errorf("mount the scratch directory: %w", err)
	}
	e.mounted = true
	limit := memory.Total
	if e.options.Memory > 0 {
		limit = e.options.Memory
	}
	e.cgroup, err = newCgroup(filepath.Base(e.dir), limit, e.options.Pids)
	return err
}

// build puts the executable and the language table where every user can read them.
func (e *executor) build(table string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "executor/toolchain/languages.yaml"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(table, content, 0o644); err != nil {
		return err
	}
	path := filepath.Join(e.dir, "executor")
	if e.options.Binary != "" {
		program, err := os.ReadFile(e.options.Binary)
		if err != nil {
			return err
		}
		return os.WriteFile(path, program, 0o755)
	}
	build := exec.Command("go", "build", "-o", path, "executorpool.dev/cmd/executor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the executor: %w: %s", err, out)
	}
	return nil
}

// launch starts the process of the executor and waits up to 30 s until it is ready.
func (e *executor) launch() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	e.settings.Listen, e.url = listener.Addr().String(), "http://"+listener.Addr().String()
	if err := errors.Join(listener.Close(), e.connect()); err != nil {
		return err
	}
	log, err := os.OpenFile(e.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command("/bin/sh", e.command()...)
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent"}
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // its own scheduling group, as in a pod
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	e.pid, e.ended = command.Process.Pid, ended
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		readiness, err := e.client.Ready(context.Background())
		if err == nil && readiness.Ready {
			return nil
		}
		if time.Now().After(deadline) || !e.alive() {
			return fmt.Errorf("the executor did not become ready: %w; its log ends with: %s", err, e.logTail())
		}
	}
}

// command returns the arguments of a shell that joins the control groups, drops all privileges and
// becomes the executor.
func (e *executor) command() []string {
	script, privileges := "", ""
	if e.cgroup != nil {
		for _, dir := range slices.Compact([]string{e.cgroup.memory, e.cgroup.pids}) {
			script += "echo $$ >" + dir + "/cgroup.procs && "
		}
	}
	if e.user != 0 {
		privileges = fmt.Sprintf("setpriv --reuid %d --regid %d --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all ", e.user, e.user)
	}
	arguments := append([]string{"-c", script + "exec " + privileges + `"$0" "$@"`, filepath.Join(e.dir, "executor"), "serve"}, e.settings.Arguments()...)
	return append(arguments, "--languages="+e.settings.Languages, "--maximum-tier="+e.settings.MaximumTier, "--log-format=text")
}

func (e *executor) log() string { return filepath.Join(e.dir, "log") }

// logTail returns the last lines of the executor's log.
func (e *executor) logTail() string {
	content, _ := os.ReadFile(e.log())
	return string(content[max(0, len(content)-600):])
}

// own reports whether the fuzzer started the executor.
func (e *executor) own() bool { return e.dir != "" }

// alive reports whether the process of the executor has not ended, as far as the fuzzer knows.
func (e *executor) alive() bool {
	if e.ended == nil {
		return true
	}
	select {
	case <-e.ended:
		return false
	default:
		return true
	}
}

// restarts returns the number of workers that were replaced, from the metrics of the executor.
func (e *executor) restarts() (float64, error) {
	response, err := http.Get(e.url + api.PathMetrics)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, m := range families["executor_worker_restarts_total"].GetMetric() {
		sum += m.GetCounter().GetValue()
	}
	return sum, nil
}

// kill ends the process of the executor, after 15 s by SIGKILL, and everything in its group.
func (e *executor) kill() {
	if e.ended == nil {
		return
	}
	if e.alive() {
		_ = syscall.Kill(e.pid, syscall.SIGTERM)
	}
	select {
	case <-e.ended:
	case <-time.After(15 * time.Second):
		_ = syscall.Kill(e.pid, syscall.SIGKILL)
		<-e.ended
	}
}

// stop ends the executor and removes what install made. It leaves an executor that the fuzzer did
// not start.
func (e *executor) stop() (err error) {
	e.kill()
	if e.cgroup != nil {
		err = e.cgroup.remove()
	}
	if e.mounted {
		err = errors.Join(err, syscall.Unmount(e.settings.Scratch, syscall.MNT_DETACH))
	}
	if e.dir != "" {
		err = errors.Join(err, os.RemoveAll(e.dir))
	}
	return err
}
