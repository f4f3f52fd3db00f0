package openapi

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"executorpool.dev/executor/api"
)

func parse(t *testing.T, text string) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestDocumentIsValid(t *testing.T) {
	document := parse(t, api.OpenAPI)
	if !document.IsOpenAPI31OrLater() {
		t.Errorf("the document is OpenAPI %s", document.OpenAPI)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestValidatorFindsFaults proves that a document with a fault does not pass.
func TestValidatorFindsFaults(t *testing.T) {
	for name, change := range map[string][2]string{
		"unknown type":       {`"type": "boolean"`, `"type": "bool"`},
		"unknown keyword":    {`"operationId": "execute"`, `"operationID": "execute"`},
		"wrong example":      {`"status": "ok"`, `"status": "well"`},
		"incomplete example": {`"exitCode": 0, `, ``},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(api.OpenAPI, change[0], change[1], 1)
			if changed == api.OpenAPI {
				t.Fatalf("the document has no %s", change[0])
			}
			document, err := openapi3.NewLoader().LoadFromData([]byte(changed))
			if err == nil {
				err = document.Validate(t.Context())
			}
			if err == nil {
				t.Errorf("a document with %s passes", change[1])
			}
		})
	}
}

// operation returns what the document has for a path and a method. Where it has no such path, or no
// such method of a path, this is an operation with the one response that the document has for that.
func operation(document *openapi3.T, path, method string) *openapi3.Operation {
	item := document.Paths.Value(path)
	responses := document.Components.Responses
	switch {
	case item == nil:
		return &openapi3.Operation{Responses: openapi3.NewResponses(openapi3.WithStatus(http.StatusNotFound, responses["NotFound"]))}
	case item.GetOperation(method) == nil:
		return &openapi3.Operation{Responses: openapi3.NewResponses(openapi3.WithStatus(http.StatusMethodNotAllowed, responses["MethodNotAllowed"]))}
	default:
		return item.GetOperation(method)
	}
}

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func read(t *testing.T, response *http.Response) answer {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{response.StatusCode, response.Header, body}
}

// check compares the answer with what the document has for the path and method: status, headers and
// body.
func (a answer) check(t *testing.T, document *openapi3.T, path, method string) {
	t.Helper()
	request, err := http.NewRequest(method, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request,
			Route:   &routers.Route{Spec: document, Path: path, Method: method, Operation: operation(document, path, method)},
		},
		Status: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
		t.Errorf("%s %s answers %d %s, which is not as documented: %v", method, path, a.status, a.body, err)
	}
}

// ask sends a request and compares the answer with the document. The status is 0 where there is no
// answer.
func ask(t *testing.T, document *openapi3.T, url, path, method, body string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	a := read(t, response)
	a.check(t, document, path, method)
	return a
}
