package wire

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A slot's orders go through one pipe and its verdicts through another. Through a socket, who takes a message out wakes who
// has put it in, since there is room again, even when that one waits to read (Linux, unix_write_space): two needless
// wake-ups a submission, each a switch of threads and often of cores.

// Ends are the supervisor's two, which the runtime's poller waits for.
type Ends struct{ In, Out *os.File }

func (e Ends) Read(p []byte) (int, error)  { return e.In.Read(p) }
func (e Ends) Write(p []byte) (int, error) { return e.Out.Write(p) }
func (e Ends) Close() error                { return errors.Join(e.In.Close(), e.Out.Close()) }

// OpenEnds makes the pipes of so many slots. theirs are two files a slot, to be given to a worker: where its orders come
// from and where its verdicts go.
func OpenEnds(slots int) (ours []Ends, theirs []*os.File, err error) {
	defer func() {
		if err != nil {
			CloseAll(ours)
			CloseAll(theirs)
		}
	}()
	for range slots {
		var orders, verdicts [2]int
		if err := unix.Pipe2(orders[:], unix.O_CLOEXEC); err != nil {
			return ours, theirs, fmt.Errorf("make a slot's pipe: %w", err)
		}
		theirs = append(theirs, os.NewFile(uintptr(orders[0]), "orders"))
		if err := unix.Pipe2(verdicts[:], unix.O_CLOEXEC); err != nil {
			return ours, theirs, errors.Join(fmt.Errorf("make a slot's pipe: %w", err), unix.Close(orders[1]))
		}
		theirs = append(theirs, os.NewFile(uintptr(verdicts[1]), "verdicts"))
		// The flag is of the end, not of the pipe; os.NewFile heeds it.
		err := errors.Join(unix.SetNonblock(orders[1], true), unix.SetNonblock(verdicts[0], true))
		ours = append(ours, Ends{In: os.NewFile(uintptr(verdicts[0]), "verdicts"), Out: os.NewFile(uintptr(orders[1]), "orders")})
		if err != nil {
			return ours, theirs, fmt.Errorf("make a slot's pipe: %w", err)
		}
	}
	return ours, theirs, nil
}

// Blocking are the worker's two ends, in which the slot's thread itself waits, not the runtime's poller: what comes wakes
// that thread at once.
type Blocking struct{ In, Out int }

func (b Blocking) Read(p []byte) (int, error) {
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

// Ready says whether there is something to read, now.
func (b Blocking) Ready() bool {
	fds := [1]unix.PollFd{{Fd: int32(b.In), Events: unix.POLLIN}}
	_, err := unix.Poll(fds[:], 0)
	return err == nil && fds[0].Revents&unix.POLLIN != 0
}

func (b Blocking) Write(p []byte) (int, error) {
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

// Close ends the connection for both ends. It is for who reads and writes, once.
func (b Blocking) Close() error { return errors.Join(unix.Close(b.In), unix.Close(b.Out)) }
