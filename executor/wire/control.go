package wire

import (
	"bufio"
	"encoding/gob"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Control is one end of the socket between the supervisor and a worker process. Any number of
// goroutines may send; one receives. Messages are encoded by gob.
type Control struct {
	conn net.Conn
	dec  *gob.Decoder

	mu  sync.Mutex
	enc *gob.Encoder
}

// NewControl returns the end of conn, which it owns.
func NewControl(conn net.Conn) *Control { return newControl(conn, conn) }

// NewMonitoredControl returns the end of conn, which it owns. Receive fails with
// os.ErrDeadlineExceeded when no byte arrives for timeout. Bytes count, not messages, so that a
// large message in transit proves that the other end is alive.
func NewMonitoredControl(conn net.Conn, timeout time.Duration) *Control {
	return newControl(conn, &monitored{conn: conn, timeout: timeout})
}

func newControl(conn net.Conn, r io.Reader) *Control {
	return &Control{conn: conn, dec: gob.NewDecoder(bufio.NewReaderSize(r, 32<<10)), enc: gob.NewEncoder(conn)}
}

type monitored struct {
	conn    net.Conn
	timeout time.Duration
}

func (m *monitored) Read(p []byte) (int, error) {
	if err := m.conn.SetReadDeadline(time.Now().Add(m.timeout)); err != nil {
		return 0, err
	}
	return m.conn.Read(p)
}

// Send writes the message. It fails with os.ErrDeadlineExceeded when the other end does not read
// for timeout.
func (c *Control) Send(message any, timeout time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	return c.enc.Encode(message)
}

// Receive reads the next message.
func (c *Control) Receive(message any) error { return c.dec.Decode(message) }

// Close closes the connection for both ends. Further calls have no effect.
func (c *Control) Close() { _ = c.conn.Close() }

// SocketPair returns two connected ends: one for this process, and one as a file for a child
// process.
func SocketPair() (ours net.Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket pair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "supervisor")
	ours, err = FileConn(os.NewFile(uintptr(fds[0]), "worker"))
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// CloseAll closes all and ignores errors.
func CloseAll[C io.Closer](all []C) {
	for _, c := range all {
		_ = c.Close()
	}
}

// FileConn returns the connection of f and closes f, because net.FileConn duplicates the
// descriptor.
func FileConn(f *os.File) (net.Conn, error) {
	conn, err := net.FileConn(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("use the socket of %s: %w", f.Name(), err)
	}
	return conn, nil
}
