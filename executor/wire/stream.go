package wire

import (
	"encoding/binary"
	"io"
	"unsafe"
)

const (
	// flushBytes is the size at which Send writes what it has encoded. A message below that size is
	// written with one call.
	flushBytes = 64 << 10
	// directBytes is the size of a string that is written without a copy.
	directBytes = 16 << 10
)

// size returns the length in bytes of the encoded message.
func size(m message) int {
	c := codec{measuring: true}
	m.fields(&c)
	return c.size
}

// varintSize returns the number of bytes of a number.
func varintSize(n int64) int {
	var buffer [binary.MaxVarintLen64]byte
	return binary.PutVarint(buffer[:], n)
}

// flush writes what is encoded.
func (c *codec) flush() {
	if len(c.frame) > 0 {
		c.write(c.frame)
		c.frame = c.frame[:0]
	}
}

func (c *codec) write(p []byte) {
	if c.err == nil {
		_, c.err = c.to.Write(p)
	}
}

// put encodes the bytes of a string whose length is encoded.
func (c *codec) put(s string) {
	if c.to == nil || len(s) < directBytes {
		c.frame = append(c.frame, s...)
	} else {
		c.flush()
		c.write(unsafe.Slice(unsafe.StringData(s), len(s)))
	}
	if c.to != nil && len(c.frame) >= flushBytes {
		c.flush()
	}
}

// take decodes the first n bytes as a string. Strings of a large message share its memory, which is
// then not used again.
func (c *codec) take(n int) string {
	taken := c.frame[:n:n]
	c.frame = c.frame[n:]
	if !c.sharing || n == 0 {
		return string(taken)
	}
	return unsafe.String(&taken[0], n)
}

// discard reads and drops n bytes.
func discard(r io.Reader, n int) error {
	_, err := io.CopyN(io.Discard, r, int64(n))
	return err
}
