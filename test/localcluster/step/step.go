package step

import (
	"fmt"
	"io"
	"time"
)

// Printer prints one line per step.
type Printer struct {
	// Out receives the lines.
	Out io.Writer
	// Now is the clock.
	Now func() time.Time
}

// New returns a printer to out that uses the system clock.
func New(out io.Writer) Printer { return Printer{Out: out, Now: time.Now} }

// Do prints the title and runs work. When work returns, Do appends its duration or its failure to
// the line.
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

// Note prints a line that is not a step.
func (p Printer) Note(format string, args ...any) { fmt.Fprintf(p.Out, format+"\n", args...) }

func round(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
