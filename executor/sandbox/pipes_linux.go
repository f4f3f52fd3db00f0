package sandbox

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// pipeSize is what a pipe holds (pipe(7)).
const pipeSize = 64 << 10

// pipes are the three ends a run has and the three the executor has; -1 is closed.
type pipes struct {
	child  [3]int
	ours   [3]int // ours[0] is -1 when there is no input, or all of it lies in the pipe
	shared int    // the descriptor in child that is not ours to close
	input  []byte // not yet written
}

func openPipes(stdin []byte, null int) (*pipes, error) {
	p := &pipes{child: [3]int{-1, -1, -1}, ours: [3]int{-1, -1, -1}, shared: null, input: stdin}
	for i := range p.child {
		if i == 0 && len(stdin) == 0 {
			p.child[0] = null
			continue
		}
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
			p.close()
			return nil, fmt.Errorf("open a pipe for the run: %w", err)
		}
		p.child[i], p.ours[i] = ends[1], ends[0]
		if i == 0 {
			p.child[i], p.ours[i] = ends[0], ends[1]
		}
		// Non-blocking on our side only: the flag belongs to the end of the pipe, not to the pipe.
		if _, err := unix.FcntlInt(uintptr(p.ours[i]), unix.F_SETFL, unix.O_NONBLOCK); err != nil {
			p.close()
			return nil, fmt.Errorf("open a pipe for the run: %w", err)
		}
	}
	if err := p.feed(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// feed writes as much input as there is room for, and closes the pipe when all is written or nobody reads it any more.
func (p *pipes) feed() error {
	for p.ours[0] >= 0 {
		n, err := unix.Write(p.ours[0], p.input)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil && !errors.Is(err, unix.EPIPE):
			return fmt.Errorf("write the run's input: %w", err)
		default:
			if p.input = p.input[max(n, 0):]; err != nil || len(p.input) == 0 {
				shut(&p.ours[0])
			}
		}
	}
	return nil
}

// closeChild closes the run's ends on our side, once the run holds them.
func (p *pipes) closeChild() {
	for i, fd := range p.child {
		if fd == p.shared {
			p.child[i] = -1
			continue
		}
		shut(&p.child[i])
	}
}

func (p *pipes) close() {
	p.closeChild()
	for i := range p.ours {
		shut(&p.ours[i])
	}
}

func shut(fd *int) {
	if *fd >= 0 {
		unix.Close(*fd)
	}
	*fd = -1
}

// output is what a run wrote to one stream.
type output struct {
	data      []byte
	truncated bool
}

// read takes what the pipe holds now into the output, by way of buffer, and tells whether more may come. One byte past
// the limit truncates; what follows is dropped.
func (o *output) read(fd int, limit int64, buffer []byte) (open bool, err error) {
	for {
		n, err := unix.Read(fd, buffer)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return true, nil
		case err != nil:
			return false, fmt.Errorf("read the run's output: %w", err)
		case n == 0:
			return false, nil
		default:
			room := limit - int64(len(o.data))
			o.truncated = o.truncated || int64(n) > room
			o.data = append(o.data, buffer[:min(int64(n), room)]...)
			if o.truncated {
				return true, nil
			}
			if n < len(buffer) {
				return true, nil
			}
		}
	}
}
