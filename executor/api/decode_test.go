package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var pool = Bounds{Limits: Limits{CPUMillis: 10_000, WallMillis: 60_000, MemoryMiB: 256, OutputKiB: 64, Processes: 64}}

func TestDecodeFillsInDefaults(t *testing.T) {
	got, problem := Decode([]byte(`{"language": "c", "files": [{"name": "main.c", "content": "int main;"}],
		"runs": [{"stdin": "1"}, {"args": ["a"]}], "limits": {"memoryMiB": 64}}`), pool)
	if problem != nil {
		t.Fatal(problem)
	}
	want := &Request{
		Language: "c", Files: []File{{Name: "main.c", Content: "int main;", Encoding: UTF8}},
		Runs: []RunInput{{Stdin: "1"}, {Args: []string{"a"}}}, StopOnFailure: StopNever, Encoding: UTF8,
		Limits: Limits{CPUMillis: 10_000, WallMillis: 60_000, MemoryMiB: 64, OutputKiB: 64, Processes: 64},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestDecodeRefusesByField(t *testing.T) {
	files := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(`{"name": "f%d", "content": ""}`, i)
		}
		return `{"language": "c", "files": [` + strings.Join(all, ",") + `]}`
	}
	for name, tc := range map[string]struct {
		body   string
		field  string
		detail string // a part of it
	}{
		"empty body":           {``, "", "not a JSON document"},
		"broken JSON":          {`{"language": "c",}`, "", "at byte"},
		"two documents":        {`{"language": "c", "source": "x"} {}`, "", "not a JSON document"},
		"an array":             {`[]`, "", "array"},
		"not UTF-8":            {"{\"language\": \"c\", \"source\": \"\xff\"}", "", "UTF-8"},
		"unknown field":        {`{"language": "c", "source": "x", "limits": {"cpuMilis": 1}}`, "limits.cpuMilis", "no field"},
		"wrong case":           {`{"Language": "c", "source": "x"}`, "Language", "no field"},
		"unknown field in run": {`{"language": "c", "source": "x", "runs": [{}, {"in": ""}]}`, "runs[1].in", "no field"},
		"duplicate field":      {`{"language": "c", "source": "x", "source": "y"}`, "source", "twice"},
		"wrong type":           {`{"language": "c", "source": "x", "limits": {"cpuMillis": "1"}}`, "limits.cpuMillis", "whole number"},
		"fraction":             {`{"language": "c", "source": "x", "limits": {"cpuMillis": 1.5}}`, "limits.cpuMillis", "whole number"},
		"no language":          {`{"source": "x"}`, "language", "/v1/languages"},
		"no program":           {`{"language": "c"}`, "source", "exactly one"},
		"source and files":     {`{"language": "c", "source": "x", "files": [{"name": "a", "content": ""}]}`, "source", "exactly one"},
		"too many files":       {files(MaxFiles + 1), "files", "at most 64"},
		"same name twice":      {`{"language": "c", "files": [{"name": "a", "content": ""}, {"name": "a", "content": ""}]}`, "files[1].name", "differ"},
		"traversal":            {`{"language": "c", "files": [{"name": "../a", "content": ""}]}`, "files[0].name", "dot"},
		"slash":                {`{"language": "c", "files": [{"name": "a/b", "content": ""}]}`, "files[0].name", "only letters"},
		"NUL in name":          {`{"language": "c", "files": [{"name": "a\u0000b", "content": ""}]}`, "files[0].name", "only letters"},
		"name like a flag":     {`{"language": "c", "files": [{"name": "-o", "content": ""}]}`, "files[0].name", "dash"},
		"long name":            {`{"language": "c", "files": [{"name": "` + strings.Repeat("a", 65) + `", "content": ""}]}`, "files[0].name", "64"},
		"bad base64 file":      {`{"language": "c", "files": [{"name": "a", "content": "%", "encoding": "base64"}]}`, "files[0].content", "base64"},
		"bad file encoding":    {`{"language": "c", "files": [{"name": "a", "content": "", "encoding": "hex"}]}`, "files[0].encoding", "allowed"},
		"bad encoding":         {`{"language": "c", "source": "x", "encoding": "latin1"}`, "encoding", "allowed"},
		"bad base64 stdin":     {`{"language": "c", "source": "x", "encoding": "base64", "runs": [{"stdin": "?"}]}`, "runs[0].stdin", "base64"},
		"bad stop":             {`{"language": "c", "source": "x", "stopOnFailure": "first"}`, "stopOnFailure", "First"},
		"stdin and runs":       {`{"language": "c", "source": "x", "stdin": "1", "runs": [{}]}`, "runs", "each of the runs"},
		"no runs":              {`{"language": "c", "source": "x", "runs": []}`, "runs", "leave the field out"},
		"too many runs":        {`{"language": "c", "source": "x", "runs": [{}` + strings.Repeat(",{}", MaxRuns) + `]}`, "runs", "at most 256"},
		"NUL in argument":      {`{"language": "c", "source": "x", "args": ["a", "\u0000"]}`, "args[1]", "NUL"},
		"too many arguments":   {`{"language": "c", "source": "x", "args": [""` + strings.Repeat(`,""`, MaxArgs) + `]}`, "args", "at most 64"},
		"long arguments":       {`{"language": "c", "source": "x", "runs": [{"args": ["` + strings.Repeat("a", MaxArgBytes+1) + `"]}]}`, "runs[0].args", "together"},
		"negative limit":       {`{"language": "c", "source": "x", "limits": {"processes": -1}}`, "limits.processes", "1 to 64"},
		"limit above the pool": {`{"language": "c", "source": "x", "limits": {"memoryMiB": 257}}`, "limits.memoryMiB", "1 to 256"},
	} {
		t.Run(name, func(t *testing.T) {
			req, problem := Decode([]byte(tc.body), pool)
			if problem == nil {
				t.Fatalf("accepted: %+v", req)
			}
			if problem.Status != http.StatusBadRequest || problem.Field != tc.field || !strings.Contains(problem.Detail, tc.detail) {
				t.Errorf("problem is %d, field %q, detail %q; want 400, field %q, detail with %q",
					problem.Status, problem.Field, problem.Detail, tc.field, tc.detail)
			}
		})
	}
}

