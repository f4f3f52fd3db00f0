package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	kjson "sigs.k8s.io/json"
)

// bodySize is the largest body of a default pool.
const bodySize = DefaultMaxBodyBytes

// repeated returns a body of at most bodySize bytes: before, then unit many times, then after.
func repeated(before, unit, after string) []byte {
	n := (bodySize - len(before) - len(after)) / len(unit)
	return []byte(before + strings.Repeat(unit, n) + after)
}

// hostileBodies returns bodies whose elements are many or large, and what the 400 names.
func hostileBodies() map[string]struct {
	body  []byte
	field string
} {
	const begin = `{"language":"c","source":"x",`
	var unknown, duplicate bytes.Buffer
	unknown.WriteString(begin)
	for i := 0; unknown.Len() < bodySize-20; i++ {
		fmt.Fprintf(&unknown, `"%07d":0,`, i)
	}
	unknown.WriteString(`"z":0}`)
	duplicate.WriteString(begin)
	duplicate.WriteString(strings.Repeat(`"stdin":"",`, 1<<20) + `"args":[]}`)
	return map[string]struct {
		body  []byte
		field string
	}{
		"runs":                    {repeated(begin+`"runs":[`, `{},`, `{}]}`), "runs"},
		"runs that are null":      {repeated(begin+`"runs":[`, `null,`, `null]}`), "runs"},
		"runs of another type":    {repeated(begin+`"runs":[`, `1,`, `1]}`), "runs"},
		"runs by an escaped name": {repeated(begin+`"r\u0075ns":[`, `{},`, `{}]}`), "runs"},
		"files":                   {repeated(begin+`"files":[`, `{},`, `{}]}`), "files"},
		"args":                    {repeated(begin+`"args":[`, `"",`, `""]}`), "args"},
		"args of a run":           {repeated(begin+`"runs":[{},{"args":[`, `"",`, `""]}]}`), "runs[1].args"},
		"args of many runs":       {repeated(begin+`"runs":[`, `{"args":["","",""]},`, `{}]}`), "runs"},
		"unknown fields":          {unknown.Bytes(), "0000000"},
		"unknown fields of a run": {repeated(begin+`"runs":[{`, `"a":0,`, `"b":0}]}`), "runs[0].a"},
		"long unknown field":      {repeated(`{"`, `x`, `":0}`), strings.Repeat("x", quoteLength-1) + "..."},
		"duplicate fields":        {duplicate.Bytes(), "stdin"},
		"duplicate limits":        {repeated(begin+`"limits":{`, `"cpuMillis":1,`, `"cpuMillis":1}}`), "limits.cpuMillis"},
		"deep arrays":             {repeated(begin+`"stdin":`, `[`, ``), "stdin"},
		"deep objects":            {repeated(begin+`"stdin":`, `{"a":`, ``), "stdin"},
		"deep runs":               {repeated(begin+`"runs":`, `[`, ``), "runs[0]"},
		"long number":             {repeated(begin+`"limits":{"cpuMillis":`, `1`, `}}`), "limits.cpuMillis"},
		"long word":               {repeated(begin+`"encoding":"`, `x`, `"}`), "encoding"},
		"escaped word":            {repeated(begin+`"encoding":"`, `\u0001`, `"}`), "encoding"},
		"array for a string":      {repeated(begin+`"stdin":[`, `{},`, `{}]}`), "stdin"},
		"object for a list":       {repeated(begin+`"args":{"a":[`, `"",`, `""]}}`), "args"},
		"escaped file name":       {repeated(`{"language":"c","files":[{"content":"","name":"`, `\u0001`, `"}]}`), "files[0].name"},
		"only brackets":           {repeated(``, `[`, ``), ""},
		"only quotes":             {repeated(`{"`, `\"`, ``), ""},
		"only white space":        {repeated(``, ` `, ``), ""},
	}
}

// TestDecodeMemoryIsBounded measures what the rejection of the largest bodies allocates.
func TestDecodeMemoryIsBounded(t *testing.T) {
	for name, tc := range hostileBodies() {
		t.Run(name, func(t *testing.T) {
			var problem *Problem
			allocated := allocatedBy(func() { _, problem = Decode(tc.body, pool) })
			if problem == nil || problem.Field != tc.field || len(problem.Detail) > 300 || len(problem.Field) > 100 {
				t.Fatalf("the problem is %.400v, want one of the field %q", problem, tc.field)
			}
			if bound := uint64(4 * bodySize); allocated > bound {
				t.Errorf("%d MiB were allocated, want at most %d", allocated>>20, bound>>20)
			}
		})
	}
}

