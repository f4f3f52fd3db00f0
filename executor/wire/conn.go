package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxFrame is the size limit of a message in bytes, so that a malformed length cannot exhaust the
// memory of the receiver. Requests and results are far smaller.
const maxFrame = 1 << 30

// keptBuffer is the size in bytes of the largest buffer that a connection keeps for later messages.
const keptBuffer = 256 << 10

// Conn is one end of a connection that carries messages. One goroutine may send while another one
// receives.
type Conn struct {
	conn io.ReadWriteCloser
	out  []byte // buffer of the last message, for reuse
	in   []byte // bytes that were read and not yet received
}

// NewConn returns the end of conn, which it owns.
func NewConn(conn io.ReadWriteCloser) *Conn { return &Conn{conn: conn} }

// Send writes the message with one write call.
func (c *Conn) Send(m message) error {
	e := codec{frame: append(c.out[:0], 0, 0, 0, 0)}
	m.fields(&e)
	size := len(e.frame) - 4
	if size > maxFrame {
		return fmt.Errorf("a message has %d bytes; the limit is %d", size, maxFrame)
	}
	binary.NativeEndian.PutUint32(e.frame, uint32(size))
	if c.out = e.frame; cap(c.out) > keptBuffer {
		c.out = nil
	}
	_, err := c.conn.Write(e.frame)
	return err
}

// Receive reads the next message. A small message takes one read, and so do two that arrive
// together.
func (c *Conn) Receive(m message) error {
	if err := c.fill(4); err != nil {
		return err
	}
	size := int(binary.NativeEndian.Uint32(c.in))
	if size > maxFrame {
		return errMalformed
	}
	if err := c.fill(4 + size); err != nil {
		return err
	}
	err := decode(c.in[4:4+size], m)
	if c.in = c.in[:copy(c.in, c.in[4+size:])]; cap(c.in) > keptBuffer {
		c.in = slices.Clone(c.in)
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
