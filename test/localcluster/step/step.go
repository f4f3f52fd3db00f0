// Package step tells a person at a terminal what is being done, and how long it took once it is done: one line a step.
// It is not a logger: nothing reads its lines but people.
package step

import (
	"fmt"
	"io"
	"time"
)

// Printer prints a line for each finished step.
type Printer struct {
	// Out is where lines go.
	Out io.Writer
	// Now is the clock.
	Now func() time.Time
}

// New prints to out by the system's clock.
func New(out io.Writer) Printer { return Printer{Out: out, Now: time.Now} }

// Do runs work under a title. The title is printed at once, its duration or its failure behind it when work is done.
func (p Printer) Do(title string, work func() error) error {
	fmt.Fprintf(p.Out, "%-58s ", title)
	start := p.Now()
	err := work()
	took := p.Now().Sub(start)
	if err != nil {
		fmt.Fprintf(p.Out, "failed after %s\n", round(took))
		return fmt.Errorf("%s: %w", title, err)
	}
	fmt.Fprintf(p.Out, "%s\n", round(took))
	return nil
}

// Note prints a line that is no step.
func (p Printer) Note(format string, args ...any) { fmt.Fprintf(p.Out, format+"\n", args...) }

func round(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
