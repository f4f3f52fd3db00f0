package wire

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestPipeIsReadyForWhatHasCome(t *testing.T) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	b := Blocking{In: ends[0]}
	if b.Ready() {
		t.Error("an empty pipe is ready")
	}
	if _, err := unix.Write(ends[1], []byte("x")); err != nil {
		t.Fatal(err)
	}
	if !b.Ready() {
		t.Error("a pipe that holds a byte is not ready")
	}
	if _, err := b.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Close(ends[1]); err != nil {
		t.Fatal(err)
	}
	if b.Ready() {
		t.Error("the end of a pipe is taken for an order")
	}
}
