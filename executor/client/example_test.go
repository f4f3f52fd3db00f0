package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

func Example() {
	pool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"k7-1","verdict":"OK","runs":[{"verdict":"OK","stdout":"42\n"}],"queueMillis":3,"tier":"Restricted"}`)
	}))
	defer pool.Close()

	c, err := client.New(pool.URL)
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	result, err := c.Execute(ctx, &api.Request{Language: "python3", Source: "print(6*7)"})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s after %d ms: %s", result.Verdict, result.QueueMillis, result.Runs[0].Stdout)
	// Output: OK after 3 ms: 42
}

// A submission of two files with two inputs and limits: the program is compiled once.
func ExampleClient_Execute() {
	pool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"k7-2","verdict":"TimeLimit","runs":[{"verdict":"OK","cpuMillis":3},{"verdict":"TimeLimit","cpuMillis":1000}],"tier":"Restricted"}`)
	}))
	defer pool.Close()

	c, err := client.New(pool.URL)
	if err != nil {
		panic(err)
	}
	result, err := c.Execute(context.Background(), &api.Request{
		Language: "c",
		Files: []api.File{
			{Name: "main.c", Content: "#include \"double.h\"\n..."},
			{Name: "double.h", Content: "..."},
		},
		Runs:   []api.RunInput{{Stdin: "21"}, {Stdin: "4"}},
		Limits: api.Limits{CPUMillis: 1000, MemoryMiB: 64},
	})
	if err != nil {
		panic(err)
	}
	for i, run := range result.Runs {
		fmt.Printf("run %d: %s after %d ms of CPU time\n", i, run.Verdict, run.CPUMillis)
	}
	// Output:
	// run 0: OK after 3 ms of CPU time
	// run 1: TimeLimit after 1000 ms of CPU time
}

// Three ways in which a submission gets no result, and what a caller can do.
func ExampleClient_Execute_errors() {
	pool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "4")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"type":"/problems/unavailable","title":"no capacity","reason":"queue_full","detail":"all 128 places of the queue are taken"}`)
	}))
	defer pool.Close()

	c, err := client.New(pool.URL)
	if err != nil {
		panic(err)
	}
	_, err = c.Execute(context.Background(), &api.Request{Language: "c", Source: "int main() {}"})
	answer, answered := errors.AsType[*client.AnswerError](err)
	lost, isLost := errors.AsType[*client.ConnectionError](err)
	switch {
	case answered && answer.Problem != nil && answer.Status == http.StatusServiceUnavailable:
		fmt.Printf("did not run (%s): submit again in %s\n", answer.Problem.Reason, answer.RetryAfter)
	case answered:
		fmt.Println("the request is wrong:", err)
	case isLost && !lost.MayBeAccepted:
		fmt.Println("did not run: submit again")
	case isLost:
		fmt.Println("may have run:", err)
	}
	// Output: did not run (queue_full): submit again in 4s
}
