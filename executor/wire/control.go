package wire

import (
	"net"
	"sync"
	"time"
)

// Control is one end of the socket between the supervisor and a worker process. Any number of
// goroutines may send; one receives.
type Control struct {
	socket      net.Conn
	messages    *Conn
	sendTimeout time.Duration

	mu sync.Mutex // held by the goroutine that sends
}

// newControl returns the end of socket, which it owns. Receive fails with os.ErrDeadlineExceeded
// when no byte arrives for silence; 0 disables that. Bytes count, not messages, so that a large
// message in transit proves that the other end is alive.
func newControl(socket net.Conn, silence, sendTimeout time.Duration) *Control {
	return &Control{socket: socket, messages: NewConn(&monitored{socket, silence}), sendTimeout: sendTimeout}
}

// monitored is a socket with a time limit for each read.
type monitored struct {
	net.Conn
	timeout time.Duration
}

func (m *monitored) Read(p []byte) (int, error) {
	if m.timeout > 0 {
		if err := m.SetReadDeadline(time.Now().Add(m.timeout)); err != nil {
			return 0, err
		}
	}
	return m.Conn.Read(p)
}

// Send writes the message. It fails with os.ErrDeadlineExceeded when the other end does not read
// for HeartbeatTimeout.
func (c *Control) Send(m message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.socket.SetWriteDeadline(time.Now().Add(c.sendTimeout)); err != nil {
		return err
	}
	return c.messages.Send(m)
}

// Receive reads the next message. It returns io.EOF when the other end has closed the connection.
func (c *Control) Receive(m message) error { return c.messages.Receive(m) }

// Close closes the connection for both ends. Further calls have no effect.
func (c *Control) Close() { c.messages.Close() }
