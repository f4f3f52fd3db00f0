package monitoring

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// operations is the page in which admins look up an alert.
const operations = "../../docs/operations.md"

func TestAlertsLintClean(t *testing.T) {
	tests := map[string][]string{
		"default": nil,
		"everything set": {
			"prometheusRule.alertLabels.team=contests", "prometheusRule.alertLabels.tier=one",
			"prometheusRule.alerts.queueOverTarget.percent=150", "prometheusRule.alerts.metricsStale.seconds=300",
			"prometheusRule.alerts.podsNotStarting.for=20m", "prometheusRule.alerts.noReplica.severity=page",
		},
	}
	for name, settings := range tests {
		t.Run(name, func(t *testing.T) {
			if err := check(t, render(t, settings...)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAlertsPlayed runs promtool's unit tests in testdata with the chart's alerts.
func TestAlertsPlayed(t *testing.T) {
	folder := t.TempDir()
	render(t).write(t, folder)
	for _, path := range timelines(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			played := filepath.Join(folder, filepath.Base(path))
			write(t, played, read(t, path))
			run(t, "promtool", "test", "rules", played)
		})
	}
}

// TestEveryAlertPlayed checks that testdata has, for every alert, a timeline in which it fires and
// one in which it does not.
func TestEveryAlertPlayed(t *testing.T) {
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, path := range timelines(t) {
		var file struct {
			Tests []struct {
				AlertRuleTest []struct {
					AlertName string `json:"alertname"`
					ExpAlerts []any  `json:"exp_alerts"`
				} `json:"alert_rule_test"`
			} `json:"tests"`
		}
		if err := yaml.Unmarshal([]byte(read(t, path)), &file); err != nil {
			t.Fatalf("read %s: %v", path, err)
		}
		for _, test := range file.Tests {
			for _, expected := range test.AlertRuleTest {
				if len(expected.ExpAlerts) > 0 {
					fires[expected.AlertName] = true
				} else {
					silent[expected.AlertName] = true
				}
			}
		}
	}
	for name := range render(t).alerts(t) {
		if !fires[name] || !silent[name] {
			t.Errorf("in testdata %s fires: %t, is silent: %t; want both", name, fires[name], silent[name])
		}
	}
}

// TestAlertsHaveAnnotations checks that each alert has what an admin on call needs: annotations, a
// command, a severity and a row in the operations page.
func TestAlertsHaveAnnotations(t *testing.T) {
	page := read(t, operations)
	for name, alert := range render(t).alerts(t) {
		for _, annotation := range []string{"summary", "description", "command"} {
			if alert.Annotations[annotation] == "" {
				t.Errorf("%s has no annotation %s", name, annotation)
			}
		}
		if command := alert.Annotations["command"]; !strings.HasPrefix(command, "kubectl -n ") || strings.Contains(command, "\n") {
			t.Errorf("%s gives the command %q, want one line of kubectl with its namespace", name, command)
		}
		if alert.For == "" {
			t.Errorf("%s fires at the first sample", name)
		}
		if !slices.Contains([]string{"warning", "critical"}, alert.Labels["severity"]) {
			t.Errorf("%s has severity %q, want warning or critical", name, alert.Labels["severity"])
		}
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("%s has no row in docs/operations.md", name)
		}
	}
}

func timelines(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no timelines in testdata: %v", err)
	}
	return paths
}
