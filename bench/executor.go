package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

// languageTable is the path of the language table from the root of the repository.
const languageTable = "executor/toolchain/languages.yaml"

// executor is an executor process with 2 workers of 1 slot each.
type executor struct {
	cmd     *exec.Cmd
	address string // host and port
	scratch string // its scratch directory
}

// start starts the executor that build compiled, with exactly the given tier.
func start(dir, tier string) (*executor, error) { return startBinary(dir+"/executor", tier) }

// startBinary starts the executable at path and waits up to 30 s until the executor is ready.
func startBinary(path, tier string) (*executor, error) {
	scratch, err := os.MkdirTemp("/dev/shm", "bench-") // in memory, as in a pod
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &executor{address: listener.Addr().String(), scratch: scratch}
	if err := listener.Close(); err != nil {
		return nil, err
	}
	e.cmd = exec.Command(path, "serve", "--listen", e.address, "--workers=2", "--threads=1", "--scratch", scratch, "--drain-delay=0s",
		"--languages", languageTable, "--minimum-tier", tier, "--maximum-tier", tier, "--log-level=warn")
	e.cmd.Stderr = os.Stderr
	// With its own session the executor has its own scheduling group (sched(7), autogroup), as it has
	// by its control group in a pod. The idle scheduling class of runs then ranks them below the
	// supervisor, but not below the other processes of the machine.
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	c := e.client()
	defer c.CloseIdleConnections()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		readiness, err := c.Ready(context.Background())
		if err == nil && readiness.Ready {
			return e, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("the executor did not become ready: %w", err), e.stop())
		}
	}
}

// stop drains the executor, waits for its end and removes its scratch directory.
func (e *executor) stop() error {
	err := e.cmd.Process.Signal(syscall.SIGTERM)
	return errors.Join(err, e.cmd.Wait(), os.RemoveAll(e.scratch))
}

// client returns a client that keeps one connection.
func (e *executor) client() *client.Client {
	transport := client.NewTransport()
	transport.MaxConnsPerHost = 1
	c, err := client.New("http://"+e.address, client.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		panic(err) // the address is that of a listener
	}
	return c
}

// body returns the body of a submission.
func body(request api.Request) []byte {
	content, err := client.Encode(&request)
	if err != nil {
		panic(err) // the programs are UTF-8
	}
	return content
}

// encoded returns the complete HTTP request of a submission, for the load program.
func encoded(request api.Request) []byte {
	content := body(request)
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bench\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		api.PathExecute, api.HeaderContentType, api.ContentTypeJSON, len(content), content)
}
