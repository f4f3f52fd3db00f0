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
	"gonum.org/v1/gonum/stat"
)

//go:embed testdata
var programs embed.FS

// options are the flags.
type options struct {
	Only    []string `placeholder:"SECTION" help:"Sections to measure: throughput, latency, tiers, compile, cpu, limits, cost, against, soak. Default: all but soak."`
	Quick   bool     `help:"A quarter of the rounds, for a first estimate."`
	Soak    int      `default:"100000" help:"Runs of the section soak."`
	Against string   `type:"existingfile" placeholder:"EXECUTABLE" help:"Executor with which the section against compares this one. Without it, that section is skipped."`
}

// bench holds what all sections use.
type bench struct {
	options
	dir      string // the directory of the compiled programs and the executor
	executor *executor
}

func main() {
	var b bench
	kong.Parse(&b.options, kong.Name("bench"), kong.Description("Measures the cost of the executor and its sandbox, as ratios to a bare fork and exec."))
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

// build compiles the executor and the programs of testdata.
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
		if err := runCommand(compiler[0], compiler[1:]...); err != nil {
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

// path returns the path of a file in the directory of bench.
func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// text returns the content of a file of testdata.
func text(name string) string {
	content, err := programs.ReadFile("testdata/" + name)
	if err != nil {
		panic(err) // testdata is embedded
	}
	return string(content)
}

// runCommand returns an error with the output of a command that failed.
func runCommand(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// measurements are the values of one quantity.
type measurements []float64

// quantile returns the value below which the given share of the measurements lies, interpolated
// linearly between two measurements.
func (s measurements) quantile(share float64) float64 {
	return stat.Quantile(share, stat.LinInterp, slices.Sorted(slices.Values(s)), nil)
}

// String returns the median and the quartiles.
func (s measurements) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.quantile(0.5), s.quantile(0.25), s.quantile(0.75))
}

// fineString is String with one more digit, for ratios that differ by hundredths.
func (s measurements) fineString() string {
	return fmt.Sprintf("%.3f (%.3f to %.3f)", s.quantile(0.5), s.quantile(0.25), s.quantile(0.75))
}

// rounds returns the number of rounds to measure.
func (b *bench) rounds(full int) int {
	if b.Quick {
		return max(2, full/4)
	}
	return full
}

// ratio returns part / whole.
func ratio(part, whole time.Duration) float64 { return float64(part) / float64(cmp.Or(whole, 1)) }
