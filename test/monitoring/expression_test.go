package monitoring

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// series is a metric in an expression, with the labels of its selector.
type series struct {
	name   string
	labels []string
}

// expression has the metrics and labels in a PromQL expression. They are found with regular
// expressions; promtool parses the expression.
type expression struct {
	series []series
	// grouping has the labels in clauses such as by and on.
	grouping []string
}

var (
	token    = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`|\\[[^\\]]*\\]|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9a-zA-Z_.]*|\\S")
	name     = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	grouping = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	words    = []string{"and", "or", "unless", "bool", "offset", "inf", "nan", "start", "end"}
)

// parseExpression finds the metrics and labels in an expression. A name is a metric if it is not a
// keyword and not a function.
func parseExpression(expr string) expression {
	var found expression
	tokens := token.FindAllString(expr, -1)
	next := func(i int) string {
		if i+1 < len(tokens) {
			return tokens[i+1]
		}
		return ""
	}
	// labels returns the names between the bracket at i and the closing bracket, and the index of
	// the latter.
	labels := func(i int, closing string) (all []string, end int) {
		for i++; i < len(tokens) && tokens[i] != closing; i++ {
			if name.MatchString(tokens[i]) {
				all = append(all, tokens[i])
			}
		}
		return all, i
	}
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case slices.Contains(grouping, t) && next(i) == "(":
			var all []string
			all, i = labels(i+1, ")")
			found.grouping = append(found.grouping, all...)
		case !name.MatchString(t), slices.Contains(words, t), next(i) == "(", next(i) == "by", next(i) == "without":
		case next(i) == "{":
			s := series{name: t}
			s.labels, i = labels(i+1, "}")
			found.series = append(found.series, s)
		default:
			found.series = append(found.series, series{name: t})
		}
	}
	return found
}

// faults returns an error for each metric and label in the expression that is not exposed.
// histograms are the names of the metrics that are histograms.
func (e exposed) faults(expr string, histograms []string) []error {
	var faults []error
	var grouped []string
	found := parseExpression(expr)
	if len(found.series) == 0 {
		faults = append(faults, fmt.Errorf("%q names no metric", expr))
	}
	for _, s := range found.series {
		base, labels := s.name, []string(nil)
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if trimmed, ok := strings.CutSuffix(s.name, suffix); ok && slices.Contains(histograms, trimmed) {
				base, labels = trimmed, append(labels, "le")
			}
		}
		own, ok := e[base]
		if !ok || base == s.name && slices.Contains(histograms, s.name) {
			faults = append(faults, fmt.Errorf("no metric %s is exposed", s.name))
			continue
		}
		labels = append(labels, own...)
		grouped = append(grouped, labels...)
		for _, label := range s.labels {
			if !slices.Contains(labels, label) {
				faults = append(faults, fmt.Errorf("metric %s has no label %s", s.name, label))
			}
		}
	}
	if len(faults) > 0 {
		// The labels of a metric that is not exposed are unknown.
		return faults
	}
	for _, label := range found.grouping {
		if !slices.Contains(grouped, label) {
			faults = append(faults, fmt.Errorf("no metric of %q has the label %s", expr, label))
		}
	}
	return faults
}

func TestMistypedNameFound(t *testing.T) {
	there := exposed{"queue_depth": {"namespace", "pool"}, "wait_seconds": {"pool"}}
	tests := map[string]struct{ expr, want string }{
		"right":                    {expr: `max by (pool) (queue_depth{namespace=~"a|b"}) > 2 * 3.5`},
		"right, histogram":         {expr: `histogram_quantile(0.95, sum by (pool, le) (rate(wait_seconds_bucket[5m])))`},
		"right, matched":           {expr: `queue_depth and on (pool) wait_seconds_count offset 5m > bool 0`},
		"metric":                   {`sum(queue_dept)`, "no metric queue_dept is exposed"},
		"metric with a selector":   {`queue_dept{pool="a"}`, "no metric queue_dept is exposed"},
		"metric after an operator": {`queue_depth or up == 1`, "no metric up is exposed"},
		"metric in another case":   {`sum by (pool) (Queue_depth)`, "no metric Queue_depth is exposed"},
		"histogram by its base":    {`rate(wait_seconds[5m])`, "no metric wait_seconds is exposed"},
		"bucket of a gauge":        {`queue_depth_bucket`, "no metric queue_depth_bucket is exposed"},
		"selected label":           {`queue_depth{pol="a"}`, "metric queue_depth has no label pol"},
		"grouped label":            {`max by (namespace, pol) (queue_depth)`, `no metric of "max by (namespace, pol) (queue_depth)" has the label pol`},
		"grouped after":            {`max(queue_depth) by (pol)`, `no metric of "max(queue_depth) by (pol)" has the label pol`},
		"nothing":                  {`vector(1)`, `"vector(1)" names no metric`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, fault := range there.faults(tc.expr, []string{"wait_seconds"}) {
				got += fault.Error()
			}
			if got != tc.want {
				t.Errorf("faults of %s: %q, want %q", tc.expr, got, tc.want)
			}
		})
	}
}
