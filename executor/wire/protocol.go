package wire

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

// Hello is the first message to a worker: everything it is to be.
type Hello struct {
	Dirs      []string // one a slot
	Limits    sandbox.Limits
	Tier      sandbox.Tier
	Languages []string
	Cache     string // directory of the compile cache
	CacheSize int64  // bytes; 0: none
}

// Order goes to a slot.
type Order struct {
	// Seq tells runs of one slot apart, so that a late cancel cannot hit the next run.
	Seq     uint64
	Timeout time.Duration // what is left of the hard timeout; a duration, because the clocks' zero points differ
	Request *api.Request
}

// Verdict comes from a slot, one for each order.
type Verdict struct {
	Result *api.Result
}

// Cancel goes to the worker: nobody wants the result of the slot's run any more. With Recall it is about an order that was sent
// ahead of its time: unless it has begun, it is not to be run. Either way the worker reports which it is.
type Cancel struct {
	Slot   int
	Seq    uint64
	Recall bool
}

type ReportKind uint8

const (
	ReportReady ReportKind = iota + 1
	ReportAlive
	ReportFailed
	ReportBegun    // the order that was recalled has begun
	ReportRecalled // it has not, and never will
)

// Report comes from the worker.
type Report struct {
	Kind  ReportKind
	Error string // with ReportFailed: why the worker cannot start
	Slot  int    // with ReportBegun and ReportRecalled, like Seq
	Seq   uint64
}

const (
	// Heartbeat is how often a worker says that it lives.
	Heartbeat = time.Second
	// Silence is how long a worker may say nothing.
	Silence = 10 * Heartbeat
)

// Link is one end of a connection. Any number of goroutines may send, one receives.
type Link struct {
	conn net.Conn
	dec  *gob.Decoder

	mu  sync.Mutex
	enc *gob.Encoder
}

// NewLink takes over conn.
func NewLink(conn net.Conn) *Link { return newLinkReading(conn, conn) }

// NewWatchedLink takes over conn and lets receiving fail when not one byte came for so long: bytes, not messages, so that
// a large message in transit is a sign of life too.
func NewWatchedLink(conn net.Conn, silence time.Duration) *Link {
	return newLinkReading(conn, &watched{conn: conn, silence: silence})
}

func newLinkReading(conn net.Conn, r io.Reader) *Link {
	return &Link{conn: conn, dec: gob.NewDecoder(bufio.NewReaderSize(r, 32<<10)), enc: gob.NewEncoder(conn)}
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

// Send writes one message with one write call. patience bounds it: the other end may have stopped reading.
func (l *Link) Send(message any, patience time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	return l.enc.Encode(message)
}

func (l *Link) Receive(message any) error { return l.dec.Decode(message) }

// Close ends the connection for both ends; again and again is fine.
func (l *Link) Close() { _ = l.conn.Close() }

// SocketPair makes the two ends: one for this process, one to be given to a child as a file.
func SocketPair() (ours net.Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket pair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "supervisor")
	ours, err = FileConn(os.NewFile(uintptr(fds[0]), "worker"))
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

func CloseAll[C io.Closer](all []C) {
	for _, c := range all {
		_ = c.Close()
	}
}

// FileConn wraps f, which it closes (net.FileConn works on a duplicate).
func FileConn(f *os.File) (net.Conn, error) {
	conn, err := net.FileConn(f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("use the socket of %s: %w", f.Name(), err)
	}
	return conn, nil
}
