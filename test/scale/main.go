package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

type options struct {
	Measure measureCommand `cmd:"" default:"withargs" help:"Measure fleets of each size."`
	Manager managerCommand `cmd:"" hidden:""`
}

type measureCommand struct {
	Pools   []int         `default:"100,500,1000,2000" help:"Sizes of the fleet, in ascending order."`
	Window  time.Duration `default:"60s" help:"Length of the measurement at rest. The measurement at work takes a third of it."`
	Profile string        `type:"path" placeholder:"FOLDER" help:"Directory for the manager's CPU and heap profiles."`
}

func main() {
	var o options
	parsed := kong.Parse(&o, kong.Name("scale"), kong.Description("Measures the resources that the manager needs with many pools. It needs no cluster. "+
		"KUBEBUILDER_ASSETS must name the directory that `go run ./test/localcluster assets --controllers` prints."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctrl.SetLogger(logr.Discard())
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		stop()
		os.Exit(1)
	}
}

func (m measureCommand) Run(ctx context.Context) (err error) {
	for i, n := range m.Pools {
		if n < 1 || i > 0 && n <= m.Pools[i-1] {
			return errors.New("--pools must be positive numbers in ascending order, such as 100,500")
		}
	}
	work, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return fmt.Errorf("create a directory: %w", err)
	}
	defer os.RemoveAll(work)
	e := newExecutors()
	defer e.stop()
	plane, err := startPlane(ctx, work)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plane.stop()) }()
	f := &fleet{plane: plane, executors: e}
	playing, stop := context.WithCancel(ctx)
	// The kubelet stops before the API server, which waits until its watches have ended.
	defer stop()
	if err := startKubelet(playing, plane, e); err != nil {
		return err
	}
	var rows []row
	for _, pools := range m.Pools {
		at, err := m.measure(ctx, f, pools)
		if err != nil {
			return errors.Join(print(os.Stdout, rows), fmt.Errorf("%d pools: %w", pools, err))
		}
		rows = append(rows, at...)
		if err := print(os.Stderr, at); err != nil {
			return err
		}
	}
	return errors.Join(print(os.Stdout, rows), judge(rows))
}
