package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"executorpool.dev/executor/api"
)

// writePatience bounds how long a client may take to read its answer.
const writePatience = 30 * time.Second

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// keptBuffer is how large a buffer may be to be kept for the next answer.
const keptBuffer = 256 << 10

// writeJSON sends one document with its length, so that the client sees a cut answer as what it is.
func writeJSON(w http.ResponseWriter, status int, contentType string, document any) {
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= keptBuffer {
			buffers.Put(buf)
		}
	}()
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(document); err != nil {
		// Only our own types are encoded; an error is a fault of the program.
		panic(err)
	}
	// An error here means that the connection is gone, or cannot have deadlines; writing then tells.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writePatience))
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes())
}

func writeProblem(w http.ResponseWriter, p *api.Problem) {
	writeJSON(w, p.Status, "application/problem+json", p)
}

// refuse is a 503 that says when to come again. It ends the connection: a Service balances connections, not requests, and who
// comes again on the same one meets the same full replica however many others there are. Who asks not to wait (X-Queue: none)
// chooses the replica itself and keeps it.
func refuse(w http.ResponseWriter, p *api.Problem, after time.Duration) {
	if p.Reason != api.ReasonNoFreeSlot {
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Retry-After", strconv.Itoa(retrySeconds(after)))
	writeProblem(w, p)
}

// retrySeconds rounds up to whole seconds between 1 and 60: never "at once", never so long that a client sits out the
// end of the rush.
func retrySeconds(after time.Duration) int {
	return int(min(max((after+time.Second-1)/time.Second, 1), 60))
}
