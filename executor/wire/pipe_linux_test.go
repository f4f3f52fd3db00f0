package wire

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestPipeIsReadableForDataOnly(t *testing.T) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	b := BlockingPipes{In: ends[0]}
	if b.Readable() {
		t.Error("an empty pipe is readable")
	}
	if _, err := unix.Write(ends[1], []byte("x")); err != nil {
		t.Fatal(err)
	}
	if !b.Readable() {
		t.Error("a pipe that holds a byte is not readable")
	}
	if _, err := b.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Close(ends[1]); err != nil {
		t.Fatal(err)
	}
	if b.Readable() {
		t.Error("the end of a stream is readable")
	}
}
