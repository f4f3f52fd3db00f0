package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"executorpool.dev/rehearse/plan"
	"executorpool.dev/rehearse/program"
	"executorpool.dev/rehearse/summary"
)

// ErrNotAllRight means that the rehearsal was played, but not every submission got its right
// verdict.
var ErrNotAllRight = errors.New("not every submission got its right verdict")

// ErrConfig means that the rehearsal did not begin, because of the configuration or the programs.
var ErrConfig = errors.New("cannot begin")

// Run plays one rehearsal and writes its summary. When ctx ends, it submits nothing more and
// summarizes the outcomes so far.
func Run(ctx context.Context, config Config) error {
	if err := config.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	programs, err := program.Load(os.DirFS(config.Programs))
	if err != nil {
		return fmt.Errorf("%w: programs in %s: %w", ErrConfig, config.Programs, err)
	}
	bodies, err := encode(programs)
	if err != nil {
		return err
	}
	participants := plan.Make(sizes(config, programs))
	progressed := &tally{total: config.Participants * config.Submissions}
	p := &player{
		programs:  programs,
		bodies:    bodies,
		url:       config.URL,
		timeout:   config.Timeout,
		retries:   config.RetryRejected,
		transport: transports(config.Connections, config.Participants),
		tally:     progressed,
		start:     time.Now(),
	}
	stop := progress(config.Stderr, config.Terminal, progressed)
	outcomes := p.play(ctx, participants)
	stop()
	return writeSummary(config, summary.Summarize(summary.Frame{
		Participants: config.Participants,
		Seed:         config.Seed,
		Interrupted:  ctx.Err() != nil,
	}, outcomes))
}

func sizes(config Config, programs []program.Program) plan.Spec {
	spec := plan.Spec{
		Participants:  config.Participants,
		Submissions:   config.Submissions,
		ArrivalWindow: config.ArrivalWindow,
		ThinkTime:     config.ThinkTime,
		Seed:          config.Seed,
	}
	for _, p := range programs {
		spec.Weights = append(spec.Weights, p.Weight)
	}
	return spec
}

// writeSummary writes the summary to the outputs of the configuration. The JSON is one line, so
// that a tool finds it in a log.
func writeSummary(config Config, r summary.Summary) error {
	table := config.Stdout
	if config.JSON == "-" {
		table = config.Stderr
	}
	if err := summary.WriteTable(table, r); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if err := summary.WriteFailures(config.Stderr, r); err != nil {
		return fmt.Errorf("write the failures: %w", err)
	}
	if err := writeJSON(config, r); err != nil {
		return fmt.Errorf("write the JSON summary: %w", err)
	}
	switch {
	case r.Interrupted:
		return fmt.Errorf("%w: interrupted, %d of %d abandoned", ErrNotAllRight, r.Abandoned, r.Submissions)
	case !r.AllRight():
		return fmt.Errorf("%w: %d of %d did", ErrNotAllRight, r.Right, r.Submissions)
	}
	return nil
}

func writeJSON(config Config, r summary.Summary) error {
	if config.JSON == "" {
		return nil
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if config.JSON == "-" {
		_, err = config.Stdout.Write(line)
		return err
	}
	return os.WriteFile(config.JSON, line, 0o644)
}
