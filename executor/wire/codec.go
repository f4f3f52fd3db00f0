package wire

import (
	"encoding/binary"
	"errors"
	"io"
)

var errMalformed = errors.New("the message is malformed")

// message is a value with an encoding. fields passes each field to the codec, always in the same
// order.
type message interface{ fields(c *codec) }

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
	sharing   bool // decoded strings share the memory of the frame

	measuring bool // nothing is encoded; size is the number of bytes
	size      int

	to  io.Writer // where a large message goes in parts; nil while it is encoded in one frame
	err error     // of to
}

func number[T ~int | ~int64 | ~uint64](c *codec, n *T) {
	if c.measuring {
		c.size += varintSize(int64(*n))
		return
	}
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
	switch {
	case c.measuring:
		c.size += n
	case c.decoding:
		*s = T(c.take(n))
	default:
		c.put(string(*s))
	}
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

// decode decodes body into m, which must use all of body. With sharing, m keeps body.
func decode(body []byte, m message, sharing bool) error {
	c := codec{frame: body, decoding: true, sharing: sharing}
	m.fields(&c)
	if c.malformed || len(c.frame) > 0 {
		return errMalformed
	}
	return nil
}
