package install

import (
	"strings"
	"testing"
)

// TestNotesNameNextCommand checks the text that `helm install` prints: the names and namespaces in
// it must be those of the release.
func TestNotesNameNextCommand(t *testing.T) {
	tests := map[string]struct {
		args []string
		want []string
	}{
		"default": {want: []string{
			"kubectl -n executorpool-system rollout status deployment/executorpool-manager",
			"kubectl -n default apply -f -",
			"kubectl -n default wait --for=condition=Ready executorpool/demo",
			"kubectl -n default scale executorpool/demo --replicas=10",
			"kubectl explain executorpool.spec",
		}},
		"namespaced": {
			args: []string{"--set", "namespaces={contest-a,contest-b}", "--set", "fullnameOverride=pools"},
			want: []string{
				"It manages pools in contest-a, contest-b.",
				"deployment/pools-manager",
				"kubectl -n contest-a apply -f -",
			},
		},
		"without CRDs": {
			args: []string{"--set", "crds.install=false"},
			want: []string{"kubectl get crd executorpools.executorpool.dev"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"install", release, chart, "--namespace", namespace, "--dry-run=client"}, tc.args...)
			_, notes, found := strings.Cut(mustTool(t, "helm", args...), "NOTES:")
			if !found {
				t.Fatal("helm install prints no notes")
			}
			for _, want := range tc.want {
				if !strings.Contains(notes, want) {
					t.Errorf("notes lack %q:\n%s", want, notes)
				}
			}
		})
	}
}
