package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/settings"
)

const (
	// minWait is the time for which a connection must have waited for its client before it is closed
	// in favor of a new one.
	minWait = time.Second
	// maxRefusing is the number of refused connections that are kept for lingerTimeout, so that their
	// clients get the answer. Further ones are closed at once.
	maxRefusing = 32
)

// Listener accepts connections of the type conn, at most a fixed number at one time, with small
// buffers in the kernel. It retries after a lack of file descriptors or memory, at which fasthttp
// would end the server.
type Listener struct {
	net.Listener
	most    int
	refused func()

	mu       sync.Mutex
	open     map[*conn]struct{}
	refusing chan struct{}
}

// Listener returns the listener of the server's connections.
func (s *Server) Listener(l net.Listener) *Listener {
	return &Listener{Listener: l, most: s.cfg.Connections, open: map[*conn]struct{}{}, refusing: make(chan struct{}, maxRefusing),
		refused: func() { s.metrics.countRejection(api.ReasonOverloaded) }}
}

// Accept implements net.Listener. If there are as many connections as there may be, it closes the
// one that has waited longest for its client: for the next request, for the rest of a slow one, or
// for the client to read its answer. If the executor works for all of them, the new one gets a 503.
func (l *Listener) Accept() (net.Conn, error) {
	for pause := 5 * time.Millisecond; ; {
		c, err := l.Listener.Accept()
		switch {
		case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ENOMEM),
			errors.Is(err, unix.ECONNABORTED):
			time.Sleep(pause)
			pause = min(2*pause, time.Second)
			continue
		case err != nil:
			return nil, err
		}
		pause = 5 * time.Millisecond
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return c, nil
		}
		own := &conn{TCPConn: tcp, listener: l}
		own.waitsSince.Store(time.Now().UnixNano())
		if !l.add(own) {
			l.refuse(own)
			continue
		}
		// Without these, the kernel gives one connection megabytes. An error means a connection that
		// is closed, which the first read reports.
		_ = tcp.SetReadBuffer(settings.SocketBuffer)
		_ = tcp.SetWriteBuffer(settings.SocketBuffer)
		return own, nil
	}
}

// add counts a connection. It reports false if there are too many.
func (l *Listener) add(c *conn) bool {
	l.mu.Lock()
	var late *conn
	if len(l.open) >= l.most {
		late = l.longestWait(time.Now().Add(-minWait).UnixNano())
		if late == nil {
			l.mu.Unlock()
			return false
		}
		delete(l.open, late)
	}
	l.open[c] = struct{}{}
	l.mu.Unlock()
	if late != nil {
		_ = late.TCPConn.Close() // the server then closes the rest
	}
	return true
}

// longestWait returns the connection that has waited longest for its client, and since before the
// given time; nil if there is none.
func (l *Listener) longestWait(before int64) *conn {
	var found *conn
	for c := range l.open {
		if since := c.waitsSince.Load(); since != 0 && since < before {
			found, before = c, since
		}
	}
	return found
}

func (l *Listener) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

// refuse answers 503 and closes the connection. The answer fits into the kernel's buffer, so that
// the write does not wait.
func (l *Listener) refuse(c *conn) {
	l.refused()
	if err := c.SetWriteDeadline(time.Now().Add(time.Second)); err == nil {
		_, _ = c.Write(refusal) // the client may have left
	}
	select {
	case l.refusing <- struct{}{}:
		c.unread.Store(true)
		go func() {
			_ = c.Close()
			<-l.refusing
		}()
	default:
		_ = c.Close()
	}
}

// refusal is the answer to a connection above the highest number.
var refusal = func() []byte {
	document, err := json.Marshal(api.Unavailable(api.ReasonOverloaded, "the executor has its highest number of connections"))
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n%s: %s\r\nContent-Length: %d\r\n%s: %d\r\nConnection: close\r\n\r\n%s",
		http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable), api.HeaderContentType, api.ContentTypeProblem,
		len(document), api.HeaderRetryAfter, api.MinRetryAfterSeconds, document)
}()