// TestDecodeMemoryOfValidBodies measures the largest valid requests, of one large string and of the
// highest number of elements.
func TestDecodeMemoryOfValidBodies(t *testing.T) {
	args := `{"args":[` + strings.Repeat(`"",`, MaxArgs-1) + `""]}`
	for name, body := range map[string][]byte{
		"one input":      repeated(`{"language":"c","source":"x","stdin":"`, `x`, `"}`),
		"escaped input":  repeated(`{"language":"c","source":"x","stdin":"`, `\u0001`, `"}`),
		"base64":         repeated(`{"language":"c","source":"x","encoding":"base64","stdin":"`, `AAAA`, `"}`),
		"most arguments": []byte(`{"language":"c","source":"x","runs":[` + strings.Repeat(args+",", MaxRuns-1) + args + `]}`),
	} {
		t.Run(name, func(t *testing.T) {
			var problem *Problem
			allocated := allocatedBy(func() { _, problem = Decode(body, pool) })
			if problem != nil {
				t.Fatal(problem)
			}
			// The second part is for the elements of all lists.
			if bound := 3*uint64(len(body)) + 2<<20; allocated > bound {
				t.Errorf("%d KiB were allocated for a body of %d KiB, want at most %d", allocated>>10, len(body)>>10, bound>>10)
			}
		})
	}
}

// allocatedBy returns the bytes that do allocates on the heap.
func allocatedBy(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestCheckShapeAcceptsEveryField(t *testing.T) {
	request := Request{Language: "c", Source: "x", Files: []File{{Name: "a", Content: "\"\\", Encoding: UTF8}}, Stdin: "\\\"", Args: []string{"[{"},
		Runs: []RunInput{{Stdin: "]}", Args: []string{"\\"}}}, StopOnFailure: StopNever, Limits: Limits{1, 2, 3, 4, 5}, Encoding: UTF8}
	compact, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	indented, err := json.MarshalIndent(request, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range [][]byte{compact, indented} {
		s := shapeScan{body: body}
		if !s.object(requestShape) || s.problem != nil || s.at != len(body) {
			t.Errorf("the scan of %s ends at %d with %v", body, s.at, s.problem)
		}
	}
}

// FuzzShape compares the scan with the decoder: a body that the decoder accepts has a problem in
// the scan exactly if a list has too many elements.
func FuzzShape(f *testing.F) {
	f.Add([]byte(`{"language": "c", "source": "x\\\"", "args": ["a"], "limits": {"cpuMillis": 5}}`))
	f.Add([]byte(`{"files": [{"name": "a.c", "content": "eA==", "encoding": "base64"}], "runs": [{"args":[]},null]}`))
	f.Add([]byte(`{"args":[` + strings.Repeat(`"",`, MaxArgs) + `""]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) {
			return
		}
		var req Request
		strict, err := kjson.UnmarshalStrict(body, &req)
		if err != nil || len(strict) > 0 {
			return
		}
		within := len(req.Files) <= MaxFiles && len(req.Args) <= MaxArgs && len(req.Runs) <= MaxRuns
		for _, run := range req.Runs {
			within = within && len(run.Args) <= MaxArgs
		}
		if p := checkShape(body); (p == nil) != within {
			t.Errorf("the problem is %v; within the bounds: %t", p, within)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var runs []string
	for i := range MaxRuns {
		runs = append(runs, fmt.Sprintf(`{"stdin":"%s\n","args":["%d"]}`, strings.Repeat("12345 ", 1000), i))
	}
	for name, body := range map[string]string{
		"small": `{"language":"cpp17","source":"` + strings.Repeat(`int main() { return 0; }\n`, 20) + `"}`,
		"large": `{"language":"c","source":"x","runs":[` + strings.Join(runs, ",") + `]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, problem := Decode([]byte(body), pool); problem != nil {
					b.Fatal(problem)
				}
			}
		})
	}
}
