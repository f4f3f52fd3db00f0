package wire

import (
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// The control socket is descriptor controlFD of a worker process. The two pipes of each slot
// follow, and then what InheritedAfter names.
const (
	controlFD   = 3 // the first of exec.Cmd.ExtraFiles
	firstPipeFD = controlFD + 1
)

// Ends are the supervisor's ends of the connections to one worker process.
type Ends struct {
	Control *Control
	Slots   []*Conn
}

// Open opens the connections to a worker process with the given number of slots. inherited are the
// worker's ends, for exec.Cmd.ExtraFiles. The caller closes them when the process has started, so
// that the connections end when the process ends.
func Open(slots int) (ends *Ends, inherited []*os.File, err error) {
	socket, theirs, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	ends = &Ends{Control: newControl(socket, HeartbeatTimeout, HeartbeatTimeout)}
	inherited = append(inherited, theirs)
	for range slots {
		ours, theirs, err := openPipes()
		if err != nil {
			ends.Close()
			closeAll(inherited)
			return nil, nil, err
		}
		ends.Slots = append(ends.Slots, NewConn(ours))
		inherited = append(inherited, theirs...)
	}
	return ends, inherited, nil
}

// Close closes all connections. Further calls have no effect.
func (e *Ends) Close() {
	e.Control.Close()
	for _, c := range e.Slots {
		c.Close()
	}
}

// InheritControl returns the worker's end of the control socket. It fails in a process that Open's
// inherited files were not passed to.
func InheritControl() (*Control, error) {
	unix.CloseOnExec(controlFD)
	socket, err := fileConn(os.NewFile(controlFD, "supervisor"))
	if err != nil {
		return nil, err
	}
	return newControl(socket, 0, HeartbeatTimeout), nil
}

// InheritPipes returns the worker's ends of the pipes of a slot.
func InheritPipes(slot int) BlockingPipes {
	pipes := BlockingPipes{In: firstPipeFD + 2*slot, Out: firstPipeFD + 2*slot + 1}
	unix.CloseOnExec(pipes.In)
	unix.CloseOnExec(pipes.Out)
	return pipes
}

// InheritedAfter returns the descriptor, in a worker process, of the first file that the supervisor
// appends to the inherited files of Open.
func InheritedAfter(slots int) uintptr { return uintptr(firstPipeFD + 2*slots) }

// socketPair returns two connected ends: one for this process, and one as a file for a child
// process.
func socketPair() (ours net.Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open a socket pair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "supervisor")
	ours, err = fileConn(os.NewFile(uintptr(fds[0]), "worker"))
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// fileConn returns the connection of f and closes f, because net.FileConn duplicates the
// descriptor.
func fileConn(f *os.File) (net.Conn, error) {
	conn, err := net.FileConn(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("use the socket of %s: %w", f.Name(), err)
	}
	return conn, nil
}

// closeAll closes all and ignores errors.
func closeAll[C io.Closer](all []C) {
	for _, c := range all {
		_ = c.Close()
	}
}
