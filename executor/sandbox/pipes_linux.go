package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// pipes are the three ends a run has and the three the executor has.
type pipes struct {
	child  [3]int
	ours   [3]*os.File // ours[0] is nil when there is no input
	shared int         // the descriptor in child that is not ours to close
}

func openPipes(stdin io.Reader, null int) (*pipes, error) {
	p := &pipes{child: [3]int{-1, -1, -1}, shared: null}
	for i := range p.child {
		if i == 0 && stdin == nil {
			p.child[0] = null
			continue
		}
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
			p.close()
			return nil, fmt.Errorf("open a pipe for the run: %w", err)
		}
		theirs, own := ends[1], ends[0]
		if i == 0 {
			theirs, own = ends[0], ends[1]
		}
		p.child[i] = theirs
		// Non-blocking on our side only: the flag belongs to the end of the pipe, not to the pipe.
		if err := unix.SetNonblock(own, true); err != nil {
			unix.Close(own)
			p.close()
			return nil, fmt.Errorf("open a pipe for the run: %w", err)
		}
		p.ours[i] = os.NewFile(uintptr(own), "run")
	}
	return p, nil
}

// closeChild closes the run's ends on our side, once the run holds them.
func (p *pipes) closeChild() {
	for i, fd := range p.child {
		if fd >= 0 && fd != p.shared {
			unix.Close(fd)
		}
		p.child[i] = -1
	}
}

func (p *pipes) close() {
	p.closeChild()
	for i, f := range p.ours {
		if f != nil {
			f.Close()
		}
		p.ours[i] = nil
	}
}

// feed writes the input until it ends or nobody reads it any more.
func feed(to *os.File, from io.Reader) error {
	_, err := io.Copy(to, from)
	err = errors.Join(err, to.Close())
	if errors.Is(err, unix.EPIPE) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// collect reads up to limit bytes; one more makes it call exceeded, and what follows is dropped.
func collect(from *os.File, limit int64, exceeded func()) (data []byte, truncated bool) {
	data, err := io.ReadAll(io.LimitReader(from, limit))
	if err != nil || int64(len(data)) < limit {
		return data, false
	}
	var more [1]byte
	if n, _ := from.Read(more[:]); n == 0 {
		return data, false
	}
	exceeded()
	return data, true
}
