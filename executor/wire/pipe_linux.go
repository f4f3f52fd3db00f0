package wire

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// pipes are the supervisor's ends of the two pipes of a slot. The poller of the Go runtime waits
// for them.
//
// A slot has one pipe for its assignments and one for its completions. On a Unix socket, a read
// wakes the writer of the other end because there is space again, even when the writer waits to
// read (Linux, unix_write_space). That is two needless wake-ups a submission, each of which
// switches threads and often cores.
type pipes struct{ in, out *os.File }

func (p pipes) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p pipes) Write(b []byte) (int, error) { return p.out.Write(b) }
func (p pipes) Close() error                { return errors.Join(p.in.Close(), p.out.Close()) }

// openPipes opens the pipes of a slot. theirs holds the two ends for the worker process: the one
// that it reads assignments from, then the one that it writes completions to.
func openPipes() (ours pipes, theirs []*os.File, err error) {
	var assignments, completions [2]int
	if err := unix.Pipe2(assignments[:], unix.O_CLOEXEC); err != nil {
		return pipes{}, nil, fmt.Errorf("open a pipe of a slot: %w", err)
	}
	if err := unix.Pipe2(completions[:], unix.O_CLOEXEC); err != nil {
		return pipes{}, nil, errors.Join(fmt.Errorf("open a pipe of a slot: %w", err),
			unix.Close(assignments[0]), unix.Close(assignments[1]))
	}
	// The flag belongs to one end of a pipe. os.NewFile uses the poller for an end that has it.
	err = errors.Join(unix.SetNonblock(assignments[1], true), unix.SetNonblock(completions[0], true))
	ours = pipes{in: os.NewFile(uintptr(completions[0]), "completions"), out: os.NewFile(uintptr(assignments[1]), "assignments")}
	theirs = []*os.File{os.NewFile(uintptr(assignments[0]), "assignments"), os.NewFile(uintptr(completions[1]), "completions")}
	if err != nil {
		closeAll(theirs)
		return pipes{}, nil, errors.Join(fmt.Errorf("open a pipe of a slot: %w", err), ours.Close())
	}
	return ours, theirs, nil
}

// BlockingPipes are the worker's ends of the two pipes of a slot, as descriptors. The thread of the
// slot itself blocks in a read, so that a message wakes it without the poller of the Go runtime.
type BlockingPipes struct{ In, Out int }

func (b BlockingPipes) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(b.In, p)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// Readable reports whether a read would return data at once. The end of the stream is not data.
func (b BlockingPipes) Readable() bool {
	fds := [1]unix.PollFd{{Fd: int32(b.In), Events: unix.POLLIN}}
	_, err := unix.Poll(fds[:], 0)
	return err == nil && fds[0].Revents&unix.POLLIN != 0
}

func (b BlockingPipes) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n, err := unix.Write(b.Out, p[written:])
		if err != nil && !errors.Is(err, unix.EINTR) {
			return written, err
		}
		written += max(n, 0)
	}
	return written, nil
}

// Close closes the connection for both ends. Only the goroutine that reads and writes may call it,
// once.
func (b BlockingPipes) Close() error { return errors.Join(unix.Close(b.In), unix.Close(b.Out)) }
