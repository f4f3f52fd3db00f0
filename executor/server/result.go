package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
)

const (
	// smallResult is the size of the output up to which a result is encoded at once. JSON has up to
	// six bytes for one.
	smallResult = 8 << 10
	// chunkBytes is the size of the encoded parts of a large result.
	chunkBytes = 16 << 10
)

// outputFields is how encoding/json encodes the two outputs of a stage if they are empty. No string
// of the document contains it, because quotes are escaped in strings.
var outputFields = []byte(`"stdout":"","stderr":""`)

var chunks = sync.Pool{New: func() any {
	chunk := make([]byte, 0, chunkBytes)
	return &chunk
}}

// writeResult writes the response to a job that ran, and returns the memory of the result to the
// budget afterwards.
func writeResult(ctx *fasthttp.RequestCtx, o job.Outcome) {
	stream := newResultStream(&o.Result, o.Release)
	if stream.outputs <= smallResult {
		writeJSON(ctx, fasthttp.StatusOK, api.ContentTypeJSON, o.Result)
		o.Release()
		return
	}
	ctx.ResetBody()
	ctx.SetStatusCode(fasthttp.StatusOK)
	ctx.SetContentType(api.ContentTypeJSON)
	ctx.Response.SetBodyStream(stream, stream.length())
}

// resultStream is the JSON document of a result. It encodes the outputs while they are written, so
// that only the result itself is in memory. The document has a known length: a client detects a
// truncated one.
type resultStream struct {
	stages  []*api.Stage
	outputs int      // bytes of all outputs
	parts   [][]byte // the document around the outputs of each stage
	release func()
}

func newResultStream(r *api.Result, release func()) *resultStream {
	s := &resultStream{release: release}
	if r.Compile != nil {
		s.stages = append(s.stages, r.Compile)
	}
	for i := range r.Runs {
		s.stages = append(s.stages, &r.Runs[i])
	}
	for _, stage := range s.stages {
		s.outputs += len(stage.Stdout) + len(stage.Stderr)
	}
	if s.outputs > smallResult {
		s.parts = split(*r)
	}
	return s
}

// split returns the document of the result without its outputs.
func split(r api.Result) [][]byte {
	if r.Compile != nil {
		compile := *r.Compile
		compile.Stdout, compile.Stderr = "", ""
		r.Compile = &compile
	}
	runs := make([]api.Stage, len(r.Runs))
	for i, run := range r.Runs {
		run.Stdout, run.Stderr = "", ""
		runs[i] = run
	}
	r.Runs = runs
	var document bytes.Buffer
	enc := json.NewEncoder(&document)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		panic(err) // as in writeJSON
	}
	return bytes.Split(document.Bytes(), outputFields)
}

// length returns the length of the document in bytes.
func (s *resultStream) length() int {
	total := len(s.parts[0])
	for i, stage := range s.stages {
		total += len(outputFields) + escapedLength(stage.Stdout) + escapedLength(stage.Stderr) + len(s.parts[i+1])
	}
	return total
}

// SupportsBodyWriteTo makes fasthttp call WriteTo.
func (s *resultStream) SupportsBodyWriteTo() bool { return true }

// Read is not used.
func (s *resultStream) Read([]byte) (int, error) {
	return 0, errors.New("a result is written, not read")
}

// WriteTo writes the document.
func (s *resultStream) WriteTo(w io.Writer) (int64, error) {
	chunk := chunks.Get().(*[]byte)
	defer chunks.Put(chunk)
	out := chunkWriter{to: w, chunk: (*chunk)[:0]}
	out.raw(s.parts[0])
	for i, stage := range s.stages {
		out.raw([]byte(`"stdout":"`))
		out.escaped(stage.Stdout)
		out.raw([]byte(`","stderr":"`))
		out.escaped(stage.Stderr)
		out.raw([]byte(`"`))
		out.raw(s.parts[i+1])
	}
	out.flush()
	return out.written, out.err
}

// Close returns the memory of the result to the budget.
func (s *resultStream) Close() error {
	s.stages = nil
	s.release()
	return nil
}

// chunkWriter collects what it is given and writes it in chunks.
type chunkWriter struct {
	to      io.Writer
	chunk   []byte
	written int64
	err     error
}

func (c *chunkWriter) flush() {
	if c.err == nil && len(c.chunk) > 0 {
		var n int
		n, c.err = c.to.Write(c.chunk)
		c.written += int64(n)
	}
	c.chunk = c.chunk[:0]
}

func (c *chunkWriter) raw(text []byte) {
	for len(text) > 0 && c.err == nil {
		n := min(len(text), cap(c.chunk)-len(c.chunk))
		c.chunk = append(c.chunk, text[:n]...)
		if text = text[n:]; len(c.chunk) == cap(c.chunk) {
			c.flush()
		}
	}
}

func (c *chunkWriter) escaped(text string) {
	for len(text) > 0 && c.err == nil {
		if cap(c.chunk)-len(c.chunk) < maxEscape {
			c.flush()
		}
		var n int
		c.chunk, n = appendEscaped(c.chunk, text)
		text = text[n:]
	}
}

// maxEscape is the length of the longest escaped character.
const maxEscape = 6

const hex = "0123456789abcdef"

// appendEscaped appends as many characters of text as surely fit into the capacity of chunk, as
// encoding/json escapes them without EscapeHTML. n is the number of bytes of text.
func appendEscaped(chunk []byte, text string) (_ []byte, n int) {
	for n < len(text) && cap(chunk)-len(chunk) >= maxEscape {
		c := text[n]
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(text[n:])
			switch {
			case r == utf8.RuneError && size == 1:
				chunk = append(chunk, `\ufffd`...)
			case r == '\u2028' || r == '\u2029':
				chunk = append(chunk, '\\', 'u', '2', '0', '2', hex[r&0xf])
			default:
				chunk = append(chunk, text[n:n+size]...)
			}
			n += size
			continue
		case escapes[c] == 0:
			chunk = append(chunk, c)
		case escapes[c] == 'u':
			chunk = append(chunk, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		default:
			chunk = append(chunk, '\\', escapes[c])
		}
		n++
	}
	return chunk, n
}

// escapedLength returns the number of bytes of text in JSON.
func escapedLength(text string) int {
	total := 0
	for n := 0; n < len(text); {
		c := text[n]
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(text[n:])
			if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
				total += maxEscape
			} else {
				total += size
			}
			n += size
			continue
		case escapes[c] == 0:
			total++
		case escapes[c] == 'u':
			total += maxEscape
		default:
			total += 2
		}
		n++
	}
	return total
}

// escapes holds what follows the backslash of an escaped ASCII character; 0 for one that stands for
// itself.
var escapes = func() (all [utf8.RuneSelf]byte) {
	for c := range ' ' {
		all[c] = 'u'
	}
	all['\b'], all['\f'], all['\n'], all['\r'], all['\t'] = 'b', 'f', 'n', 'r', 't'
	all['"'], all['\\'] = '"', '\\'
	return all
}()
