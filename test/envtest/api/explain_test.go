package api

import (
	"encoding/json"
	"strings"
	"testing"
)

// property is the part of an OpenAPI schema that kubectl explain shows.
type property struct {
	Description          string              `json:"description"`
	Default              any                 `json:"default"`
	Properties           map[string]property `json:"properties"`
	Items                *property           `json:"items"`
	AdditionalProperties *property           `json:"additionalProperties"`
}

// foreign are the types of Kubernetes that the API uses. Their descriptions follow other
// conventions.
var foreign = map[string]bool{
	"executorpool.spec.scheduling.affinity":                  true,
	"executorpool.spec.scaling.source.external.selector":     true,
	"executorpool.spec.scheduling.tolerations":               true,
	"executorpool.spec.scheduling.topologySpreadConstraints": true,
	"executorpool.spec.scheduling.imagePullSecrets":          true,
	"executorpool.status.conditions":                         true,
	"contest.status.conditions":                              true,
}

// TestFieldsExplained checks the schema that the API server publishes and kubectl explain prints.
// Every field must have a description. The description of a field of this API must begin with the
// name of the field and contain the default.
func TestFieldsExplained(t *testing.T) {
	var document struct {
		Components struct {
			Schemas map[string]property `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openAPI(t), &document); err != nil {
		t.Fatalf("read the OpenAPI document: %v", err)
	}
	for kind, least := range map[string]int{"ExecutorPool": 40, "Contest": 20} {
		schema, ok := document.Components.Schemas["dev.executorpool.v1alpha1."+kind]
		if !ok {
			t.Fatalf("the OpenAPI document has no schema of %s", kind)
		}
		if schema.Description == "" {
			t.Errorf("%s has no description", kind)
		}
		fields := 0
		for _, part := range []string{"spec", "status"} {
			fields += explain(t, strings.ToLower(kind)+"."+part, part, schema.Properties[part], true)
		}
		if fields < least {
			t.Errorf("walked %d fields of %s, want all of them, which are at least %d", fields, kind, least)
		}
	}
}

// explain checks the property and everything below it, and returns the number of properties.
func explain(t *testing.T, path, name string, field property, ours bool) int {
	t.Helper()
	if field.Description == "" {
		t.Errorf("%s has no description: give the field in api/v1alpha1 a comment and run `make generate`", path)
	}
	if ours && !strings.HasPrefix(field.Description, name+" ") {
		t.Errorf("%s is described as %q: begin with the field's name", path, field.Description)
	}
	_, structure := field.Default.(map[string]any)
	if ours && field.Default != nil && !structure && !strings.Contains(field.Description, "Default") {
		t.Errorf("%s has the default %v: its description must say so", path, field.Default)
	}
	fields := 1
	below := field.Properties
	if field.Items != nil {
		below = field.Items.Properties
	}
	for child, schema := range below {
		fields += explain(t, path+"."+child, child, schema, ours && !foreign[path])
	}
	return fields
}
