package main

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

//go:embed testdata
var programs embed.FS

type options struct {
	Only    []string `placeholder:"SECTION" help:"Measure only these: throughput, latency, tiers, compile, cpu, limits, cost, against, soak."`
	Quick   bool     `help:"Fewer rounds, for a first look."`
	Soak    int      `default:"100000" help:"Runs of section soak, which is left out unless asked for."`
	Against string   `type:"existingfile" placeholder:"EXECUTABLE" help:"Another executor, whose throughput section against compares with; the section is left out without it."`
}

// bench is what the sections share.
type bench struct {
	options
	dir      string // of compiled programs and the executor
	executor *executor
}

func main() {
	var b bench
	kong.Parse(&b.options, kong.Name("bench"), kong.Description("Measures what the sandbox costs, in ratios to a bare fork and exec."))
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run() (err error) {
	if b.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.build(); err != nil {
		return err
	}
	if b.executor, err = start(b.dir, "Restricted"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.executor.stop()) }()
	for _, section := range []struct {
		name    string
		measure func() error
	}{
		{"throughput", b.throughput}, {"latency", b.latency}, {"tiers", b.tiers}, {"compile", b.compile}, {"cpu", b.cpu}, {"limits", b.limits}, {"cost", b.cost},
		{"against", b.against}, {"soak", b.soak},
	} {
		wanted := slices.Contains(b.Only, section.name) || len(b.Only) == 0 && section.name != "soak" && (section.name != "against" || b.Against != "")
		if !wanted {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s\n", section.name)
		if err := section.measure(); err != nil {
			return fmt.Errorf("%s: %w", section.name, err)
		}
	}
	return nil
}

// build compiles the programs to compare with, and the executor.
func (b *bench) build() error {
	for _, name := range []string{"bare.c", "hello.c", "load.c", "second.c", "print.py", "Main.java"} {
		source := b.path(name)
		if err := os.WriteFile(source, []byte(text(name)), 0o600); err != nil {
			return err
		}
		if strings.HasSuffix(name, ".py") {
			continue
		}
		compiler := []string{"gcc", "-O2", "-static", "-s", "-pthread", "-o", strings.TrimSuffix(source, ".c"), source}
		if strings.HasSuffix(name, ".java") {
			compiler = []string{"javac", "-d", b.dir, source}
		}
		if err := run(compiler[0], compiler[1:]...); err != nil {
			return err
		}
	}
	build := exec.Command("go", "build", "-o", b.path("executor"), "./cmd/executor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the executor: %w: %s", err, out)
	}
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func text(name string) string {
	content, err := programs.ReadFile("testdata/" + name)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return string(content)
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// spread is a set of measurements.
type spread []float64

// at is the value below which that share of the measurements lies, between two of them in proportion.
func (s spread) at(share float64) float64 {
	sorted := slices.Sorted(slices.Values(s))
	place := share * float64(len(sorted)-1)
	below := int(place)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (place-float64(below))*(sorted[above]-sorted[below])
}

func (s spread) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.at(0.5), s.at(0.25), s.at(0.75))
}

// fine is String with a digit more, for ratios that differ by hundredths.
func (s spread) fine() string {
	return fmt.Sprintf("%.3f (%.3f to %.3f)", s.at(0.5), s.at(0.25), s.at(0.75))
}

func (b *bench) rounds(full int) int {
	if b.Quick {
		return max(2, full/4)
	}
	return full
}

func share(part, whole time.Duration) float64 { return float64(part) / float64(cmp.Or(whole, 1)) }
