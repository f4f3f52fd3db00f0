package openapi

import (
	"net/http"
	"testing"

	"executorpool.dev/test/openapi/generated"
)

// TestGeneratedClientSubmits uses the client that oapi-codegen makes of the document.
func TestGeneratedClientSubmits(t *testing.T) {
	client, err := generated.NewClientWithResponses(defaults.url)
	if err != nil {
		t.Fatal(err)
	}
	source := "#include <stdio.h>\nint main(void) { int a, b; scanf(\"%d %d\", &a, &b); printf(\"%d\\n\", a + b); }\n"
	runs := []generated.RunInput{{Stdin: new("1 2\n")}, {Stdin: new("40 2\n")}}
	request := generated.Request{
		Language: "c", Source: &source, Runs: &runs,
		StopOnFailure: new(generated.First), Limits: &generated.Limits{MemoryMiB: new(int64(64))},
	}
	answer, err := client.ExecuteWithResponse(t.Context(), nil, request)
	if err != nil {
		t.Fatal(err)
	}
	result := answer.JSON200
	if result == nil || result.Verdict != generated.OK || result.Compile == nil || len(result.Runs) != 2 || result.Runs[1].Stdout != "42\n" {
		t.Errorf("the answer is %s %s", answer.Status(), answer.Body)
	}

	request.Language = "cobol"
	answer, err = client.ExecuteWithResponse(t.Context(), nil, request)
	if err != nil {
		t.Fatal(err)
	}
	problem := answer.ApplicationproblemJSON422
	if answer.StatusCode() != http.StatusUnprocessableEntity || problem == nil || problem.Type != generated.ProblemsunknownLanguage {
		t.Errorf("the answer is %s %s", answer.Status(), answer.Body)
	}

	info, err := client.GetInfoWithResponse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.JSON200 == nil || *info.JSON200.Ceilings.MemoryMiB < 64 {
		t.Errorf("the answer is %s %s", info.Status(), info.Body)
	}
}
