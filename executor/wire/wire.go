package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"executorpool.dev/executor/api"
)

// Orders and verdicts have an encoding of their own, since each submission crosses twice and the general ones (gob, CBOR,
// JSON) each take a good part of what starting a small program takes: a frame is four bytes of length, then the fields in
// the order of the carry functions, numbers as varints, strings and lists after their length. Both ends are the same
// program, so there are no versions.

// maxFrame bounds what one end makes the other one hold; requests and results are far smaller.
const maxFrame = 1 << 30

// keptFrame is the largest buffer that a connection keeps for its next messages.
const keptFrame = 256 << 10

var errFrame = errors.New("the message is malformed")

// carrier carries values into a frame, or out of one: the same function names a message's fields for both.
type carrier struct {
	frame   []byte
	reading bool
	failed  bool
}

func number[T ~int | ~int64 | ~uint64](c *carrier, n *T) {
	if !c.reading {
		c.frame = binary.AppendVarint(c.frame, int64(*n))
		return
	}
	value, size := binary.Varint(c.frame)
	if size <= 0 {
		c.failed, c.frame = true, nil
		return
	}
	*n, c.frame = T(value), c.frame[size:]
}

func text[T ~string](c *carrier, s *T) {
	n := len(*s)
	c.length(&n)
	if !c.reading {
		c.frame = append(c.frame, *s...)
		return
	}
	*s, c.frame = T(c.frame[:n]), c.frame[n:]
}

// length of what follows, of which each element takes at least a byte.
func (c *carrier) length(n *int) {
	number(c, n)
	if c.reading && (*n < 0 || *n > len(c.frame)) {
		c.failed, c.frame, *n = true, nil, 0
	}
}

func flag(c *carrier, b *bool) {
	n := 0
	if *b {
		n = 1
	}
	number(c, &n)
	*b = n != 0
}

func list[T any](c *carrier, values *[]T, each func(*carrier, *T)) {
	n := len(*values)
	c.length(&n)
	if c.reading && n > 0 {
		*values = make([]T, n)
	}
	for i := range *values {
		each(c, &(*values)[i])
	}
}

func (o *Order) carry(c *carrier) {
	number(c, &o.Seq)
	number(c, &o.Timeout)
	if o.Request == nil {
		o.Request = &api.Request{}
	}
	r := o.Request
	text(c, &r.Language)
	text(c, &r.Source)
	list(c, &r.Files, func(c *carrier, f *api.File) {
		text(c, &f.Name)
		text(c, &f.Content)
		text(c, &f.Encoding)
	})
	text(c, &r.Stdin)
	list(c, &r.Args, text[string])
	list(c, &r.Runs, func(c *carrier, run *api.RunInput) {
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

func (v *Verdict) carry(c *carrier) {
	if v.Result == nil {
		v.Result = &api.Result{}
	}
	r := v.Result
	text(c, &r.ID)
	text(c, &r.Verdict)
	text(c, &r.Cause)
	compiled := r.Compile != nil
	if flag(c, &compiled); compiled {
		if r.Compile == nil {
			r.Compile = &api.Stage{}
		}
		carryStage(c, r.Compile)
	}
	list(c, &r.Runs, carryStage)
	number(c, &r.QueueMillis)
	text(c, &r.Tier)
}

func carryStage(c *carrier, s *api.Stage) {
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

type message interface{ carry(c *carrier) }

// Wire is one end of a slot's connection. One goroutine sends and receives.
type Wire struct {
	conn io.ReadWriteCloser
	out  []byte // kept for the next message
	in   []byte // what has come and is not yet received
}

func NewWire(conn io.ReadWriteCloser) *Wire { return &Wire{conn: conn} }

// Send writes the message with one write call.
func (w *Wire) Send(m message) error {
	c := carrier{frame: append(w.out[:0], 0, 0, 0, 0)}
	m.carry(&c)
	size := len(c.frame) - 4
	if size > maxFrame {
		return fmt.Errorf("a message of %d bytes: at most %d can be sent", size, maxFrame)
	}
	binary.NativeEndian.PutUint32(c.frame, uint32(size))
	if w.out = c.frame; cap(w.out) > keptFrame {
		w.out = nil
	}
	_, err := w.conn.Write(c.frame)
	return err
}

// Receive takes the next message. A small one takes one read, and so do two that have come together.
func (w *Wire) Receive(m message) error {
	if err := w.need(4); err != nil {
		return err
	}
	size := int(binary.NativeEndian.Uint32(w.in))
	if size > maxFrame {
		return errFrame
	}
	if err := w.need(4 + size); err != nil {
		return err
	}
	err := decode(w.in[4:4+size], m)
	if w.in = w.in[:copy(w.in, w.in[4+size:])]; cap(w.in) > keptFrame {
		w.in = slices.Clone(w.in)
	}
	return err
}

// Begun says whether a part of the next message, or all of it, has been read.
func (w *Wire) Begun() bool { return len(w.in) > 0 }

// need reads until so many bytes have come.
func (w *Wire) need(size int) error {
	have := len(w.in)
	if have >= size {
		return nil
	}
	if cap(w.in) < size {
		w.in = append(make([]byte, 0, max(size, 4<<10)), w.in...)
	}
	n, err := io.ReadAtLeast(w.conn, w.in[have:cap(w.in)], size-have)
	w.in = w.in[:have+n]
	return err
}

func decode(body []byte, m message) error {
	c := carrier{frame: body, reading: true}
	m.carry(&c)
	if c.failed || len(c.frame) > 0 {
		return errFrame
	}
	return nil
}

// Close ends the connection for both ends; again and again is fine.
func (w *Wire) Close() { _ = w.conn.Close() }
