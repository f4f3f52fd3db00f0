package api

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// minimalContest is the spec of a Contest with only the required fields.
const minimalContest = `{poolName: finals, startTime: "2027-02-28T23:30:00-03:30", durationSeconds: 18000, participants: 200}`

// contestRefusals has an entry for each validation rule of the Contest. invalid changes the minimal
// spec and breaks the rule, want is a part of the API server's message, and valid is a change that
// follows the message.
var contestRefusals = map[string]struct{ invalid, want, valid string }{
	"field is misspelt": {
		invalid: `{participant: 20}`,
		want:    `unknown field "spec.participant"`,
		valid:   `{participants: 20}`,
	},
	"no pool": {
		invalid: `{poolName: ""}`,
		want:    "spec.poolName in body should be at least 1 chars long",
		valid:   `{poolName: finals}`,
	},
	"neither participants nor replicas": {
		invalid: `{participants: null}`,
		want:    "set it to how many are expected, or set replicas to the number to hold",
		valid:   `{participants: null, replicas: 10}`,
	},
	"start has no offset": {
		invalid: `{startTime: "2027-02-28T23:30:00"}`,
		want:    "spec.startTime",
		valid:   `{startTime: "2027-02-28T23:30:00Z"}`,
	},
	"start is a day that does not exist": {
		invalid: `{startTime: "2027-02-29T12:00:00Z"}`,
		want:    "spec.startTime",
		valid:   `{startTime: "2028-02-29T12:00:00Z"}`,
	},
	"contest has no length": {
		invalid: `{durationSeconds: 0}`,
		want:    "spec.durationSeconds in body should be greater than or equal to 1",
		valid:   `{durationSeconds: 1}`,
	},
	"contest lasts longer than a month": {
		invalid: `{durationSeconds: 2678401}`,
		want:    "spec.durationSeconds in body should be less than or equal to 2678400",
		valid:   `{durationSeconds: 2678400}`,
	},
	"no participants": {
		invalid: `{participants: 0}`,
		want:    "spec.participants in body should be greater than or equal to 1",
		valid:   `{participants: 1}`,
	},
	"service time is zero": {
		invalid: `{load: {secondsPerRun: 0}}`,
		want:    "spec.load.secondsPerRun in body should be greater than or equal to 1",
		valid:   `{load: {secondsPerRun: 1}}`,
	},
	"burst is zero": {
		invalid: `{load: {burstPercent: 0}}`,
		want:    "spec.load.burstPercent in body should be greater than or equal to 1",
		valid:   `{load: {burstPercent: 1}}`,
	},
	"submissions is zero": {
		invalid: `{load: {submissionsPerHour: 0}}`,
		want:    "spec.load.submissionsPerHour in body should be greater than or equal to 1",
		valid:   `{load: {submissionsPerHour: 1}}`,
	},
	"target wait is zero": {
		invalid: `{targetWaitSeconds: 0}`,
		want:    "spec.targetWaitSeconds in body should be greater than or equal to 1",
		valid:   `{targetWaitSeconds: 1}`,
	},
	"floor is zero": {
		invalid: `{replicas: 0}`,
		want:    "spec.replicas in body should be greater than or equal to 1",
		valid:   `{replicas: 1}`,
	},
	"warm-up begins after the start": {
		invalid: `{warmUpSeconds: -1}`,
		want:    "spec.warmUpSeconds in body should be greater than or equal to 0",
		valid:   `{warmUpSeconds: 0}`,
	},
	"image pulled after the warm-up": {
		invalid: `{imagePullSeconds: -1}`,
		want:    "spec.imagePullSeconds in body should be greater than or equal to 0",
		valid:   `{imagePullSeconds: 0}`,
	},
	"cool-down ends before the end": {
		invalid: `{coolDownSeconds: -1}`,
		want:    "spec.coolDownSeconds in body should be greater than or equal to 0",
		valid:   `{coolDownSeconds: 0}`,
	},
	"time to keep it is negative": {
		invalid: `{ttlSecondsAfterFinished: -1}`,
		want:    "spec.ttlSecondsAfterFinished in body should be greater than or equal to 0",
		valid:   `{ttlSecondsAfterFinished: 0}`,
	},
	"state is unknown": {
		invalid: `{state: Postponed}`,
		want:    `Unsupported value: "Postponed": supported values: "Scheduled", "Paused", "Cancelled"`,
		valid:   `{state: Paused}`,
	},
}

func TestBadContestRefused(t *testing.T) {
	for name, tc := range contestRefusals {
		t.Run(name, func(t *testing.T) {
			err := strict.Create(t.Context(), contestOf(t, tc.invalid), client.DryRunAll)
			if err == nil {
				t.Fatalf("the API server accepted %s, want an error", tc.invalid)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is\n%v\nwant this in it\n%s", err, tc.want)
			}
			if strings.Contains(err.Error(), "rule compile error") || strings.Contains(err.Error(), "no such key") {
				t.Errorf("a rule failed instead of answering: %v", err)
			}
			if err := strict.Create(t.Context(), contestOf(t, tc.valid), client.DryRunAll); err != nil {
				t.Errorf("the mended contest is refused too: %v", err)
			}
		})
	}
}

func TestContestStaysWithItsPool(t *testing.T) {
	contest := contestOf(t, `{}`)
	if err := strict.Create(t.Context(), contest); err != nil {
		t.Fatalf("create contest: %v", err)
	}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"poolName":"other"}}`))
	err := strict.Patch(t.Context(), contest, patch)
	if want := "poolName cannot be changed: delete the Contest and create it for the other pool"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("patch of poolName gives %v, want an error with %q", err, want)
	}
	patch = client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"startTime":"2027-03-01T03:30:00Z"}}`))
	if err := strict.Patch(t.Context(), contest, patch); err != nil {
		t.Errorf("patch that moves the start is refused: %v", err)
	}
}

func TestContestDefaulted(t *testing.T) {
	contest := contestOf(t, `{}`)
	if err := strict.Create(t.Context(), contest); err != nil {
		t.Fatalf("create contest: %v", err)
	}
	stored, err := yaml.Marshal(contest.Object["spec"])
	if err != nil {
		t.Fatalf("write spec as YAML: %v", err)
	}
	want := `
coolDownSeconds: 900
durationSeconds: 18000
imagePullSeconds: 900
load:
  burstPercent: 100
  submissionsPerHour: 20
participants: 200
poolName: finals
startTime: "2027-02-28T23:30:00-03:30"
state: Scheduled
ttlSecondsAfterFinished: 2592000
`
	if diff := cmp.Diff(want[1:], string(stored)); diff != "" {
		t.Errorf("spec as stored (-want +got):\n%s", diff)
	}
}

// contestOf returns the minimal contest with the fields of changes. A field that is null is
// removed.
func contestOf(t *testing.T, changes string) *unstructured.Unstructured {
	t.Helper()
	spec, changed := map[string]any{}, map[string]any{}
	if err := yaml.Unmarshal([]byte(minimalContest), &spec); err != nil {
		t.Fatalf("minimal contest is not YAML: %v", err)
	}
	if err := yaml.Unmarshal([]byte(changes), &changed); err != nil {
		t.Fatalf("changes %q are not YAML: %v", changes, err)
	}
	for field, value := range changed {
		if value == nil {
			delete(spec, field)
			continue
		}
		spec[field] = value
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "executorpool.dev/v1alpha1",
		"kind":       "Contest",
		"metadata":   map[string]any{"generateName": "contest-", "namespace": "default"},
		"spec":       spec,
	}}
}
