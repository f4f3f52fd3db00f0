package worker

import (
	"bufio"
	"encoding/gob"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
)

// The two ends have a Unix stream socket for the worker as a whole, on which it says that it lives and is told what to
// cancel, in gob; and two pipes for each slot, on which the slot's thread itself waits for orders (wire.go, pipe_linux.go).

// hello is the first message to a worker: everything it is to be.
type hello struct {
	Dirs      []string // one a slot
	Limits    sandbox.Limits
	Tier      sandbox.Tier
	Languages []string
	Cache     string // directory of the compile cache
	CacheSize int64  // bytes; 0: none
}

// order goes to a slot.
type order struct {
	// Seq tells runs of one slot apart, so that a late cancel cannot hit the next run.
	Seq     uint64
	Timeout time.Duration // what is left of the hard timeout; a duration, because the clocks' zero points differ
	Request *api.Request
}

// verdict comes from a slot, one for each order.
type verdict struct {
	Result *api.Result
}

// cancel goes to the worker: nobody wants the result of the slot's run any more. With Recall it is about an order that was sent
// ahead of its time: unless it has begun, it is not to be run. Either way the worker reports which it is.
type cancel struct {
	Slot   int
	Seq    uint64
	Recall bool
}

type reportKind uint8

const (
	reportReady reportKind = iota + 1
	reportAlive
	reportFailed
	reportBegun    // the order that was recalled has begun
	reportRecalled // it has not, and never will
)

// report comes from the worker.
type report struct {
	Kind  reportKind
	Error string // with reportFailed: why the worker cannot start
	Slot  int    // with reportBegun and reportRecalled, like Seq
	Seq   uint64
}

const (
	// heartbeat is how often a worker says that it lives.
	heartbeat = time.Second
	// silence is how long a worker may say nothing.
	silence = 10 * heartbeat
)

// link is one end of a connection. Any number of goroutines may send, one receives.
type link struct {
	conn net.Conn
	dec  *gob.Decoder

	mu  sync.Mutex
	enc *gob.Encoder
}

// newLink takes over conn.
func newLink(conn net.Conn) *link { return newLinkReading(conn, conn) }

// newWatchedLink takes over conn and lets receiving fail when not one byte came for so long: bytes, not messages, so that
// a large message in transit is a sign of life too.
func newWatchedLink(conn net.Conn, silence time.Duration) *link {
	return newLinkReading(conn, &watched{conn: conn, silence: silence})
}

func newLinkReading(conn net.Conn, r io.Reader) *link {
	return &link{conn: conn, dec: gob.NewDecoder(bufio.NewReaderSize(r, 32<<10)), enc: gob.NewEncoder(conn)}
}

type watched struct {
	conn    net.Conn
	silence time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.conn.SetReadDeadline(time.Now().Add(w.silence)); err != nil {
		return 0, err
	}
	return w.conn.Read(p)
}

// send writes one message with one write call. patience bounds it: the other end may have stopped reading.
func (l *link) send(message any, patience time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	return l.enc.Encode(message)
}

func (l *link) receive(message any) error { return l.dec.Decode(message) }

// close ends the connection for both ends; again and again is fine.
func (l *link) close() { _ = l.conn.Close() }

// socketPair makes the two ends: one for this process, one to be given to a child as a file.
func socketPair() (ours net.Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket pair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "supervisor")
	ours, err = fileConn(os.NewFile(uintptr(fds[0]), "worker"))
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

func closeAll[C io.Closer](all []C) {
	for _, c := range all {
		_ = c.Close()
	}
}

// fileConn wraps f, which it closes (net.FileConn works on a duplicate).
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
