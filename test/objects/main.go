package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// options are the flags.
type options struct {
	Duration time.Duration `default:"20m" help:"Time for which to fuzz, without the first measurements and minimising."`
	Seed     uint64        `default:"1" help:"Seed of the first program. The next programs have the next seeds."`
	Replay   []uint64      `placeholder:"SEED" help:"Repeat the programs of these seeds, instead of drawing new ones."`
	Program  string        `placeholder:"TEXT" help:"Repeat this program, with the limits of the seeds."`
	Minimise time.Duration `default:"2m" help:"Time to minimise the programs of the first findings; 0s is off."`
	Divisor  int64         `default:"1" help:"Divides the highest sizes of the programs."`

	Executor    string   `placeholder:"URL" help:"Executor to fuzz. By default objects starts its own; only then does it see processes, files and memory."`
	Binary      string   `type:"existingfile" placeholder:"EXECUTABLE" help:"Executor to start. By default objects builds cmd/executor."`
	Tier        string   `default:"Restricted" help:"Highest tier of the executor that objects starts."`
	Workers     int64    `default:"1" help:"Workers of the executor that objects starts."`
	Threads     int64    `default:"4" help:"Slots of each worker."`
	Pids        int64    `default:"1024" help:"pids.max of the control group."`
	Memory      int64    `placeholder:"MIB" help:"Memory of the control group. By default what settings.Memory sums for a pod."`
	NoContainer bool     `help:"Start the executor without control groups, user and tmpfs, also as root."`
	Languages   []string `default:"c,python3,java" help:"Languages of the honest programs."`
	Quiet       int      `default:"40" help:"Honest programs of each language to measure before the fuzzing."`
	Phase       struct {
		Fair time.Duration `default:"15s" help:"Length of the phase with as many submissions as cores."`
		Full time.Duration `default:"25s" help:"Length of the phase with all slots."`
	} `embed:"" prefix:"phase-"`
	Settle time.Duration `default:"5s" help:"Time in which an executor without submissions must become idle and clean."`
	Bar    float64       `default:"1.2" help:"Highest ratio of the honest programs' wall time, at the 95th percentile."`

	cores  int
	output io.Writer
}

func main() {
	o := options{cores: runtime.NumCPU(), output: os.Stdout}
	kong.Parse(&o, kong.Name("objects"), kong.Description("Fuzzes the sandbox with programs of makers of kernel objects, beside honest programs."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	found, err := run(ctx, o)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "objects:", err)
		os.Exit(2)
	case len(found) > 0:
		os.Exit(1)
	}
}

// run fuzzes and returns the findings. The end of the context ends the fuzzing early.
func run(ctx context.Context, o options) (found []finding, err error) {
	f := newFuzzer(o)
	for _, seed := range o.Replay {
		c := draw(seed, o.Divisor)
		fmt.Fprintf(o.output, "seed %d, limits %+v: %s\n", seed, c.limits, c.text)
	}
	if f.executor, err = o.start(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.executor.stop()) }()
	watching, end := context.WithCancel(context.Background())
	defer end()
	if err := f.prepare(watching); err != nil {
		return nil, err
	}
	f.begun = time.Now()
	var watchers sync.WaitGroup
	watchers.Go(func() { f.watch(watching) })
	watchers.Go(func() { f.progress(watching) })
	f.measure(ctx)
	for begun := time.Now(); time.Since(begun) < o.Duration && ctx.Err() == nil; {
		f.cycle(ctx, begun.Add(o.Duration))
	}
	f.judgeTimes()
	f.minimise(ctx)
	end()
	watchers.Wait()
	f.report()
	return f.found.all(), nil
}
