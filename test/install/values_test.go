package install

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// settings has, for each value of the chart, a setting that differs from the default.
var settings = map[string]string{
	"image.repository":                   `"registry.example/manager"`,
	"image.tag":                          `"dev"`,
	"image.digest":                       `"sha256:` + strings.Repeat("0", 64) + `"`,
	"image.pullPolicy":                   `"Always"`,
	"executorImage":                      `"executorpool/executor:dev"`,
	"imagePullSecrets":                   `[{"name":"registry"}]`,
	"replicas":                           `3`,
	"leaderElection.enabled":             `false`,
	"namespaces":                         `["contest-a","contest-b"]`,
	"nodeCapacity":                       `false`,
	"allowedImages":                      `["registry.example/judge/*"]`,
	"allowedPriorityClasses":             `["contest-*"]`,
	"placeholders.enabled":               `true`,
	"placeholders.priority":              `-5`,
	"maxConcurrentReconciles":            `16`,
	"logging.level":                      `"debug"`,
	"logging.format":                     `"text"`,
	"crds.install":                       `false`,
	"crds.keep":                          `false`,
	"userRoles.create":                   `false`,
	"serviceAccount.create":              `false`,
	"serviceAccount.name":                `"contest-manager"`,
	"serviceAccount.annotations":         `{"example.com/role":"manager"}`,
	"metrics.enabled":                    `false`,
	"metrics.tlsSecretName":              `"metrics-certificate"`,
	"serviceMonitor.enabled":             `true`,
	"serviceMonitor.interval":            `"10s"`,
	"serviceMonitor.labels":              `{"prometheus":"contests"}`,
	"serviceMonitor.tlsConfig":           `{"serverName":"manager","insecureSkipVerify":false}`,
	"podMonitor.enabled":                 `true`,
	"podMonitor.interval":                `"5s"`,
	"podMonitor.labels":                  `{"prometheus":"contests"}`,
	"prometheusRule.enabled":             `true`,
	"prometheusRule.labels":              `{"prometheus":"contests"}`,
	"prometheusRule.alertLabels":         `{"team":"contests"}`,
	"dashboard.enabled":                  `true`,
	"dashboard.labels":                   `{"team":"contests"}`,
	"dashboard.annotations":              `{"grafana_folder":"contests"}`,
	"admissionPolicy.enabled":            `true`,
	"networkPolicy.enabled":              `true`,
	"podDisruptionBudget.enabled":        `false`,
	"podDisruptionBudget.maxUnavailable": `"50%"`,
	"resources":                          `{"limits":{"memory":"1Gi","cpu":2}}`,
	"nodeSelector":                       `{"pool":"system"}`,
	"tolerations":                        `[{"key":"system","operator":"Exists"}]`,
	"affinity":                           `{"nodeAffinity":{}}`,
	"topologySpreadConstraints":          `[]`,
	"priorityClassName":                  `"system-cluster-critical"`,
	"commonLabels":                       `{"team":"contests"}`,
	"podLabels":                          `{"team":"contests"}`,
	"podAnnotations":                     `{"example.com/note":"manager"}`,
	"extraArgs":                          `["--kube-api-qps=100"]`,
	"extraEnv":                           `[{"name":"GOMEMLIMIT","value":"450MiB"}]`,
	"nameOverride":                       `"pools"`,
	"fullnameOverride":                   `"pools"`,

	"prometheusRule.alerts.queueOverTarget.percent":       `150`,
	"prometheusRule.alerts.queueOverTarget.for":           `"30s"`,
	"prometheusRule.alerts.queueOverTarget.severity":      `"page"`,
	"prometheusRule.alerts.metricsStale.seconds":          `300`,
	"prometheusRule.alerts.metricsStale.for":              `"30s"`,
	"prometheusRule.alerts.metricsStale.severity":         `"page"`,
	"prometheusRule.alerts.atCeiling.for":                 `"30s"`,
	"prometheusRule.alerts.atCeiling.severity":            `"page"`,
	"prometheusRule.alerts.podsNotStarting.for":           `"1h30m"`,
	"prometheusRule.alerts.podsNotStarting.severity":      `"page"`,
	"prometheusRule.alerts.noReplica.for":                 `"30s"`,
	"prometheusRule.alerts.noReplica.severity":            `"page"`,
	"prometheusRule.alerts.isolationNotEnforced.for":      `"30s"`,
	"prometheusRule.alerts.isolationNotEnforced.severity": `"page"`,
	"prometheusRule.alerts.contestNotPrewarmed.for":       `"1m"`,
	"prometheusRule.alerts.contestNotPrewarmed.severity":  `"page"`,
	"prometheusRule.alerts.managerGone.for":               `"30s"`,
	"prometheusRule.alerts.managerGone.severity":          `"page"`,
}

