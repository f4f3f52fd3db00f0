// Command rehearse plays the participants of a contest against an executor pool and summarizes the
// pool's answers.
//
// It exits 0 when every submission got its right verdict or the pool is ready, 1 when not, and 2
// when the rehearsal or the wait could not begin.
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
	"golang.org/x/term"

	"executorpool.dev/rehearse"
)

const description = `Plays the participants of a contest against an executor pool and summarizes verdicts, waits and losses.

Example: 200 participants at once, with the programs in ./contest:
  rehearse --url http://demo:8000 --programs ./contest --participants 200 --json before.json
  rehearse compare before.json after.json

Example: wait until a pool of 10 replicas is behind its address:
  rehearse wait --url http://demo:8000 --replicas 10 --timeout 60s

rehearse run --help lists the flags of a rehearsal.`

// version is set by the build.
var version = "dev"

type flags struct {
	Version kong.VersionFlag `env:"-" help:"Print the version."`

	Run     runFlags     `cmd:"" default:"withargs" help:"Play a rehearsal (the default command)."`
	Wait    waitFlags    `cmd:"" help:"Wait until a pool is ready."`
	Compare compareFlags `cmd:"" help:"Write the JSON summaries of two rehearsals side by side."`
}

type runFlags struct {
	URL           string        `name:"url" required:"" placeholder:"http://demo:8000" help:"Base address of the pool."`
	Programs      string        `required:"" placeholder:"DIR" help:"Folder of programs: NAME.EXT with NAME.in (input) and NAME.out (expected output). A comment such as \"rehearse: weight=3 language=cpp20 verdict=TimeLimit\" in a source's first five lines sets what the name does not say."`
	Participants  int           `default:"200" help:"Number of participants."`
	Submissions   int           `default:"1" help:"Submissions each participant makes, one after the other."`
	ArrivalWindow time.Duration `default:"0s" help:"Time over which the participants' first submissions spread evenly at random; 0s is all at once."`
	ThinkTime     time.Duration `default:"0s" help:"Mean pause between an answer and the participant's next submission, exponentially distributed."`
	Seed          uint64        `default:"1" help:"Seed of everything drawn at random; the same seed submits the same programs at the same times."`
	Timeout       time.Duration `default:"120s" help:"Longest wait for one submission's answer, retries included; a submission without an answer by then is lost."`
	Connections   string        `enum:"per-participant,shared" default:"per-participant" help:"per-participant: each has a connection of its own, which a Service spreads over the replicas; shared: all use one set of kept-alive connections, as a platform's backend does."`
	RetryRejected int           `default:"0" placeholder:"N" help:"Repeat a submission answered 503 up to N times, each after its Retry-After; with 0, the default, a 503 counts as rejected."`
	JSON          string        `name:"json" placeholder:"FILE" help:"Write the summary as one line of JSON to FILE; - is standard output, and the table goes to standard error then."`
}

type waitFlags struct {
	URL      string        `name:"url" required:"" placeholder:"http://demo:8000" help:"Base address of the pool."`
	Replicas int           `default:"0" placeholder:"N" help:"Wait until exactly N replicas answer at the address; 0, the default, waits until the address is ready. Each replica is found by connections of its own, as a Service spreads them."`
	Timeout  time.Duration `default:"60s" help:"Longest wait; exit code 1 after it."`
}

type compareFlags struct {
	Before       string  `arg:"" help:"JSON summary of the first rehearsal."`
	After        string  `arg:"" help:"JSON summary of the second rehearsal."`
	MaxWaitRatio float64 `default:"0" placeholder:"RATIO" help:"Fail unless both are all right and the second's p95 queue wait is below RATIO times the first's; 0, the default, checks nothing."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	var parsed flags
	parser := kong.Must(&parsed, kong.Name("rehearse"), kong.Description(description), kong.Vars{"version": version}, kong.DefaultEnvars("REHEARSE"),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}))
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "rehearse: %v (see rehearse --help)\n", err)
		return 2
	}
	switch command.Selected().Name {
	case "compare":
		err = rehearse.Compare(rehearse.Comparison{
			Before:       parsed.Compare.Before,
			After:        parsed.Compare.After,
			MaxWaitRatio: parsed.Compare.MaxWaitRatio,
			Stdout:       os.Stdout,
		})
	case "wait":
		err = rehearse.Wait(ctx, rehearse.WaitConfig{
			URL:      parsed.Wait.URL,
			Replicas: parsed.Wait.Replicas,
			Timeout:  parsed.Wait.Timeout,
			Stderr:   os.Stderr,
			Terminal: term.IsTerminal(int(os.Stderr.Fd())),
		})
	default:
		err = rehearse.Run(ctx, parsed.Run.config())
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, rehearse.ErrConfig):
		fmt.Fprintf(os.Stderr, "rehearse: %v\n", err)
		return 2
	default:
		fmt.Fprintf(os.Stderr, "rehearse: %v\n", err)
		return 1
	}
}

func (f runFlags) config() rehearse.Config {
	return rehearse.Config{
		URL:           f.URL,
		Programs:      f.Programs,
		Participants:  f.Participants,
		Submissions:   f.Submissions,
		ArrivalWindow: f.ArrivalWindow,
		ThinkTime:     f.ThinkTime,
		Seed:          f.Seed,
		Timeout:       f.Timeout,
		Connections:   rehearse.Connections(f.Connections),
		RetryRejected: f.RetryRejected,
		JSON:          f.JSON,
		Stdout:        os.Stdout,
		Stderr:        os.Stderr,
		Terminal:      term.IsTerminal(int(os.Stderr.Fd())),
	}
}
