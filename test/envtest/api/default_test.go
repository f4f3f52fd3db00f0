package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// defaults is the spec of a pool after the API server has set every default.
const defaults = `
isolation:
  minimumTier: RestrictedLegacy
limits:
  cpuMillis: 10000
  diskMiB: 64
  memoryMiB: 256
  outputKiB: 64
  processes: 64
queue:
  capacity: 128
  maxWaitSeconds: 30
recycleAfter: 10000
replicas: 1
resources: {}
rollout:
  duringContest: Hold
  maxSurge: 25%
  maxUnavailable: 0
scaling:
  hold: None
  scaleDownStabilizationSeconds: 300
  source:
    type: Executors
  targetWaitSeconds: 5
threads: 2
timeoutSeconds: 60
workers: 4
`

func TestEmptySpecDefaulted(t *testing.T) {
	for name, spec := range map[string]string{
		"no spec":       "",
		"empty spec":    "{}",
		"empty structs": "{queue: {}, limits: {}, resources: {}, isolation: {}, scaling: {}, rollout: {}}",
		"nulls":         "{replicas: null, queue: null, limits: {memoryMiB: null}, scaling: {maxReplicas: null, source: {type: null}}, rollout: {maxSurge: null}}",
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(defaults[1:], storedSpec(t, spec)); diff != "" {
				t.Errorf("spec as stored (-want +got):\n%s", diff)
			}
		})
	}
}

func storedSpec(t *testing.T, spec string) string {
	t.Helper()
	pool := poolOf(t, "", spec)
	pool.SetName("")
	pool.SetGenerateName("defaulted-")
	if err := strict.Create(t.Context(), pool); err != nil {
		t.Fatalf("create pool: %v", err)
	}
	stored, err := yaml.Marshal(pool.Object["spec"])
	if err != nil {
		t.Fatalf("write spec as YAML: %v", err)
	}
	return string(stored)
}
