package executor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/gomega"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/worker"
)

// The tests run whole executors: the test binary starts itself as the supervisor, which starts it
// as the workers. A race that the detector finds in these processes fails the test.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	var err error
	switch os.Args[1] {
	case "worker":
		err = worker.Main()
	case "serve":
		err = serveForTest(os.Args[2])
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveForTest(settings string) error {
	var s testSettings
	if err := json.Unmarshal([]byte(settings), &s); err != nil {
		return err
	}
	s.Options.Log = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	// The probe starts its binary as an attacker under limits that a binary with the race detector
	// exceeds. The probe has its own tests. Workers fail to start if the tier does not hold.
	s.Options.Probe = func(context.Context, string, []string) (sandbox.Tier, string) { return s.Tier, "given by the test" }
	return Run(context.Background(), s.Options)
}

type testSettings struct {
	Options Options
	Tier    sandbox.Tier
	Unready bool // do not wait for readiness
}

// executorProcess is an executor process under test.
type executorProcess struct {
	t       *testing.T
	cmd     *exec.Cmd
	url     string
	client  *http.Client
	done    chan struct{}
	exit    int
	logLock sync.Mutex
	log     bytes.Buffer
}

// startExecutor starts an executor with 2 workers of 2 slots each and waits until it is ready.
// change may change its settings.
func startExecutor(t *testing.T, change func(*testSettings)) *executorProcess {
	t.Helper()
	s := testSettings{Tier: sandbox.Restricted, Options: Options{
		Listen: "127.0.0.1:0", Workers: 2, Threads: 2, Timeout: 20 * time.Second,
		QueueCapacity: 128, QueueWait: time.Minute, RecycleAfter: 1_000_000, MinimumTier: sandbox.RestrictedLegacy,
		Limits: sandbox.Limits{CPU: 10 * time.Second, Wall: 20 * time.Second, Memory: 64 << 20, Output: 64 << 10, Processes: 16, Disk: 1 << 20},
		// The tests use only the directory itself, never its content.
		Scratch: t.TempDir(), Languages: []string{filepath.Join(workingDir(t), "testdata", "languages.yaml")},
		MaxBody: 16 << 20, MaxBuffered: 256 << 20, WorkerCommand: []string{"/proc/self/exe", "worker"},
	}}
	if change != nil {
		change(&s)
	}
	settings, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	r := &executorProcess{
		t: t, cmd: exec.Command(os.Args[0], "serve", string(settings)), done: make(chan struct{}),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2000}},
	}
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	go r.follow(stderr, address)
	t.Cleanup(r.cleanUp)
	select {
	case a := <-address:
		r.url = "http://" + a
	case <-r.done:
		t.Fatalf("the executor ended with exit code %d:\n%s", r.exit, r.logged())
	}
	if !s.Unready {
		r.eventually(func() int { status, _, _ := r.get(api.PathReadyz); return status }, http.StatusOK)
	}
	return r
}

func workingDir(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// follow stores the log, sends the address that the log contains, and reaps the process at the end
// of the log.
func (r *executorProcess) follow(stderr io.Reader, address chan<- string) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		r.logLock.Lock()
		r.log.Write(append(lines.Bytes(), '\n'))
		r.logLock.Unlock()
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "executor serves" {
			address <- line.Address
		}
	}
	_ = r.cmd.Wait() // the caller checks the exit code
	r.exit = r.cmd.ProcessState.ExitCode()
	close(r.done)
}

func (r *executorProcess) logged() string {
	r.logLock.Lock()
	defer r.logLock.Unlock()
	return r.log.String()
}

func (r *executorProcess) cleanUp() {
	_ = r.cmd.Process.Kill()
	<-r.done
	if strings.Contains(r.logged(), "DATA RACE") || r.t.Failed() {
		r.t.Errorf("log of the executor:\n%s", r.logged())
	}
}

func (r *executorProcess) signal(sig syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		r.t.Fatal(err)
	}
}

// exitCode waits for the end of the process and returns its exit code.
func (r *executorProcess) exitCode() int {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(time.Minute):
		r.t.Fatal("the executor does not exit")
	}
	return r.exit
}

func (r *executorProcess) eventually(got func() int, want int) {
	r.t.Helper()
	gomega.NewWithT(r.t).Eventually(got).WithTimeout(30 * time.Second).WithPolling(2 * time.Millisecond).Should(gomega.Equal(want))
}

// get returns the status and the body of any path. The tests compare the status codes of /readyz
// and /healthz, and /metrics is not a document of executor/client.
func (r *executorProcess) get(path string) (status int, body []byte, err error) {
	response, err := r.client.Get(r.url + path)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// newClient returns a client of the API of the executor.
func (r *executorProcess) newClient() *client.Client {
	r.t.Helper()
	c, err := client.New(r.url, client.WithHTTPClient(r.client))
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *executorProcess) state() api.State {
	r.t.Helper()
	state, err := r.newClient().State(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return *state
}

func (r *executorProcess) queued() int { return r.state().Queued }
func (r *executorProcess) busy() int   { return r.state().Busy }

// metric returns the value of the gauge or counter with exactly these labels ("name", "value",
// ...).
func (r *executorProcess) metric(name string, labels ...string) float64 {
	r.t.Helper()
	_, body, err := r.get(api.PathMetrics)
	if err != nil {
		r.t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range families[name].GetMetric() {
		var have []string
		for _, l := range m.GetLabel() {
			have = append(have, l.GetName(), l.GetValue())
		}
		if strings.Join(have, " ") == strings.Join(labels, " ") {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	r.t.Fatalf("no metric %s %q", name, labels)
	return 0
}

// workers returns the process ids of the workers.
func (r *executorProcess) workers() []int {
	r.t.Helper()
	return children(r.t, r.cmd.Process.Pid)
}

func children(t *testing.T, parent int) []int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(data)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}
