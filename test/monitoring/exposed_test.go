package monitoring

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	_ "executorpool.dev/controllers/manager" // registers what the manager exposes
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/server"
)

// exposed are the labels of each metric by its name.
type exposed map[string][]string

// all is what the manager and the executor expose, whether or not a pool has made it appear. To the executor's, the chart's
// PodMonitor adds namespace and pool.
func all(t *testing.T) exposed {
	t.Helper()
	of := exposed{}
	for name, labels := range describe(t, executorRegistry()) {
		of[name] = slices.Concat(labels, []string{"namespace", "pool"})
	}
	maps.Copy(of, describe(t, managerRegistry(t)))
	return of
}

func managerRegistry(t *testing.T) prometheus.Collector {
	t.Helper()
	registry, ok := metrics.Registry.(prometheus.Collector)
	if !ok {
		t.Fatalf("the manager's registry is a %T, which cannot describe itself", metrics.Registry)
	}
	return registry
}

// executorRegistry is that of a server that serves nothing yet.
func executorRegistry() *prometheus.Registry {
	m := server.NewMetrics()
	server.New(server.Config{
		Metrics: m, Slots: idle{}, Queue: job.NewQueue(1, queue.RealClock{}), Clock: queue.RealClock{},
		Languages: []api.Language{{ID: "c", Compiled: true}},
	})
	return m.Registry
}

type idle struct{}

func (idle) Slots() int   { return 1 }
func (idle) Busy() int    { return 0 }
func (idle) Ready() error { return nil }

var description = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)

func describe(t *testing.T, c prometheus.Collector) exposed {
	t.Helper()
	descriptions := make(chan *prometheus.Desc)
	go func() {
		c.Describe(descriptions)
		close(descriptions)
	}()
	of := exposed{}
	for d := range descriptions {
		match := description.FindStringSubmatch(d.String())
		if match == nil {
			t.Fatalf("a description tells no name and labels: %s", d)
		}
		of[match[1]] = strings.FieldsFunc(match[2], func(r rune) bool { return r == ',' })
	}
	return of
}

var (
	row     = regexp.MustCompile("(?m)^\\| (`executor(?:pool)?_.*?) \\| (.*) \\|$")
	inRow   = regexp.MustCompile("`(executor(?:pool)?_[a-z_]+)(?:\\{([a-z,]+)\\})?`")
	ownName = regexp.MustCompile(`^executor(pool)?_`)
)

// documented are the metrics that docs/operations.md lists, and which of them are histograms.
func documented(t *testing.T) (names, histograms []string) {
	t.Helper()
	for _, line := range row.FindAllStringSubmatch(read(t, operations), -1) {
		for _, match := range inRow.FindAllStringSubmatch(line[1], -1) {
			names = append(names, match[1])
			if strings.HasPrefix(line[2], "histogram") {
				histograms = append(histograms, match[1])
			}
		}
	}
	return names, histograms
}

// TestMetricsDocumented holds docs/operations.md to what is exposed: names, and for the executor, whose metrics are there
// from the start, which of them are histograms.
func TestMetricsDocumented(t *testing.T) {
	names, histograms := documented(t)
	var own []string
	for name := range all(t) {
		if ownName.MatchString(name) {
			own = append(own, name)
		}
	}
	slices.Sort(names)
	slices.Sort(own)
	if diff := cmp.Diff(own, names); diff != "" {
		t.Errorf("metrics exposed (-) and in docs/operations.md (+):\n%s", diff)
	}
	families, err := executorRegistry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if is := f.GetType().String() == "HISTOGRAM"; ownName.MatchString(f.GetName()) && is != slices.Contains(histograms, f.GetName()) {
			t.Errorf("%s is a histogram: %t; docs/operations.md says otherwise", f.GetName(), is)
		}
	}
}

func TestAlertsNameWhatIsExposed(t *testing.T) {
	there := all(t)
	_, histograms := documented(t)
	for name, alert := range render(t).alerts(t) {
		for _, fault := range there.faults(alert.Expr, histograms) {
			t.Errorf("%s: %v", name, fault)
		}
	}
}
