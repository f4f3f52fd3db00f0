package server

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// watchDelay is the age of a submission at which the watch of its client starts. Most
	// submissions are answered earlier, and a run that is about to end is not worth ending.
	watchDelay = 50 * time.Millisecond
	// lingerTimeout bounds the time for which Close reads what the client still sends. Data that
	// arrives after the close makes the kernel reset the connection, and the client loses the part
	// of the response that it has not read.
	lingerTimeout = 500 * time.Millisecond
)

// conn is a connection on which setting a deadline changes no timer of the runtime. The server sets
// four deadlines for each request, each later than the one before. conn arms the runtime's
// poller with the earliest of them, and arms it again with the current one when the earliest has
// passed.
type conn struct {
	*net.TCPConn
	listener    *Listener
	read, write deadline
	// waitsSince is the time in nanoseconds since when the connection waits for its client: for a
	// request up to its last byte, or for the client to read an answer. It is 0 while the executor
	// works for the client.
	waitsSince atomic.Int64
	// unread reports whether the request's body may not have been read to its end.
	unread atomic.Bool
	closed atomic.Bool
}

// deadline holds the deadline that the server wants and the one that the poller has. The zero time
// is none.
type deadline struct{ wanted, armed time.Time }

// arm gives the deadline to the poller unless the poller has one that is not later.
func (d *deadline) arm(set func(time.Time) error) error {
	if d.wanted.IsZero() || !d.armed.IsZero() && !d.armed.After(d.wanted) {
		return nil
	}
	d.armed = d.wanted
	return set(d.wanted)
}

// stale reports whether err comes from a deadline that was replaced since. If so, the poller has no
// deadline afterwards.
func (d *deadline) stale(err error, set func(time.Time) error) bool {
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !d.wanted.IsZero() && !time.Now().Before(d.wanted) {
		return false
	}
	d.armed = time.Time{}
	return set(time.Time{}) == nil
}

func (c *conn) SetReadDeadline(t time.Time) error  { c.read.wanted = t; return nil }
func (c *conn) SetWriteDeadline(t time.Time) error { c.write.wanted = t; return nil }
func (c *conn) SetDeadline(t time.Time) error      { c.read.wanted, c.write.wanted = t, t; return nil }

func (c *conn) Read(p []byte) (int, error) {
	for {
		if err := c.read.arm(c.TCPConn.SetReadDeadline); err != nil {
			return 0, err
		}
		n, err := c.TCPConn.Read(p)
		if n > 0 || c.closed.Load() || !c.read.stale(err, c.TCPConn.SetReadDeadline) {
			return n, err
		}
	}
}

// waits marks the begin of a time in which the connection waits for its client.
func (c *conn) waits() { c.waitsSince.CompareAndSwap(0, time.Now().UnixNano()) }

func (c *conn) Write(p []byte) (written int, err error) {
	c.waits()
	for {
		if err := c.write.arm(c.TCPConn.SetWriteDeadline); err != nil {
			return written, err
		}
		n, err := c.TCPConn.Write(p[written:])
		written += n
		if c.closed.Load() || !c.write.stale(err, c.TCPConn.SetWriteDeadline) {
			return written, err
		}
	}
}

// Close closes the connection. For a client that still sends, it first reads for up to
// lingerTimeout, so that the client gets its response.
func (c *conn) Close() error {
	defer c.listener.remove(c)
	if !c.closed.Swap(true) && c.unread.Load() && c.CloseWrite() == nil && c.TCPConn.SetReadDeadline(time.Now().Add(lingerTimeout)) == nil {
		_, _ = io.Copy(io.Discard, struct{ io.Reader }{c.TCPConn}) // ends at the deadline or at the client's close
	}
	return c.TCPConn.Close()
}

// watch detects that a client closes its connection while its submission waits or runs. It costs a
// timer until watchDelay and a goroutine from then on. The goroutine peeks and takes no data from
// the connection.
type watch struct {
	conn         *conn
	onDisconnect func()
	timer        *time.Timer
	ended        chan struct{}

	mu       sync.Mutex
	stopping bool
}

// watchDisconnect returns a watch that calls onDisconnect when the client closes c before stop is
// called. It returns nil, whose stop does nothing, for a connection that is not a *conn.
func watchDisconnect(c net.Conn, onDisconnect func()) *watch {
	own, ok := c.(*conn)
	if !ok {
		return nil
	}
	w := &watch{conn: own, onDisconnect: onDisconnect, ended: make(chan struct{})}
	w.timer = time.AfterFunc(watchDelay, w.run)
	return w
}

func (w *watch) run() {
	defer close(w.ended)
	raw, err := w.conn.SyscallConn()
	if err != nil || !w.begin() {
		return
	}
	var disconnected bool
	var peeked [1]byte
	err = raw.Read(func(fd uintptr) bool {
		n, _, err := unix.Recvfrom(int(fd), peeked[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
			return false
		}
		// Readable data is the next, pipelined request.
		disconnected = err != nil || n == 0
		return true
	})
	if err == nil && disconnected {
		w.onDisconnect()
	}
}

// begin removes the deadline of the body and returns true, unless stop was called.
func (w *watch) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.stopping && w.conn.TCPConn.SetReadDeadline(time.Time{}) == nil
}

// stop ends the watch. The connection is then as it was before the watch.
func (w *watch) stop() {
	if w == nil || w.timer.Stop() {
		return
	}
	w.mu.Lock()
	w.stopping = true
	// The deadline wakes the goroutine. An error means a closed connection, which wakes it too.
	_ = w.conn.TCPConn.SetReadDeadline(time.Unix(1, 0))
	w.mu.Unlock()
	<-w.ended
	w.conn.read.armed = time.Time{}
	_ = w.conn.TCPConn.SetReadDeadline(time.Time{}) // as above
}
