package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxFrame is the size limit of a message in bytes, so that a malformed length cannot exhaust the
// memory of the receiver. Requests and results are far smaller.
const maxFrame = 1 << 30

// keptBuffer is the size in bytes of the largest buffer that a connection keeps for later messages.
const keptBuffer = 64 << 10

// Conn is one end of a connection that carries messages. One goroutine may send while another one
// receives.
type Conn struct {
	conn io.ReadWriteCloser
	out  []byte // buffer of the last message, for reuse
	in   []byte // bytes that were read and not yet received
}

// NewConn returns the end of conn, which it owns.
func NewConn(conn io.ReadWriteCloser) *Conn { return &Conn{conn: conn} }

// Send writes the message: a small one with one write call, a large one in parts, so that it is not
// in memory twice.
func (c *Conn) Send(m message) error {
	n := size(m)
	if n > maxFrame {
		return fmt.Errorf("a message has %d bytes; the limit is %d", n, maxFrame)
	}
	e := codec{frame: binary.NativeEndian.AppendUint32(c.out[:0], uint32(n))}
	if n > flushBytes {
		e.to = c.conn
	}
	m.fields(&e)
	c.out = e.frame
	if e.to != nil {
		e.flush()
		return e.err
	}
	_, err := c.conn.Write(e.frame)
	return err
}

// Next waits for the next message and returns its size in bytes. Receive or Discard then reads it.
func (c *Conn) Next() (int, error) {
	if err := c.fill(4); err != nil {
		return 0, err
	}
	size := int(binary.NativeEndian.Uint32(c.in))
	if size > maxFrame {
		return 0, errMalformed
	}
	return size, nil
}

// Receive reads the next message. A small message takes one read, and so do two that arrive
// together. A large message takes memory of its own, once, which its strings share.
func (c *Conn) Receive(m message) error {
	size, err := c.Next()
	if err != nil {
		return err
	}
	if size > keptBuffer {
		return c.receiveLarge(size, m)
	}
	if err := c.fill(4 + size); err != nil {
		return err
	}
	err = decode(c.in[4:4+size], m, false)
	c.in = c.in[:copy(c.in, c.in[4+size:])]
	return err
}

func (c *Conn) receiveLarge(size int, m message) error {
	frame := make([]byte, size)
	have := copy(frame, c.in[4:])
	c.in = c.in[:copy(c.in, c.in[4+have:])]
	if _, err := io.ReadFull(c.conn, frame[have:]); err != nil {
		return unexpected(err)
	}
	return decode(frame, m, true)
}

// Discard reads the next message and drops it, without memory for it.
func (c *Conn) Discard() error {
	size, err := c.Next()
	if err != nil {
		return err
	}
	have := min(len(c.in), 4+size)
	c.in = c.in[:copy(c.in, c.in[have:])]
	return unexpected(discard(c.conn, 4+size-have))
}

// unexpected returns err, and io.ErrUnexpectedEOF for the end of the stream within a message.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Buffered reports whether a part of the next message, or all of it, has been read.
func (c *Conn) Buffered() bool { return len(c.in) > 0 }

// fill reads until the buffer holds at least size bytes. It returns io.EOF only between two
// messages.
func (c *Conn) fill(size int) error {
	have := len(c.in)
	if have >= size {
		return nil
	}
	if cap(c.in) < size {
		c.in = append(make([]byte, 0, max(size, 4<<10)), c.in...)
	}
	n, err := io.ReadAtLeast(c.conn, c.in[have:cap(c.in)], size-have)
	c.in = c.in[:have+n]
	if errors.Is(err, io.EOF) && have > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Close closes the connection for both ends. Further calls have no effect.
func (c *Conn) Close() { _ = c.conn.Close() }
