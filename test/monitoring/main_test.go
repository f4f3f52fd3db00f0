package monitoring

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const chart = "../../charts/executorpool"

// run runs helm or promtool and returns its output. The test fails if the program fails.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := try(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func try(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	folder := os.Getenv("TOOLS")
	if folder == "" {
		folder = filepath.Join("..", "..", ".cache", "bin")
	}
	program, err := filepath.Abs(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, args...)
	// The tests must not use the Helm settings and caches of the current user.
	scratch := t.TempDir()
	command.Env = append(os.Environ(), "HELM_CACHE_HOME="+scratch, "HELM_CONFIG_HOME="+scratch, "HELM_DATA_HOME="+scratch)
	out, err := command.CombinedOutput()
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%s is missing: build it with `make tools`, or set TOOLS to its directory", program)
	}
	return string(out), err
}

// ruleGroups is the content of a rules file of Prometheus and of the spec of a PrometheusRule.
type ruleGroups struct {
	Groups []group `json:"groups"`
}

type group struct {
	Name  string `json:"name"`
	Rules []rule `json:"rules"`
}

type rule struct {
	Alert       string            `json:"alert,omitempty"`
	Record      string            `json:"record,omitempty"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// render returns the chart's alerts, rendered with the settings.
func render(t *testing.T, settings ...string) ruleGroups {
	t.Helper()
	args := []string{"template", "executorpool", chart, "--namespace", "executorpool-system",
		"--show-only", "templates/prometheus_rule.yaml", "--set", "prometheusRule.enabled=true"}
	for _, setting := range settings {
		args = append(args, "--set", setting)
	}
	var object struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       ruleGroups     `json:"spec"`
	}
	if err := yaml.UnmarshalStrict([]byte(run(t, "helm", args...)), &object); err != nil {
		t.Fatalf("read the PrometheusRule: %v", err)
	}
	return object.Spec
}

// alerts returns the rules by the name of the alert.
func (g ruleGroups) alerts(t *testing.T) map[string]rule {
	t.Helper()
	all := map[string]rule{}
	for _, group := range g.Groups {
		for _, r := range group.Rules {
			if r.Alert == "" || all[r.Alert].Alert != "" {
				t.Fatalf("alert %q has no name of its own", r.Alert)
			}
			all[r.Alert] = r
		}
	}
	if len(all) == 0 {
		t.Fatal("the chart has no alert")
	}
	return all
}

// write writes the groups into folder as a rules file of Prometheus and returns its path.
func (g ruleGroups) write(t *testing.T, folder string) string {
	t.Helper()
	content, err := yaml.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "rules.yaml")
	write(t, path, string(content))
	return path
}

// check returns an error if promtool cannot parse an expression.
func check(t *testing.T, g ruleGroups) error {
	t.Helper()
	out, err := try(t, "promtool", "check", "rules", "--lint=all", "--lint-fatal", g.write(t, t.TempDir()))
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
