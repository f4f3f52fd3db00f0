package server

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/budget"
	"executorpool.dev/executor/job"
)

// hostileTexts are outputs that JSON escapes, or that look like a part of the document.
func hostileTexts() []string {
	var ascii strings.Builder
	for c := range rune(128) {
		ascii.WriteRune(c)
	}
	return []string{
		"", ascii.String(), string(outputFields), "\u2028\u2029\u20ac\U0001F600\uFFFD\u007f", "a\xff\xe2\x82b\xed\xa0\x80", "<a href=\"x\">&\\",
		strings.Repeat("\x01", 100_000), strings.Repeat("\u20ac", 50_000), strings.Repeat("x", chunkBytes-3) + "\u20ac\x01",
	}
}

func encodeDocument(t *testing.T, r api.Result) []byte {
	t.Helper()
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	return want.Bytes()
}

// TestResultStreamIsTheDocument compares the stream with the encoding of the whole document.
func TestResultStreamIsTheDocument(t *testing.T) {
	texts := hostileTexts()
	result := api.Result{ID: "x", Verdict: api.OK, Cause: string(outputFields), Tier: "Restricted",
		Compile: &api.Stage{Verdict: api.OK, Cause: string(outputFields), Stderr: texts[1], StderrTruncated: true}}
	for i, text := range texts {
		result.Runs = append(result.Runs, api.Stage{Stdout: text, Stderr: texts[len(texts)-1-i], ExitCode: i, Cause: text})
	}
	for name, r := range map[string]api.Result{"with a compilation": result, "without": {Runs: result.Runs}} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			stream := newResultStream(&r, func() {})
			n, err := stream.WriteTo(&got)
			if err != nil {
				t.Fatal(err)
			}
			want := encodeDocument(t, r)
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got %.2000q\nwant %.2000q", got.Bytes(), want)
			}
			if int64(stream.length()) != n || n != int64(got.Len()) {
				t.Errorf("the length is %d, and %d bytes were written (%d)", stream.length(), got.Len(), n)
			}
		})
	}
}

func FuzzResultStream(f *testing.F) {
	for _, text := range hostileTexts() {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, stdout, stderr string) {
		r := api.Result{Runs: []api.Stage{{Stdout: strings.Repeat("x", smallResult+1)}, {Stdout: stdout, Stderr: stderr}}}
		var got bytes.Buffer
		stream := newResultStream(&r, func() {})
		if _, err := stream.WriteTo(&got); err != nil || got.Len() != stream.length() || !bytes.Equal(got.Bytes(), encodeDocument(t, r)) {
			t.Errorf("%v, length %d, got %.1000q", err, stream.length(), got.Bytes())
		}
	})
}

// TestLargeResultIsReleasedWhenRead answers with a result that the kernel's buffers cannot hold.
func TestLargeResultIsReleasedWhenRead(t *testing.T) {
	const output = 8 * mebibyte
	s := newIdleServer()
	memory := budget.New(output, 0)
	url := serve(t, s)
	for name, read := range map[string]bool{"client reads": true, "client leaves": false} {
		t.Run(name, func(t *testing.T) {
			d := dial(t, url)
			d.send(validRequest)
			j := popJob(t, s)
			free, err := memory.ClaimAnswer(t.Context(), output)
			if err != nil {
				t.Fatal(err)
			}
			o := okOutcome("large")
			o.Free = free
			o.Result.Runs = []api.Stage{{Stdout: strings.Repeat("\x01", output)}}
			j.Answer(o)
			header := make([]byte, 64)
			if _, err := io.ReadFull(d.in, header); err != nil || !strings.HasPrefix(string(header), "HTTP/1.1 200") {
				t.Fatalf("%q, %v", header, err)
			}
			if memory.ClaimRequest(1) {
				t.Fatal("the memory of an answer that is not read is released")
			}
			if read {
				go func() { _, _ = io.Copy(io.Discard, d.in) }()
			} else {
				_ = d.Close()
			}
			eventually(t, "the memory is released", func() bool {
				if !memory.ClaimRequest(output) {
					return false
				}
				memory.ReleaseRequest(output)
				return true
			})
		})
	}
}

// TestLateOutcomeIsReleased answers a job that was answered before.
func TestLateOutcomeIsReleased(t *testing.T) {
	released := 0
	j := job.New(t.Context(), "x", &api.Request{})
	j.Answer(job.Outcome{Disposition: job.Abandoned})
	j.Answer(job.Outcome{Disposition: job.Ran, Free: func() { released++ }})
	if released != 1 {
		t.Errorf("released %d times", released)
	}
}

// TestLargeResultHasALength checks that a client can detect a truncated answer.
func TestLargeResultHasALength(t *testing.T) {
	s := newIdleServer()
	url := serve(t, s)
	go func() {
		o := okOutcome("large")
		o.Result.Runs = []api.Stage{{Stdout: strings.Repeat("\x01", mebibyte)}}
		popJob(t, s).Answer(o)
	}()
	response, err := http.Post(url+api.PathExecute, api.ContentTypeJSON, strings.NewReader(validBody))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	begun := time.Now()
	var got api.Result
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if response.ContentLength < 6*mebibyte || len(got.Runs) != 1 || got.Runs[0].Stdout != strings.Repeat("\x01", mebibyte) {
		t.Errorf("length %d, %d bytes of output after %s", response.ContentLength, len(got.Runs[0].Stdout), time.Since(begun))
	}
}