// requiredSettings has, for some values, the settings without which they have no effect or are
// rejected.
var requiredSettings = map[string]string{
	"leaderElection.enabled":     "replicas=1",
	"serviceAccount.create":      "serviceAccount.name=there",
	"serviceMonitor.interval":    "serviceMonitor.enabled=true",
	"serviceMonitor.labels":      "serviceMonitor.enabled=true",
	"serviceMonitor.tlsConfig":   "serviceMonitor.enabled=true",
	"podMonitor.interval":        "podMonitor.enabled=true",
	"podMonitor.labels":          "podMonitor.enabled=true",
	"prometheusRule.labels":      "prometheusRule.enabled=true",
	"prometheusRule.alertLabels": "prometheusRule.enabled=true",
	"dashboard.labels":           "dashboard.enabled=true",
	"dashboard.annotations":      "dashboard.enabled=true",
	"placeholders.priority":      "placeholders.enabled=true",
}

func requiredSetting(path string) string {
	if strings.HasPrefix(path, "prometheusRule.alerts.") {
		return "prometheusRule.enabled=true"
	}
	return requiredSettings[path]
}

// copiedValues has the values that the chart copies into an object unchanged.
var copiedValues = map[string]bool{"resources": true, "serviceMonitor.tlsConfig": true}

// TestValueReachesObjects checks every value in values.yaml: a change of the value must change an
// object.
func TestValueReachesObjects(t *testing.T) {
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(read(t, chart+"/values.yaml")), &values); err != nil {
		t.Fatalf("read values.yaml: %v", err)
	}
	paths := leaves("", values)
	if len(paths) != len(settings) {
		t.Errorf("values.yaml has %d values, settings %d: %v", len(paths), len(settings), paths)
	}
	rendered := map[string]string{}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			setting, ok := settings[path]
			if !ok {
				t.Fatalf("settings has no entry for %s: add one", path)
			}
			need := requiredSetting(path)
			args := []string{"template", release, chart, "--namespace", namespace, "--set", need}
			before, ok := rendered[need]
			if !ok {
				before = mustTool(t, "helm", args...)
				rendered[need] = before
			}
			after := mustTool(t, "helm", append(args, "--set-json", path+"="+setting)...)
			if before == after {
				t.Errorf("%s=%s does not change a rendered object", path, setting)
			}
			parse(t, after)
		})
	}
}

func leaves(prefix string, values map[string]any) []string {
	var paths []string
	for name, value := range values {
		path := prefix + name
		below, isMap := value.(map[string]any)
		if !isMap || len(below) == 0 || copiedValues[path] {
			paths = append(paths, path)
			continue
		}
		paths = append(paths, leaves(path+".", below)...)
	}
	return paths
}

