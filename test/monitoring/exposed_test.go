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

	_ "executorpool.dev/controllers/manager" // registers the manager's metrics
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/server"
)

// exposed has the labels of each metric by the name of the metric.
type exposed map[string][]string

// all returns the metrics of the manager and the executor, including those that have no series yet.
// The chart's PodMonitor adds the labels namespace and pool to the executor's metrics.
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

// executorRegistry returns the metrics registry of an executor that serves no requests yet.
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
			t.Fatalf("a description without name and labels: %s", d)
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

// documented returns the metrics that docs/operations.md lists, and which of them are histograms.
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

// TestMetricsDocumented compares the names of the exposed metrics with docs/operations.md. For the
// executor it also compares which metrics are histograms: its metrics have series from the start.
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
			t.Errorf("%s is a histogram: %t; docs/operations.md has the other type", f.GetName(), is)
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
