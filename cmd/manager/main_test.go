package main

import (
	"testing"

	"github.com/alecthomas/kong"
	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"executorpool.dev/controllers/pool"
)

func parse(t *testing.T, args ...string) (flags, error) {
	t.Helper()
	var f flags
	parser, err := kong.New(&f, kong.Vars{"version": "1.2.3"}, kong.DefaultEnvars("EXECUTORPOOL"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		return f, err
	}
	return f, f.check()
}

func TestDefaultsWork(t *testing.T) {
	f, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("executorpool/executor:1.2.3", f.ExecutorImage); diff != "" {
		t.Errorf("executor image (-want +got):\n%s", diff)
	}
	if !f.LeaderElect {
		t.Error("leader election is off by default")
	}
	if !f.NodeCapacity {
		t.Error("node capacity is off by default")
	}
}

func TestNodeCapacitySwitchedOff(t *testing.T) {
	f, err := parse(t, "--no-node-capacity")
	if err != nil {
		t.Fatal(err)
	}
	if f.config(&rest.Config{}, logr.Discard()).NodeCapacity {
		t.Error("--no-node-capacity leaves it on")
	}
}

func TestVariablesAndListsRead(t *testing.T) {
	t.Setenv("EXECUTORPOOL_NAMESPACES", "b,a,b")
	t.Setenv("EXECUTORPOOL_LEADER_ELECT", "false")
	f, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	f.AllowedImages, f.AllowedPriorityClasses = []string{"a/*"}, []string{"b"}
	c := f.config(&rest.Config{}, logr.Discard())
	if diff := cmp.Diff(pool.Allowed{Images: []string{"a/*"}, PriorityClasses: []string{"b"}}, c.Allowed); diff != "" {
		t.Errorf("allowed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, c.Namespaces); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	if c.LeaderElection.Enabled {
		t.Error("the variable does not turn leader election off")
	}
}

func TestBadFlagsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no image":       {[]string{"--executor-image="}, "--executor-image must not be empty: name the image that pools run"},
		"no workers":     {[]string{"--max-concurrent-reconciles=0"}, "--max-concurrent-reconciles must be 1 to 1000, not 0"},
		"bad namespace":  {[]string{"--namespaces=a,B_c"}, `--namespaces: "B_c" is not a namespace`},
		"renew too long": {[]string{"--leader-elect-renew-deadline=15s"}, "--leader-elect-renew-deadline 15s must be below --leader-elect-lease-duration 15s"},
		"bad image":      {[]string{"--allowed-images=a/*,b["}, `--allowed-images: "b[" is not a pattern`},
		"bad class":      {[]string{"--allowed-priority-classes=["}, `--allowed-priority-classes: "[" is not a pattern`},
		"log level":      {[]string{"--log-level=loud"}, "--log-level must be one of"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, tc.args...)
			if err == nil {
				t.Fatal("accepted")
			}
			got := err.Error()
			if diff := cmp.Diff(tc.want, got[:min(len(got), len(tc.want))]); diff != "" {
				t.Errorf("message begins (-want +got):\n%s", diff)
			}
		})
	}
}
