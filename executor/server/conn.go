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
	// watchAfter is how long a submission is under way before its client is watched: most are answered by then, and a run is
	// not worth ending that is about to end.
	watchAfter = 50 * time.Millisecond
	// lingering bounds how long a connection that is at its end is read on, for the client to get its answer first: what comes
	// in after the close would make the kernel throw away what the client has not read yet.
	lingering = 500 * time.Millisecond
)

// Listener gives connections of our kind, and outlives a lack of file descriptors, which ends the server otherwise.
type Listener struct{ net.Listener }

func (l Listener) Accept() (net.Conn, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		c, err := l.Listener.Accept()
		switch {
		case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ENOMEM),
			errors.Is(err, unix.ECONNABORTED):
			time.Sleep(pause)
			continue
		case err != nil:
			return nil, err
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			return &conn{TCPConn: tcp}, nil
		}
		return c, nil
	}
}

// conn is a connection on which setting a deadline costs nothing. The server sets four for each request, each later than the
// one before; the poller is told only of the earliest, and when that passes, of the one that holds by then.
type conn struct {
	*net.TCPConn
	read, write deadline
	// unread says that a request's body may not have been read to its end.
	unread atomic.Bool
	closed atomic.Bool
}

// deadline is what the server wants, and what the poller knows of it; zero is none.
type deadline struct{ wanted, known time.Time }

// arm tells the poller when it knows of none, or only of a later one.
func (d *deadline) arm(set func(time.Time) error) error {
	if d.wanted.IsZero() || !d.known.IsZero() && !d.known.After(d.wanted) {
		return nil
	}
	d.known = d.wanted
	return set(d.wanted)
}

// early says that err comes from a deadline that does not hold any more; the poller has forgotten it then.
func (d *deadline) early(err error, set func(time.Time) error) bool {
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !d.wanted.IsZero() && !time.Now().Before(d.wanted) {
		return false
	}
	d.known = time.Time{}
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
		if n > 0 || c.closed.Load() || !c.read.early(err, c.TCPConn.SetReadDeadline) {
			return n, err
		}
	}
}

func (c *conn) Write(p []byte) (written int, err error) {
	for {
		if err := c.write.arm(c.TCPConn.SetWriteDeadline); err != nil {
			return written, err
		}
		n, err := c.TCPConn.Write(p[written:])
		written += n
		if c.closed.Load() || !c.write.early(err, c.TCPConn.SetWriteDeadline) {
			return written, err
		}
	}
}

// Close lets a client that still sends get its answer.
func (c *conn) Close() error {
	if !c.closed.Swap(true) && c.unread.Load() && c.CloseWrite() == nil && c.TCPConn.SetReadDeadline(time.Now().Add(lingering)) == nil {
		_, _ = io.Copy(io.Discard, struct{ io.Reader }{c.TCPConn}) // the deadline ends it, or the client
	}
	return c.TCPConn.Close()
}

// watch notices that a client went away while its submission waits or runs. It costs a timer until watchAfter, and a goroutine
// that takes nothing from the connection from then on.
type watch struct {
	conn  *conn
	gone  func()
	timer *time.Timer
	ended chan struct{}

	mu   sync.Mutex
	over bool
}

// watchClient calls gone when c ends before end is called. Only our own connections can be watched.
func watchClient(c net.Conn, gone func()) *watch {
	own, ok := c.(*conn)
	if !ok {
		return nil
	}
	w := &watch{conn: own, gone: gone, ended: make(chan struct{})}
	w.timer = time.AfterFunc(watchAfter, w.run)
	return w
}

func (w *watch) run() {
	defer close(w.ended)
	raw, err := w.conn.SyscallConn()
	if err != nil || !w.begin() {
		return
	}
	var left bool
	var peeked [1]byte
	err = raw.Read(func(fd uintptr) bool {
		n, _, err := unix.Recvfrom(int(fd), peeked[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
			return false
		}
		// What is there to read is the next request.
		left = err != nil || n == 0
		return true
	})
	if err == nil && left {
		w.gone()
	}
}

// begin lifts the deadline of the body, unless the watch is over already.
func (w *watch) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.over && w.conn.TCPConn.SetReadDeadline(time.Time{}) == nil
}

// end ends the watch and leaves the connection as if there had been none.
func (w *watch) end() {
	if w == nil || w.timer.Stop() {
		return
	}
	w.mu.Lock()
	w.over = true
	_ = w.conn.TCPConn.SetReadDeadline(time.Unix(1, 0)) // wakes it; an error says that the connection is gone, which wakes it too
	w.mu.Unlock()
	<-w.ended
	w.conn.read.known = time.Time{}
	_ = w.conn.TCPConn.SetReadDeadline(time.Time{}) // as above
}
