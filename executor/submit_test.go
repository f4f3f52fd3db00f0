package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"executorpool.dev/executor/api"
)

// answer is the response to one submission, or the error of its request.
type answer struct {
	status  int
	header  http.Header
	closes  bool // the server closes the connection after this response
	result  api.Result
	problem api.Problem
	took    time.Duration
	err     error
}

// kind returns the class of an answer: the verdict, or the status and the reason, or the error.
func (a answer) kind() string {
	switch {
	case a.err != nil:
		if errors.Is(a.err, syscall.ECONNREFUSED) {
			return "refused connection"
		}
		return a.err.Error()
	case a.status == http.StatusOK:
		return string(a.result.Verdict)
	default:
		return strconv.Itoa(a.status) + " " + a.problem.Reason
	}
}

// submit posts the script. It uses net/http and not executor/client, because the tests of the drain
// need the header Connection: close of an answer, and others the raw header Retry-After. The client
// returns neither.
func (r *executorProcess) submit(ctx context.Context, script string, header ...string) answer {
	body, err := json.Marshal(api.Request{Language: "shell", Source: script})
	if err != nil {
		return answer{err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+api.PathExecute, bytes.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	request.Header.Set(api.HeaderContentType, api.ContentTypeJSON)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	begun := time.Now()
	response, err := r.client.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	a := answer{status: response.StatusCode, header: response.Header, closes: response.Close}
	data, err := io.ReadAll(response.Body)
	a.took, a.err = time.Since(begun), err
	if err != nil {
		return a
	}
	if a.status == http.StatusOK {
		a.err = json.Unmarshal(data, &a.result)
	} else {
		a.err = json.Unmarshal(data, &a.problem)
	}
	return a
}

// batch collects the answers of concurrent submissions.
type batch struct {
	wait    sync.WaitGroup
	mu      sync.Mutex
	answers []answer
}

// launch submits the script n times concurrently.
func (r *executorProcess) launch(ctx context.Context, n int, script string) *batch {
	f := new(batch)
	for range n {
		f.wait.Go(func() { f.add(r.submit(ctx, script)) })
	}
	return f
}

// repeat submits the script from n concurrent clients. Each client submits again after each answer
// until stop returns true.
func (r *executorProcess) repeat(n int, script string, stop func(answer) bool) *batch {
	f := new(batch)
	for range n {
		f.wait.Go(func() {
			for {
				a := r.submit(context.Background(), script)
				f.add(a)
				if stop(a) {
					return
				}
			}
		})
	}
	return f
}

func (f *batch) add(a answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, a)
}

func (f *batch) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.answers)
}

// kinds waits for all submissions and returns the number of answers of each kind.
func (f *batch) kinds() map[string]int {
	f.wait.Wait()
	kinds := map[string]int{}
	for _, a := range f.answers {
		kinds[a.kind()]++
	}
	return kinds
}