func TestDecodeShowsOnlyTheBeginningOfLongValues(t *testing.T) {
	_, problem := Decode([]byte(`{"language": "c", "source": "x", "encoding": "`+strings.Repeat("a", 1<<20)+`"}`), pool)
	if problem == nil || len(problem.Detail) > 200 {
		t.Errorf("problem is %.300v", problem)
	}
}

// FuzzDecode checks that an accepted request is within the bounds and survives encoding and
// decoding.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"language": "c", "source": "x", "args": ["a"], "limits": {"cpuMillis": 5}}`))
	f.Add([]byte(`{"language": "c", "files": [{"name": "a.c", "content": "eA==", "encoding": "base64"}], "runs": [{}]}`))
	f.Add([]byte(`{"language": "c", "source": "x", "args": []}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, problem := Decode(body, pool)
		if problem != nil {
			if problem.Status != http.StatusBadRequest || problem.Detail == "" {
				t.Errorf("problem is %+v", problem)
			}
			return
		}
		l := req.Limits
		if l.CPUMillis < 1 || l.CPUMillis > 10_000 || l.MemoryMiB < 1 || l.MemoryMiB > 256 {
			t.Errorf("limits are %+v", l)
		}
		again, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		second, problem := Decode(again, pool)
		if problem != nil {
			t.Fatalf("refused when written again: %v", problem)
		}
		// The encoding leaves out an empty list, which means the same.
		if diff := cmp.Diff(req, second, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("written and read again (-want +got):\n%s", diff)
		}
	})
}
