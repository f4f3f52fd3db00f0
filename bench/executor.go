package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"executorpool.dev/executor/api"
)

// executor is a running executor of 2 workers with 1 slot each.
type executor struct {
	cmd     *exec.Cmd
	address string
	scratch string
}

// start brings one up in just the given tier.
func start(dir, tier string) (*executor, error) { return startBinary(dir+"/executor", tier) }

// startBinary brings the executor up whose executable is at path.
func startBinary(path, tier string) (*executor, error) {
	scratch, err := os.MkdirTemp("/dev/shm", "bench-") // in memory, as a pod's is
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
		"--languages=executor/toolchain/languages.yaml", "--minimum-tier", tier, "--maximum-tier", tier, "--log-level=warn")
	e.cmd.Stderr = os.Stderr
	// A session of its own is a scheduling group of its own (sched(7), autogroup), as a pod's control group is: the runs' idle
	// class then counts within the executor, and does not let every other process of this machine go first.
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get("http://" + e.address + api.PathReadyz)
		if err == nil {
			err = response.Body.Close()
		}
		if err == nil && response.StatusCode == http.StatusOK {
			return e, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("the executor did not become ready: %w", err), e.stop())
		}
	}
}

func (e *executor) stop() error {
	err := e.cmd.Process.Signal(syscall.SIGTERM)
	return errors.Join(err, e.cmd.Wait(), os.RemoveAll(e.scratch))
}

// client is one connection that is kept alive. It shares the cores with the executor, so it does as little as it can.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func (e *executor) connect() (*client, error) {
	conn, err := net.Dial("tcp", e.address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReader(conn)}, nil
}

// encoded is a whole HTTP request.
func encoded(request api.Request) []byte {
	body, err := json.Marshal(request)
	if err != nil {
		panic(err) // our own type
	}
	return fmt.Appendf(nil, "POST /v1/execute HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// post gives the document that answers.
func (c *client) post(request []byte) ([]byte, error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	status, err := c.in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	length := 0
	for {
		header, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(header) == 2 {
			break
		}
		if value, ok := strings.CutPrefix(string(header), "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return nil, err
			}
		}
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return nil, err
	}
	if !strings.Contains(status, " 200 ") {
		return nil, fmt.Errorf("%s%s", status, c.body)
	}
	return c.body, nil
}

func (c *client) result(request []byte) (result api.Result, err error) {
	body, err := c.post(request)
	if err != nil {
		return result, err
	}
	return result, json.Unmarshal(body, &result)
}
