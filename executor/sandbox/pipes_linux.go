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
	input  []byte // the input that is not written yet
}

func openPipes(stdin []byte) (*pipes, error) {
	p := &pipes{child: [3]int{-1, -1, -1}, parent: [3]int{-1, -1, -1}, input: stdin}
	for i := range p.child {
		if i == 0 && len(stdin) == 0 {
			null, err := openNull()
			if err != nil {
				return nil, err
			}
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

// openNull opens the stdin of a run without input. Each run gets an open file of its own, because
// flags, the receiver of signals and locks belong to the open file, and the next run would find
// them.
func openNull() (int, error) {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open /dev/null: %w", err)
	}
	return fd, nil
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
	for i := range p.child {
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