func TestBadValueRefused(t *testing.T) {
	tests := map[string]struct {
		// set has settings, separated by blanks.
		set  string
		want string
	}{
		"misspelt value":               {`replica=3`, "additional properties 'replica' not allowed"},
		"misspelt value further down":  {`image.name="manager"`, "additional properties 'name' not allowed"},
		"replicas as text":             {`replicas="two"`, "at '/replicas': got string, want integer"},
		"negative replicas":            {`replicas=-1`, "at '/replicas': minimum: got -1, want 0"},
		"image with a space":           {`image.repository="executor\u0020pool"`, "at '/image/repository'"},
		"tag in the repository's name": {`image.tag="manager:dev"`, "at '/image/tag'"},
		"digest cut short":             {`image.digest="sha256:abc"`, "at '/image/digest'"},
		"pull policy":                  {`image.pullPolicy="Sometimes"`, "value must be one of 'Always', 'IfNotPresent', 'Never'"},
		"executor image as a map":      {`executorImage={"tag":"dev"}`, "at '/executorImage': got object, want string"},
		"one namespace as text":        {`namespaces="contest-a"`, "at '/namespaces': got string, want array"},
		"invalid namespace":            {`namespaces=["Contest_A"]`, "at '/namespaces/0'"},
		"namespace twice":              {`namespaces=["a","a"]`, "at '/namespaces'"},
		"log level":                    {`logging.level="trace"`, "value must be one of 'debug', 'info', 'warn', 'error'"},
		"log format":                   {`logging.format="xml"`, "value must be one of 'json', 'text'"},
		"no reconciles":                {`maxConcurrentReconciles=0`, "at '/maxConcurrentReconciles': minimum: got 0, want 1"},
		"disruption budget":            {`podDisruptionBudget.maxUnavailable="half"`, "at '/podDisruptionBudget/maxUnavailable'"},
		"label that is a number":       {`podLabels={"team":7}`, "at '/podLabels/team': got number, want string"},
		"flag without dashes":          {`extraArgs=["kube-api-qps=10"]`, "at '/extraArgs/0'"},
		"unnamed pull secret":          {`imagePullSecrets=[{}]`, "missing property 'name'"},
		"scrape interval":              {`serviceMonitor.interval="often"`, "at '/serviceMonitor/interval'"},
		"several managers, no leader":  {`leaderElection.enabled=false`, "set leaderElection.enabled=true or replicas=1"},
		"account without a name":       {`serviceAccount.create=false`, "name the account that is there, or set serviceAccount.create=true"},
		"executors' scrape interval":   {`podMonitor.interval="often"`, "at '/podMonitor/interval'"},
		"alert that does not exist":    {`prometheusRule.alerts.queue={"for":"1m"}`, "additional properties 'queue' not allowed"},
		"alert after no time":          {`prometheusRule.alerts.atCeiling.for="soon"`, "at '/prometheusRule/alerts/atCeiling/for'"},
		"alert at any wait":            {`prometheusRule.alerts.queueOverTarget.percent=0`, "at '/prometheusRule/alerts/queueOverTarget/percent'"},
		"alert label that is a number": {`prometheusRule.alertLabels={"team":7}`, "at '/prometheusRule/alertLabels/team'"},
		"nothing to alert about":       {`prometheusRule.enabled=true metrics.enabled=false`, "set metrics.enabled=true"},
		"nothing to scrape":            {`serviceMonitor.enabled=true metrics.enabled=false`, "set metrics.enabled=true"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			args := []string{"template", release, chart, "--namespace", namespace}
			for set := range strings.FieldsSeq(tc.set) {
				args = append(args, "--set-json", set)
			}
			_, stderr, err := tool(t, "helm", args...)
			if err == nil {
				t.Fatalf("%s is accepted, want an error", tc.set)
			}
			if !strings.Contains(stderr, tc.want) {
				t.Errorf("the error is\n%s\nwant this in it\n%s", stderr, tc.want)
			}
		})
	}
}

func TestChartLintClean(t *testing.T) {
	for name, set := range map[string]string{"default": "replicas=2", "namespaced": "namespaces={contest-a,contest-b}"} {
		t.Run(name, func(t *testing.T) {
			if out := mustTool(t, "helm", "lint", "--strict", chart, "--set", set); strings.Contains(out, "[WARNING]") {
				t.Errorf("helm lint warns:\n%s", out)
			}
		})
	}
}

// TestSchemaDescribesValues checks that the schema has a description for every value, which editors
// show.
func TestSchemaDescribesValues(t *testing.T) {
	type property struct {
		Description string              `json:"description"`
		Properties  map[string]property `json:"properties"`
	}
	var schema property
	if err := json.Unmarshal([]byte(read(t, chart+"/values.schema.json")), &schema); err != nil {
		t.Fatalf("read values.schema.json: %v", err)
	}
	for name, value := range schema.Properties {
		if value.Description == "" {
			t.Errorf("values.schema.json does not describe %s", name)
		}
		for below, value := range value.Properties {
			if value.Description == "" && name != "resources" {
				t.Errorf("values.schema.json does not describe %s.%s", name, below)
			}
		}
	}
}
