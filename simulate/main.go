package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/alecthomas/kong"

	"executorpool.dev/simulate/trace"
)

// options are the flags.
type options struct {
	Only []string `placeholder:"TRACE" help:"Play only these traces."`
	Seed uint64   `help:"Seed of the random arrivals."`
	JSON bool     `help:"Print the figures as JSON."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("simulate"), kong.Description("Plays arrival traces in virtual time against the autoscaler of the pools, the HPA, the KPA "+
		"and fixed fleets, and compares them with lower bounds. It needs no cluster. Equal flags give equal output."))
	if err := o.run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

func (o options) run(out io.Writer) error {
	traces := trace.All(o.Seed)
	for _, name := range o.Only {
		if !slices.ContainsFunc(traces, func(t trace.Trace) bool { return t.Name == name }) {
			return fmt.Errorf("--only=%s: no trace has that name", name)
		}
	}
	var comparisons []comparison
	for _, t := range traces {
		if len(o.Only) == 0 || slices.Contains(o.Only, t.Name) {
			comparisons = append(comparisons, play(t))
		}
	}
	if o.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(comparisons)
	}
	return print(out, comparisons)
}
