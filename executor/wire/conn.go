package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"executorpool.dev/executor/api"
)

// maxFrame is the size limit of a message in bytes, so that a malformed length cannot exhaust the
// memory of the receiver. Requests and results are far smaller.
const maxFrame = 1 << 30

// keptBuffer is the size in bytes of the largest buffer that a connection keeps for later messages.
const keptBuffer = 256 << 10

var errMalformed = errors.New("the message is malformed")

// codec encodes values into a frame, or decodes a frame into values. One function per message names
// its fields for both directions.
//
// A frame is four bytes of length in native byte order, then the fields: numbers as varints,
// strings and lists after their length. Each submission crosses the boundary twice, and gob, CBOR
// or JSON would cost a large part of the time that starting a small program takes. Both ends are
// the same program, so there are no versions.
type codec struct {
	frame     []byte
	decoding  bool
	malformed bool
}

func number[T ~int | ~int64 | ~uint64](c *codec, n *T) {
	if !c.decoding {
		c.frame = binary.AppendVarint(c.frame, int64(*n))
		return
	}
	value, size := binary.Varint(c.frame)
	if size <= 0 {
		c.malformed, c.frame = true, nil
		return
	}
	*n, c.frame = T(value), c.frame[size:]
}

func text[T ~string](c *codec, s *T) {
	n := len(*s)
	c.length(&n)
	if !c.decoding {
		c.frame = append(c.frame, *s...)
		return
	}
	*s, c.frame = T(c.frame[:n]), c.frame[n:]
}

// length carries the length of a string or list, of which each element takes at least one byte.
func (c *codec) length(n *int) {
	number(c, n)
	if c.decoding && (*n < 0 || *n > len(c.frame)) {
		c.malformed, c.frame, *n = true, nil, 0
	}
}

func flag(c *codec, b *bool) {
	n := 0
	if *b {
		n = 1
	}
	number(c, &n)
	*b = n != 0
}

// list carries a list whose elements each carries. A decoded empty list is nil.
func list[T any](c *codec, values *[]T, each func(*codec, *T)) {
	n := len(*values)
	c.length(&n)
	if c.decoding && n > 0 {
		*values = make([]T, n)
	}
	for i := range *values {
		each(c, &(*values)[i])
	}
}

func (a *Assignment) fields(c *codec) {
	number(c, &a.Seq)
	number(c, &a.Timeout)
	if a.Request == nil {
		a.Request = &api.Request{}
	}
	r := a.Request
	text(c, &r.Language)
	text(c, &r.Source)
	list(c, &r.Files, func(c *codec, f *api.File) {
		text(c, &f.Name)
		text(c, &f.Content)
		text(c, &f.Encoding)
	})
	text(c, &r.Stdin)
	list(c, &r.Args, text[string])
	list(c, &r.Runs, func(c *codec, run *api.RunInput) {
		text(c, &run.Stdin)
		list(c, &run.Args, text[string])
	})
	text(c, &r.StopOnFailure)
	l := &r.Limits
	for _, n := range []*int64{&l.CPUMillis, &l.WallMillis, &l.MemoryMiB, &l.OutputKiB, &l.Processes} {
		number(c, n)
	}
	text(c, &r.Encoding)
}

func (m *Completion) fields(c *codec) {
	if m.Result == nil {
		m.Result = &api.Result{}
	}
	r := m.Result
	text(c, &r.ID)
	text(c, &r.Verdict)
	text(c, &r.Cause)
	compiled := r.Compile != nil
	if flag(c, &compiled); compiled {
		if r.Compile == nil {
			r.Compile = &api.Stage{}
		}
		stageFields(c, r.Compile)
	}
	list(c, &r.Runs, stageFields)
	number(c, &r.QueueMillis)
	text(c, &r.Tier)
}

func stageFields(c *codec, s *api.Stage) {
	text(c, &s.Verdict)
	text(c, &s.Cause)
	number(c, &s.ExitCode)
	text(c, &s.Signal)
	text(c, &s.Stdout)
	text(c, &s.Stderr)
	flag(c, &s.StdoutTruncated)
	flag(c, &s.StderrTruncated)
	number(c, &s.CPUMillis)
	number(c, &s.WallMillis)
	number(c, &s.MemoryKiB)
	flag(c, &s.Cached)
}

// message is a value with an encoding. fields passes each field to the codec, always in the same
// order.
type message interface{ fields(c *codec) }

// Conn is one end of a slot's connection. It is for one goroutine.
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

// fill reads until the buffer holds at least size bytes.
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
	return err
}

func decode(body []byte, m message) error {
	c := codec{frame: body, decoding: true}
	m.fields(&c)
	if c.malformed || len(c.frame) > 0 {
		return errMalformed
	}
	return nil
}

// Close closes the connection for both ends. Further calls have no effect.
func (c *Conn) Close() { _ = c.conn.Close() }
