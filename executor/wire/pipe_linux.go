package wire

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Pipes are the supervisor's ends of the two pipes of a slot. The poller of the Go runtime waits
// for them.
//
// A slot has one pipe for its assignments and one for its completions. On a Unix socket, a read
// wakes the writer of the other end because there is space again, even when the writer waits to
// read (Linux, unix_write_space). That is two needless wake-ups a submission, each of which
// switches threads and often cores.
type Pipes struct{ In, Out *os.File }

func (p Pipes) Read(b []byte) (int, error)  { return p.In.Read(b) }
func (p Pipes) Write(b []byte) (int, error) { return p.Out.Write(b) }
func (p Pipes) Close() error                { return errors.Join(p.In.Close(), p.Out.Close()) }

// OpenPipes opens the pipes of all slots. theirs holds two files a slot for the worker process: the
// one that it reads assignments from, then the one that it writes completions to.
func OpenPipes(slots int) (ours []Pipes, theirs []*os.File, err error) {
	defer func() {
		if err != nil {
			CloseAll(ours)
			CloseAll(theirs)
		}
	}()
	for range slots {
		var assignments, completions [2]int
		if err := unix.Pipe2(assignments[:], unix.O_CLOEXEC); err != nil {
			return ours, theirs, fmt.Errorf("open a pipe of a slot: %w", err)
		}
		theirs = append(theirs, os.NewFile(uintptr(assignments[0]), "assignments"))
		if err := unix.Pipe2(completions[:], unix.O_CLOEXEC); err != nil {
			return ours, theirs, errors.Join(fmt.Errorf("open a pipe of a slot: %w", err), unix.Close(assignments[1]))
		}
		theirs = append(theirs, os.NewFile(uintptr(completions[1]), "completions"))
		// The flag belongs to one end of a pipe. os.NewFile uses the poller for an end that has it.
		err := errors.Join(unix.SetNonblock(assignments[1], true), unix.SetNonblock(completions[0], true))
		ours = append(ours, Pipes{In: os.NewFile(uintptr(completions[0]), "completions"), Out: os.NewFile(uintptr(assignments[1]), "assignments")})
		if err != nil {
			return ours, theirs, fmt.Errorf("open a pipe of a slot: %w", err)
		}
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
