package main

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"executorpool.dev/executor"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/settings"
)

func TestRunRefusesBadFlags(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string // contained in the message
	}{
		"no command":           {nil, "--help"},
		"unknown flag":         {[]string{"serve", "--wrokers=3"}, "--wrokers"},
		"not a number":         {[]string{"serve", "--workers=many"}, "--workers"},
		"no workers":           {[]string{"serve", "--workers=0"}, "--workers is 0: use 1 to 256"},
		"many threads":         {[]string{"serve", "--threads=65"}, "--threads is 65: use 1 to 64"},
		"short timeout":        {[]string{"serve", "--timeout=10ms"}, "--timeout is 10ms: use 1s to 1h"},
		"timeout without unit": {[]string{"serve", "--timeout=60"}, "--timeout"},
		"negative queue":       {[]string{"serve", "--queue-capacity=-1"}, "--queue-capacity"},
		"little memory":        {[]string{"serve", "--memory-mib=1"}, "--memory-mib is 1: use 16"},
		"unknown tier":         {[]string{"serve", "--minimum-tier=High"}, "--minimum-tier: isolation tier \"High\" is unknown"},
		"crossed tiers":        {[]string{"serve", "--minimum-tier=Restricted", "--maximum-tier=None"}, "--maximum-tier is None: use Restricted"},
		"unknown level":        {[]string{"serve", "--log-level=loud"}, "--log-level"},
		"small buffer":         {[]string{"serve", "--max-body-mib=64", "--buffer-mib=32"}, "--buffer-mib is 32: use 64"},
		"empty scratch":        {[]string{"serve", "--scratch="}, "--scratch"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, problems bytes.Buffer
			if code := run(t.Context(), tc.args, &out, &problems); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if !strings.Contains(problems.String(), tc.want) {
				t.Errorf("message is %q, want %q in it", problems.String(), tc.want)
			}
		})
	}
}

func TestRunReportsMissingLanguages(t *testing.T) {
	var out, problems bytes.Buffer
	args := []string{"serve", "--scratch=" + t.TempDir(), "--languages=" + t.TempDir() + "/none.yaml"}
	if code := run(t.Context(), args, &out, &problems); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.Contains(problems.String(), "--languages") || !strings.Contains(problems.String(), "none.yaml") {
		t.Errorf("message is %q", problems.String())
	}
}

func TestRunHelpAndVersion(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"help":       {[]string{"--help"}, "executor serve --help"},
		"serve help": {[]string{"serve", "--help"}, "EXECUTOR_QUEUE_WAIT"},
		"range":      {[]string{"serve", "--help"}, "1 to 256"},
		"version":    {[]string{"version"}, version},
	} {
		t.Run(name, func(t *testing.T) {
			var out, problems bytes.Buffer
			if code := run(t.Context(), tc.args, &out, &problems); code != 0 || !strings.Contains(out.String(), tc.want) {
				t.Errorf("exit code %d, output %q, messages %q", code, out.String(), problems.String())
			}
			if strings.Contains(out.String(), "worker process; started by") {
				t.Error("the help shows the hidden command")
			}
		})
	}
}

func parse(t *testing.T, args ...string) executor.Options {
	t.Helper()
	var f flags
	parser, err := kong.New(&f, kong.DefaultEnvars(settings.VariablePrefix))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve"}, args...)); err != nil {
		t.Fatal(err)
	}
	o, err := options(f.Serve, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestServeDefaultsAreThePools(t *testing.T) {
	o := parse(t)
	want := sandbox.Limits{CPU: 10 * time.Second, Wall: time.Minute, Memory: 256 << 20, Output: 64 << 10, Processes: 64, Disk: 64 << 20}
	if o.Limits != want {
		t.Errorf("limits are %+v, want %+v", o.Limits, want)
	}
	if o.Workers != 4 || o.Threads != 2 || o.QueueCapacity != 128 || o.QueueWait != 30*time.Second || o.RecycleAfter != 10000 ||
		o.MinimumTier != sandbox.RestrictedLegacy || o.DrainDelay != 5*time.Second || o.Scratch != "/scratch" || o.MaxBody != 16<<20 {
		t.Errorf("options are %+v", o)
	}
	if got := strings.Join(o.Languages, " "); got != "/etc/executor/languages.yaml /etc/executor/languages.d" {
		t.Errorf("language files are %s", got)
	}
}

func TestServeReadsVariables(t *testing.T) {
	t.Setenv("EXECUTOR_QUEUE_WAIT", "7s")
	t.Setenv("EXECUTOR_WORKERS", "3")
	if o := parse(t, "--workers=5"); o.QueueWait != 7*time.Second || o.Workers != 5 {
		t.Errorf("queue wait %s, workers %d; want 7s, 5", o.QueueWait, o.Workers)
	}
}

// TestServeStartsWithVariablesOfItsImage sets variables that fit each other. The flags of a pool
// must replace both of them.
func TestServeStartsWithVariablesOfItsImage(t *testing.T) {
	t.Setenv("EXECUTOR_MAX_BODY_MIB", "512")
	t.Setenv("EXECUTOR_BUFFER_MIB", "1024")
	if o := parse(t); o.MaxBody != 512<<20 || o.MaxBuffered != 1024<<20 {
		t.Errorf("outside of a pool: largest request %d, all requests %d bytes", o.MaxBody, o.MaxBuffered)
	}
	if o := parse(t, settings.Default().Arguments()...); o.MaxBody != 16<<20 || o.MaxBuffered != 256<<20 {
		t.Errorf("in a pool: largest request %d, all requests %d bytes", o.MaxBody, o.MaxBuffered)
	}
}

// TestServeParsesArguments parses the command line that the controllers render, with another value
// of every setting that they pass, and compares the result.
func TestServeParsesArguments(t *testing.T) {
	want := settings.Default()
	fields := reflect.ValueOf(&want).Elem()
	for i := range fields.NumField() {
		if fields.Type().Field(i).Tag.Get("pool") == "" {
			continue
		}
		switch value := fields.Field(i).Addr().Interface().(type) {
		case *int64:
			*value++
		case *time.Duration:
			*value += 1500 * time.Millisecond
		case *string:
			*value += "changed"
		}
	}
	var got flags
	parser, err := kong.New(&got, kong.DefaultEnvars(settings.VariablePrefix))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve"}, want.Arguments()...)); err != nil {
		t.Fatal(err)
	}
	if got.Serve != want {
		t.Errorf("got  %+v\nwant %+v", got.Serve, want)
	}
	for _, flag := range parser.Model.Children[0].Flags {
		want := "EXECUTOR_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if len(flag.Envs) != 1 || flag.Envs[0] != want {
			t.Errorf("--%s has the variables %s, want %s", flag.Name, flag.Envs, want)
		}
	}
}
