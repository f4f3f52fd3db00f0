package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"executorpool.dev/controllers/manager"
)

const (
	receivedMetric = "scale_received_bytes_total"
	debugPrefix    = "listening on "
)

// managerCommand runs a manager with the defaults of cmd/manager, except for the address of the
// executors.
type managerCommand struct {
	Kubeconfig string
	Executors  string
	QPS        float32 `name:"qps" default:"50"`
}

// Run prints the address of /metrics and the profiles, and runs the manager until SIGTERM.
func (m managerCommand) Run(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", m.Kubeconfig)
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS, config.Burst = m.QPS, int(2*m.QPS)
	var received atomic.Int64
	config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return counted{conn, &received}, err
	}
	metrics.Registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: receivedMetric, Help: "Bytes from the API server."},
		func() float64 { return float64(received.Load()) }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	go func() { _ = http.Serve(listener, mux) }()
	fmt.Println(debugPrefix + listener.Addr().String())

	log := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, nil))
	ctrl.SetLogger(log)
	return manager.Run(ctx, manager.Config{
		REST: config, Log: log, ExecutorImage: "registry.test/executor:1", Workers: 8,
		LeaderElection: manager.LeaderElection{Enabled: true, ID: "scale", Namespace: "default",
			Lease: 15 * time.Second, Renew: 10 * time.Second, Retry: 2 * time.Second},
		MetricsAddress: "0", ProbeAddress: "0", ShutdownTimeout: 10 * time.Second, Dial: dialTo(m.Executors),
	})
}

type counted struct {
	net.Conn
	received *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.received.Add(int64(n))
	return n, err
}

// process is a running manager.
type process struct {
	cmd   *exec.Cmd
	debug string
	began time.Time
	ended chan error
}

func startManager(ctx context.Context, f *fleet, qps int) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "manager", "--kubeconfig="+f.plane.kubeconfig, "--executors="+f.executors.address(), "--qps="+strconv.Itoa(qps))
	// Only warnings and errors are shown.
	cmd.Stderr = &faults{to: os.Stderr}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the manager: %w", err)
	}
	p := &process{cmd: cmd, began: time.Now(), ended: make(chan error, 1)}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the manager: %w", err)
	}
	line := make([]byte, 256)
	n, err := out.Read(line)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the address of the manager: %w", err), cmd.Process.Kill(), cmd.Wait())
	}
	p.debug = "http://" + strings.TrimSpace(strings.TrimPrefix(string(line[:n]), debugPrefix))
	go func() { p.ended <- cmd.Wait() }()
	return p, nil
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the manager: %w", err)
	}
	if err := <-p.ended; err != nil {
		return fmt.Errorf("the manager failed: %w", err)
	}
	return nil
}

// kill ends a manager that was not stopped.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

func (p *process) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.debug+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("get %s from the manager: %w", path, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s from the manager: it answered %d", path, response.StatusCode)
	}
	return io.ReadAll(response.Body)
}

// faults forwards the log lines that are warnings or errors, except those that a stop causes.
type faults struct{ to io.Writer }

func (f *faults) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if !strings.Contains(line, `"level":"INFO"`) && !strings.Contains(line, "context canceled") && !strings.Contains(line, "stop sequence") {
			fmt.Fprint(f.to, line)
		}
	}
	return len(b), nil
}
