// Command executor runs contestants' programs behind an HTTP API: a supervisor with a bounded
// queue, and worker processes with slots that sandbox every run.
//
// The exit code is 0 after a complete drain, 1 after a failure or a second signal, and 2 for
// invalid flags.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"executorpool.dev/executor"
	"executorpool.dev/executor/sandbox/probe"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/worker"
)

const description = `Compiles and runs untrusted programs and answers with verdicts, over HTTP.

Example: serve on port 8000 with 4 worker processes of 2 slots each:
  executor serve --workers 4 --threads 2
  curl -H 'Content-Type: application/json' localhost:8000/v1/execute -d '{"language": "python3", "source": "print(6*7)"}'

executor serve --help lists the flags; each has an environment variable, --queue-wait has EXECUTOR_QUEUE_WAIT.
SIGTERM drains the executor and ends it, SIGHUP replaces the worker processes one after the other.`

// version is set by the build.
var version = "dev"

type flags struct {
	Serve   settings.Settings `cmd:"" help:"Serve submissions until SIGTERM or SIGINT."`
	Version struct{}          `cmd:"" help:"Print the version."`
	Worker  struct{}          `cmd:"" hidden:"" help:"A worker process; started by serve."`
}

func main() {
	// A process that is started as a step of the sandbox does not return from Reexec.
	probe.Reexec()
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var parsed flags
	exited := -1
	parser, err := kong.New(&parsed, kong.Name("executor"), kong.Description(description), kong.DefaultEnvars(settings.VariablePrefix),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }),
		kong.ValueFormatter(describe), kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}))
	if err != nil {
		return fail(stderr, 1, err, "")
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help has been printed
		return exited
	}
	if err != nil {
		return fail(stderr, 2, err, " (see executor --help)")
	}
	switch command.Command() {
	case "version":
		_, err = fmt.Fprintln(stdout, buildVersion())
	case "worker":
		err = worker.Main()
	default:
		var o executor.Options
		if o, err = options(parsed.Serve, stderr); err != nil {
			return fail(stderr, 2, err, " (see executor serve --help)")
		}
		if err = setTimerSlack(); err != nil {
			return fail(stderr, 1, err, "")
		}
		memory := parsed.Serve.Memory()
		o.Log.Info("resources needed", "memoryMiB", memory.Total, "scratchMiB", memory.Scratch,
			"gracePeriodSeconds", parsed.Serve.Drain().GracePeriodSeconds())
		err = executor.Run(ctx, o)
	}
	if err != nil {
		return fail(stderr, 1, err, "")
	}
	return 0
}

func fail(stderr io.Writer, code int, err error, hint string) int {
	_, _ = fmt.Fprintf(stderr, "executor: %v%s\n", err, hint)
	return code
}

// buildVersion returns the version that the build set, or else the revision that the go command
// recorded.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "dev" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "dev-" + s.Value[:12]
			}
		}
	}
	return version
}
