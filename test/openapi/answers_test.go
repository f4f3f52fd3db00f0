package openapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// TestEveryPathAnswersAsDocumented sends every method to every path.
func TestEveryPathAnswersAsDocumented(t *testing.T) {
	document := parse(t, api.OpenAPI)
	for path, item := range document.Paths.Map() {
		var allowed []string
		for method := range item.Operations() {
			allowed = append(allowed, method)
		}
		for _, method := range methods {
			a := ask(t, document, defaults.url, path, method, hello)
			want := http.StatusMethodNotAllowed
			if slices.Contains(allowed, method) {
				want = http.StatusOK
			}
			if a.status != want {
				t.Errorf("%s %s answers %d %s", method, path, a.status, a.body)
			}
			if allow := a.header.Get(api.HeaderAllow); want == http.StatusMethodNotAllowed && allow != strings.Join(allowed, ", ") {
				t.Errorf("%s %s: Allow is %q, want %q", method, path, allow, allowed)
			}
		}
		if !slices.Contains(allowed, http.MethodGet) {
			continue
		}
		response, err := http.Head(defaults.url + path)
		if err != nil {
			t.Error(err)
			continue
		}
		if a := read(t, response); a.status != http.StatusOK || len(a.body) > 0 {
			t.Errorf("HEAD %s answers %d %s", path, a.status, a.body)
		}
	}
}

func TestUnknownPathListsThePaths(t *testing.T) {
	document := parse(t, api.OpenAPI)
	body := string(ask(t, document, defaults.url, "/v1/unknown", http.MethodGet, "").body)
	for path, item := range document.Paths.Map() {
		if post := item.Post; post != nil && post.Deprecated {
			continue
		}
		if !strings.Contains(body, path) {
			t.Errorf("the answer does not list %s: %s", path, body)
		}
	}
}

func TestExecutorServesTheDocument(t *testing.T) {
	a := ask(t, parse(t, api.OpenAPI), defaults.url, api.PathOpenAPI, http.MethodGet, "")
	if diff := cmp.Diff(api.OpenAPI, string(a.body)); diff != "" {
		t.Errorf("/openapi.json (-document +answer):\n%s", diff)
	}
}

func TestInfoAgreesWithOtherAnswers(t *testing.T) {
	document := parse(t, api.OpenAPI)
	get := func(path string, into any) {
		if err := json.Unmarshal(ask(t, document, defaults.url, path, http.MethodGet, "").body, into); err != nil {
			t.Fatal(err)
		}
	}
	var info api.Info
	var state api.State
	var languages []api.Language
	get(api.PathInfo, &info)
	get(api.PathState, &state)
	get(api.PathLanguages, &languages)
	ids := []string{}
	for _, language := range languages {
		ids = append(ids, language.ID)
	}
	if diff := cmp.Diff(ids, info.Languages); diff != "" {
		t.Errorf("languages (-/v1/languages +/v1/info):\n%s", diff)
	}
	if info.Slots != state.Slots || info.QueueCapacity != state.QueueCapacity || info.Tier != state.Tier {
		t.Errorf("/v1/info has %+v, /v1/state %+v", info, state)
	}
	if info.TimeoutMillis != info.Ceilings.WallMillis {
		t.Errorf("the timeout is %d ms and the highest wall time %d ms", info.TimeoutMillis, info.Ceilings.WallMillis)
	}
}

// TestExamplesAreAnsweredAsDocumented sends each example of a request. The answer is the example of
// the same name, except for what differs from run to run.
func TestExamplesAreAnsweredAsDocumented(t *testing.T) {
	document := parse(t, api.OpenAPI)
	requests := document.Components.RequestBodies["Submission"].Value.Content.Get("application/json").Examples
	results := document.Components.Responses["Result"].Value.Content.Get("application/json").Examples
	if len(requests) == 0 || len(requests) != len(results) {
		t.Fatalf("there are %d examples of requests and %d of results", len(requests), len(results))
	}
	for name, example := range requests {
		t.Run(name, func(t *testing.T) {
			a := ask(t, document, defaults.url, executePath, http.MethodPost, encode(t, example.Value.Value))
			if results[name] == nil {
				t.Fatalf("the document has no result %s", name)
			}
			want, got := stable(t, []byte(encode(t, results[name].Value.Value))), stable(t, a.body)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("result (-document +executor):\n%s", diff)
			}
		})
	}
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stable returns a result without what differs from run to run and from machine to machine.
func stable(t *testing.T, document []byte) api.Result {
	t.Helper()
	var result api.Result
	if err := json.Unmarshal(document, &result); err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	result.ID, result.Tier, result.QueueMillis = "", "", 0
	stages := make([]*api.Stage, 0, len(result.Runs)+1)
	for i := range result.Runs {
		stages = append(stages, &result.Runs[i])
	}
	if result.Compile != nil {
		stages = append(stages, result.Compile)
	}
	for _, stage := range stages {
		stage.CPUMillis, stage.WallMillis, stage.MemoryKiB, stage.Cached = 0, 0, 0, false
	}
	return result
}
