package api

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// refusals has an entry for each validation rule of the ExecutorPool: a pool that breaks the rule,
// a part of the API server's message, and a pool that follows the message.
var refusals = map[string]struct {
	// invalidName and validName are the names of the pools. They are "pool" if the rule concerns the
	// spec.
	invalidName, validName string
	invalid, want, valid   string
}{
	"name is no Service name": {
		invalidName: "2024-finals", validName: "finals-2024",
		want: "beginning with a letter",
	},
	"name is too long": {
		invalidName: strings.Repeat("a", 53), validName: strings.Repeat("a", 52),
		want: "use at most 52 characters",
	},
	"name has a dot": {
		invalidName: "finals.2024", validName: "finals-day-2",
		want: "lower-case letters, digits and '-'",
	},
	"field is misspelt": {
		invalid: `{replica: 3}`,
		want:    `unknown field "spec.replica"`,
		valid:   `{replicas: 3}`,
	},
	"replicas is negative": {
		invalid: `{replicas: -1}`,
		want:    "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
		valid:   `{replicas: 0}`,
	},
	"replicas is too large": {
		invalid: `{replicas: 10001}`,
		want:    "spec.replicas in body should be less than or equal to 10000",
		valid:   `{replicas: 10000}`,
	},
	"workers is zero": {
		invalid: `{workers: 0}`,
		want:    "spec.workers in body should be greater than or equal to 1",
		valid:   `{workers: 1}`,
	},
	"slots are too many": {
		invalid: `{workers: 64, threads: 9}`,
		want:    "lower one of them and raise replicas instead",
		valid:   `{workers: 64, threads: 8}`,
	},
	"timeout has a unit": {
		invalid: `{timeoutSeconds: 60s}`,
		want:    "spec.timeoutSeconds",
		valid:   `{timeoutSeconds: 60}`,
	},
	"timeout is zero": {
		invalid: `{timeoutSeconds: 0}`,
		want:    "spec.timeoutSeconds in body should be greater than or equal to 1",
		valid:   `{timeoutSeconds: 1}`,
	},
	"queue holds nothing": {
		invalid: `{queue: {capacity: 0}}`,
		want:    "spec.queue.capacity in body should be greater than or equal to 1",
		valid:   `{queue: {capacity: 1}}`,
	},
	"queue wait is over an hour": {
		invalid: `{queue: {maxWaitSeconds: 3601}}`,
		want:    "spec.queue.maxWaitSeconds in body should be less than or equal to 3600",
		valid:   `{queue: {maxWaitSeconds: 3600}}`,
	},
	"run memory is too small to start anything": {
		invalid: `{limits: {memoryMiB: 4}}`,
		want:    "spec.limits.memoryMiB in body should be greater than or equal to 16",
		valid:   `{limits: {memoryMiB: 16}}`,
	},
	"recycling is zero": {
		invalid: `{recycleAfter: 0}`,
		want:    "spec.recycleAfter in body should be greater than or equal to 1",
		valid:   `{recycleAfter: 1}`,
	},
	"ceiling is zero": {
		invalid: `{scaling: {maxReplicas: 0}}`,
		want:    "spec.scaling.maxReplicas in body should be greater than or equal to 1",
		valid:   `{scaling: {maxReplicas: 1}}`,
	},
	"target wait is zero": {
		invalid: `{scaling: {targetWaitSeconds: 0}}`,
		want:    "spec.scaling.targetWaitSeconds in body should be greater than or equal to 1",
		valid:   `{scaling: {targetWaitSeconds: 1}}`,
	},
	"target wait is over the queue's": {
		invalid: `{queue: {maxWaitSeconds: 4}, scaling: {maxReplicas: 10}}`,
		want:    "scaling.targetWaitSeconds must not be above queue.maxWaitSeconds, or submissions are refused before replicas are added: lower the one or raise the other",
		valid:   `{queue: {maxWaitSeconds: 4}, scaling: {maxReplicas: 10, targetWaitSeconds: 4}}`,
	},
	"stabilization is over an hour": {
		invalid: `{scaling: {scaleDownStabilizationSeconds: 3601}}`,
		want:    "spec.scaling.scaleDownStabilizationSeconds in body should be less than or equal to 3600",
		valid:   `{scaling: {scaleDownStabilizationSeconds: 3600}}`,
	},
	"hold is unknown": {
		invalid: `{scaling: {hold: Down}}`,
		want:    `spec.scaling.hold: Unsupported value: "Down": supported values: "None", "In", "Out", "Both"`,
		valid:   `{scaling: {hold: In}}`,
	},
	"source type is unknown": {
		invalid: `{scaling: {source: {type: Datadog}}}`,
		want:    `spec.scaling.source.type: Unsupported value: "Datadog": supported values: "Executors", "Prometheus", "External"`,
		valid:   `{scaling: {source: {type: External, external: {metric: datadog_queue}}}}`,
	},
	"query without its type": {
		invalid: `{scaling: {source: {prometheus: {address: "http://prometheus:9090", query: sum(waiting)}}}}`,
		want:    "scaling.source.prometheus belongs to type Prometheus: give both or neither",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "http://prometheus:9090", query: sum(waiting)}}}}`,
	},
	"external metric missing": {
		invalid: `{scaling: {source: {type: External}}}`,
		want:    "scaling.source.external belongs to type External: give both or neither",
		valid:   `{scaling: {source: {type: External, external: {metric: waiting, selector: {matchLabels: {pool: finals}}}}}}`,
	},
	"Prometheus address is no URL": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "prometheus:9090", query: up}}}}`,
		want:    "scaling.source.prometheus.address must be a URL such as http://prometheus.monitoring:9090",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "https://[fd00::1]:9090/select/0/prometheus", query: up}}}}`,
	},
	"Prometheus address holds a password": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "http://me:secret@prometheus:9090", query: up}}}}`,
		want:    "without user, query or fragment",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "http://prometheus:9090", query: up}}}}`,
	},
	"Prometheus address is loopback": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "http://127.0.0.1:8443", query: up}}}}`,
		want:    "scaling.source.prometheus.address must not be a loopback, link-local or unspecified address",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "http://10.127.0.1:8443", query: up}}}}`,
	},
	"Prometheus address is localhost": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "http://localhost:8081/metrics", query: up}}}}`,
		want:    "scaling.source.prometheus.address must not be a loopback, link-local or unspecified address",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "http://localhost.example.org:8081", query: up}}}}`,
	},
	"Prometheus address is link-local": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "http://169.254.169.254", query: up}}}}`,
		want:    "scaling.source.prometheus.address must not be a loopback, link-local or unspecified address",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "http://169.25.4.2", query: up}}}}`,
	},
	"Prometheus address is unspecified": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "http://0.0.0.0:8081", query: up}}}}`,
		want:    "scaling.source.prometheus.address must not be a loopback, link-local or unspecified address",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "http://10.0.0.0:8081", query: up}}}}`,
	},
	"Prometheus address is loopback of IPv6": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "https://[::1]:8443", query: up}}}}`,
		want:    "scaling.source.prometheus.address must not be a loopback, link-local or unspecified address",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "https://[fd00::1]:8443", query: up}}}}`,
	},
	"Prometheus address is mapped": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "http://[::ffff:7f00:1]:8081", query: up}}}}`,
		want:    "scaling.source.prometheus.address must not be a loopback, link-local or unspecified address",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "http://[fd00::ffff:7f00:1]:8081", query: up}}}}`,
	},
	"Prometheus address is link-local of IPv6": {
		invalid: `{scaling: {source: {type: Prometheus, prometheus: {address: "http://[fe80::1]:9090", query: up}}}}`,
		want:    "scaling.source.prometheus.address must not be a loopback, link-local or unspecified address",
		valid:   `{scaling: {source: {type: Prometheus, prometheus: {address: "http://[fd80::1]:9090", query: up}}}}`,
	},
	"metric has a space": {
		invalid: `{scaling: {source: {type: External, external: {metric: queue depth}}}}`,
		want:    "scaling.source.external.metric must be a metric's name such as queue_depth",
		valid:   `{scaling: {source: {type: External, external: {metric: queue_depth}}}}`,
	},
	"image has a space": {
		invalid: `{image: "executor :1.2"}`,
		want:    "image must be an image reference such as registry.example/executor:1.2",
		valid:   `{image: "executor:1.2"}`,
	},
	"image is a URL": {
		invalid: `{image: "https://registry.example/executor:1.2"}`,
		want:    "image must be an image reference such as registry.example/executor:1.2",
		valid:   `{image: "registry.example:5000/team/executor:1.2@sha256:0000000000000000000000000000000000000000000000000000000000000000"}`,
	},
	"memory limit does not cover the slots": {
		invalid: `{workers: 4, threads: 2, limits: {memoryMiB: 256}, resources: {limits: {memory: 2Gi}}}`,
		want:    "resources.limits.memory must be at least workers x threads x limits.memoryMiB + 128Mi = 2176Mi, so that all slots can work at once: raise it to that",
		valid:   `{workers: 4, threads: 2, limits: {memoryMiB: 256}, resources: {limits: {memory: 2176Mi}}}`,
	},
	"memory limit as a plain number does not cover the slots": {
		invalid: `{workers: 1, threads: 1, limits: {memoryMiB: 64}, resources: {limits: {memory: 201326591}}}`,
		want:    "= 192Mi, so that all slots can work at once: raise it to that",
		valid:   `{workers: 1, threads: 1, limits: {memoryMiB: 64}, resources: {limits: {memory: 201326592}}}`,
	},
	"CPU request is above the limit": {
		invalid: `{resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}}`,
		want:    "resources.requests.cpu must not be above resources.limits.cpu: lower the request or raise the limit",
		valid:   `{resources: {requests: {cpu: 1500m}, limits: {cpu: "1.5"}}}`,
	},
	"memory request is above the limit": {
		invalid: `{resources: {requests: {memory: 5Gi}, limits: {memory: 4Gi}}}`,
		want:    "resources.requests.memory must not be above resources.limits.memory: lower the request or raise the limit",
		valid:   `{resources: {requests: {memory: 4Gi}, limits: {memory: 4096Mi}}}`,
	},
	"request is negative": {
		invalid: `{resources: {requests: {cpu: "-1"}}}`,
		want:    "resources.requests must not be negative",
		valid:   `{resources: {requests: {cpu: 0}}}`,
	},
	"limit is zero": {
		invalid: `{resources: {limits: {cpu: 0}}}`,
		want:    "resources.limits must be above 0",
		valid:   `{resources: {limits: {cpu: 500m}}}`,
	},
	"quantity is malformed": {
		invalid: `{resources: {limits: {memory: 4 gigabytes}}}`,
		want:    "spec.resources.limits.memory",
		valid:   `{resources: {limits: {memory: 4G}}}`,
	},
	"tier is unknown": {
		invalid: `{isolation: {minimumTier: Strict}}`,
		want:    `Unsupported value: "Strict": supported values: "None", "RestrictedLegacy", "Restricted", "Namespaced"`,
		valid:   `{isolation: {minimumTier: Restricted}}`,
	},
	"runtime class is no object name": {
		invalid: `{isolation: {runtimeClassName: gVisor}}`,
		want:    "runtimeClassName must be the name of a RuntimeClass such as gvisor",
		valid:   `{isolation: {runtimeClassName: gvisor}}`,
	},
	"rollout can replace no pod": {
		invalid: `{rollout: {maxSurge: 0, maxUnavailable: 0%}}`,
		want:    "set maxSurge to 1 or more",
		valid:   `{rollout: {maxSurge: 1, maxUnavailable: 0%}}`,
	},
	"rollout during contests is neither held nor not": {
		invalid: `{rollout: {duringContest: Wait}}`,
		want:    `Unsupported value: "Wait": supported values: "Hold", "Proceed"`,
		valid:   `{rollout: {duringContest: Proceed}}`,
	},
	"surge is neither number nor percentage": {
		invalid: `{rollout: {maxSurge: "25"}}`,
		want:    "rollout.maxSurge must be a number of pods such as 1, or a percentage from 0% to 100%",
		valid:   `{rollout: {maxSurge: 25}}`,
	},
	"max unavailable is over 100 %": {
		invalid: `{rollout: {maxUnavailable: 101%}}`,
		want:    "rollout.maxUnavailable must be a number of pods such as 0, or a percentage from 0% to 100%",
		valid:   `{rollout: {maxUnavailable: 100%}}`,
	},
	"priority class is no object name": {
		invalid: `{scheduling: {priorityClassName: contest_high}}`,
		want:    "priorityClassName must be the name of a PriorityClass such as contest-high",
		valid:   `{scheduling: {priorityClassName: contest-high}}`,
	},
	"toleration has an unknown effect": {
		invalid: `{scheduling: {tolerations: [{key: contest, operator: Exists, effect: Schedule}]}}`,
		want:    "effect must be NoSchedule, PreferNoSchedule or NoExecute, or left out for all of them",
		valid:   `{scheduling: {tolerations: [{key: contest, operator: Exists}]}}`,
	},
	"toleration exists with a value": {
		invalid: `{scheduling: {tolerations: [{key: contest, operator: Exists, value: "yes"}]}}`,
		want:    "operator Exists takes no value: leave value out, or use operator Equal",
		valid:   `{scheduling: {tolerations: [{key: contest, operator: Equal, value: "yes"}]}}`,
	},
	"toleration's seconds have no effect": {
		invalid: `{scheduling: {tolerations: [{key: contest, tolerationSeconds: 60}]}}`,
		want:    "tolerationSeconds needs effect NoExecute",
		valid:   `{scheduling: {tolerations: [{key: contest, tolerationSeconds: 60, effect: NoExecute}]}}`,
	},
	"spread allows no skew": {
		invalid: `{scheduling: {topologySpreadConstraints: [{maxSkew: 0, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]}}`,
		want:    "maxSkew must be 1 or more",
		valid:   `{scheduling: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]}}`,
	},
	"spread has an unknown action": {
		invalid: `{scheduling: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: Never}]}}`,
		want:    "whenUnsatisfiable must be DoNotSchedule or ScheduleAnyway",
		valid:   `{scheduling: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]}}`,
	},
	"spread over nothing": {
		invalid: `{scheduling: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: "", whenUnsatisfiable: DoNotSchedule}]}}`,
		want:    "topologyKey must name a node label such as topology.kubernetes.io/zone",
		valid:   `{scheduling: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule}]}}`,
	},
	"pull secret has no name": {
		invalid: `{scheduling: {imagePullSecrets: [{}]}}`,
		want:    "each needs the name of a Secret in the pool's namespace",
		valid:   `{scheduling: {imagePullSecrets: [{name: registry}]}}`,
	},
}

func TestBadSpecRefused(t *testing.T) {
	for name, tc := range refusals {
		t.Run(name, func(t *testing.T) {
			err := create(t, tc.invalidName, tc.invalid)
			if err == nil {
				t.Fatalf("the API server accepted spec %q of pool %q, want an error", tc.invalid, tc.invalidName)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is\n%v\nwant this in it\n%s", err, tc.want)
			}
			if strings.Contains(err.Error(), "rule compile error") || strings.Contains(err.Error(), "no such key") {
				t.Errorf("a rule failed instead of answering: %v", err)
			}
			if err := create(t, tc.validName, tc.valid); err != nil {
				t.Errorf("the mended pool is refused too: %v", err)
			}
		})
	}
}

func TestBadPatchRefused(t *testing.T) {
	pool := poolOf(t, "patched", `{resources: {limits: {memory: 2176Mi}}}`)
	if err := strict.Create(t.Context(), pool); err != nil {
		t.Fatalf("create pool: %v", err)
	}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"threads":3}}`))
	err := strict.Patch(t.Context(), pool, patch)
	if want := "= 3200Mi, so that all slots can work at once: raise it to that"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("patch that exceeds the memory limit gives %v, want an error with %q", err, want)
	}
}

// create sends a dry-run request to create the pool, so that nothing remains in the API server.
func create(t *testing.T, name, spec string) error {
	t.Helper()
	return strict.Create(t.Context(), poolOf(t, name, spec), client.DryRunAll)
}

func poolOf(t *testing.T, name, spec string) *unstructured.Unstructured {
	t.Helper()
	if name == "" {
		name = "pool"
	}
	object := map[string]any{
		"apiVersion": "executorpool.dev/v1alpha1",
		"kind":       "ExecutorPool",
		"metadata":   map[string]any{"name": name, "namespace": "default"},
	}
	if spec != "" {
		content := map[string]any{}
		if err := yaml.Unmarshal([]byte(spec), &content); err != nil {
			t.Fatalf("spec %q is not YAML: %v", spec, err)
		}
		object["spec"] = content
	}
	return &unstructured.Unstructured{Object: object}
}
