package probe

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// bait is what the executor lays out for attacks from within namespaces to find; what they find shows that one of the
// namespaces does not separate.
type bait struct {
	Dir           string   // the scratch directory
	Top           []string // names that the root may have
	RootDevice    uint64   // of the executor's root
	RootInode     uint64
	TCP, Abstract string // addresses on which the executor listens
	Segment       int    // key of shared memory
	Queue         string // name of a message queue
	Newest        int    // Landlock ABI that the slot is bound to

	listeners []net.Listener
	segment   int
}

// layOut makes the bait. What the pod refuses to make (old kernels without message queues, a seccomp profile) cannot be found
// within either.
func layOut(ctx context.Context, dir string, top []string) (*bait, error) {
	var root unix.Stat_t
	if err := unix.Stat("/", &root); err != nil {
		return nil, fmt.Errorf("look at the root: %w", err)
	}
	name := "executor-probe-" + rand.Text()
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	b := &bait{Dir: dir, Top: top, RootDevice: root.Dev, RootInode: root.Ino, Queue: name, segment: -1,
		Segment: int(binary.NativeEndian.Uint32(random[:])>>1 | 1)}
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": "@" + name} {
		listener, err := new(net.ListenConfig).Listen(ctx, network, address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for attacks: %w", err), b.remove())
		}
		b.listeners = append(b.listeners, listener)
		if network == "tcp" {
			b.TCP = listener.Addr().String()
		} else {
			b.Abstract = address
		}
	}
	if id, err := unix.SysvShmGet(b.Segment, 4096, unix.IPC_CREAT|unix.IPC_EXCL|0o600); err == nil {
		b.segment = id
	}
	if queue, err := openQueue(b.Queue, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR); err == nil {
		_ = unix.Close(queue)
	}
	return b, nil
}

func (b *bait) remove() error {
	var errs []error
	for _, listener := range b.listeners {
		errs = append(errs, listener.Close())
	}
	if b.segment >= 0 {
		_, err := unix.SysvShmCtl(b.segment, unix.IPC_RMID, nil)
		errs = append(errs, err)
	}
	removeQueue(b.Queue) // it may never have been made
	return errors.Join(errs...)
}
