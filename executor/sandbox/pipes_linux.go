package sandbox

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// pipeSize is the capacity of a pipe, in bytes (pipe(7)).
const pipeSize = 64 << 10

// pipes are the ends of stdin, stdout and stderr that the run holds and those that the executor
// holds. A closed end is -1.
type pipes struct {
	child  [3]int
	parent [3]int // parent[0] is -1 if there is no input or the pipe holds all of it
	shared int    // the descriptor in child that belongs to the slot and must stay open
	input  []byte // the input that is not written yet
}

func openPipes(stdin []byte, null int) (*pipes, error) {
	p := &pipes{child: [3]int{-1, -1, -1}, parent: [3]int{-1, -1, -1}, shared: null, input: stdin}
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
		p.child[i], p.parent[i] = ends[1], ends[0]
		if i == 0 {
			p.child[i], p.parent[i] = ends[0], ends[1]
		}
		// Only the executor's end is non-blocking: the flag belongs to the end, not to the pipe.
		if _, err := unix.FcntlInt(uintptr(p.parent[i]), unix.F_SETFL, unix.O_NONBLOCK); err != nil {
			p.close()
			return nil, fmt.Errorf("open a pipe for the run: %w", err)
		}
	}
	if err := p.writeInput(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// writeInput writes as much input as the pipe can hold. It closes the pipe when all input is
// written or the run has closed its end.
func (p *pipes) writeInput() error {
	for p.parent[0] >= 0 {
		n, err := unix.Write(p.parent[0], p.input)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil && !errors.Is(err, unix.EPIPE):
			return fmt.Errorf("write the run's input: %w", err)
		default:
			if p.input = p.input[max(n, 0):]; err != nil || len(p.input) == 0 {
				closeFD(&p.parent[0])
			}
		}
	}
	return nil
}

// closeChild closes the executor's copies of the run's ends, after the run was started.
func (p *pipes) closeChild() {
	for i, fd := range p.child {
		if fd == p.shared {
			p.child[i] = -1
			continue
		}
		closeFD(&p.child[i])
	}
}

func (p *pipes) close() {
	p.closeChild()
	for i := range p.parent {
		closeFD(&p.parent[i])
	}
}

func closeFD(fd *int) {
	if *fd >= 0 {
		unix.Close(*fd)
	}
	*fd = -1
}

// output is the output of a run on one stream, up to its limit.
type output struct {
	data      []byte
	truncated bool
}

// read appends the content of the pipe to the output, through buffer, and reports whether the
// stream is still open. Output beyond the limit is dropped and sets truncated.
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
			remaining := limit - int64(len(o.data))
			o.truncated = o.truncated || int64(n) > remaining
			o.data = append(o.data, buffer[:min(int64(n), remaining)]...)
			if o.truncated {
				return true, nil
			}
			if n < len(buffer) {
				return true, nil
			}
		}
	}
}
