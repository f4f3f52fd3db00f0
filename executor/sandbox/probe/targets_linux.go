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

// targets are objects of the executor that a process in other namespaces must not be able to reach.
// Each belongs to one namespace; an attack that reaches it proves that this namespace does not
// separate.
type targets struct {
	Dir            string   // the scratch directory
	RootEntries    []string // the names that the root may have
	RootDevice     uint64   // of the executor's root
	RootInode      uint64
	TCP, Abstract  string // addresses on which the executor listens
	Segment        int    // key of a shared memory segment
	Queue          string // name of a message queue
	MaxLandlockABI int    // see sandbox.SlotConfig

	listeners []net.Listener
	segment   int
}

// createTargets creates the targets. A pod may deny some of them (old kernels without message
// queues, a seccomp profile); a process in namespaces cannot reach those either.
func createTargets(ctx context.Context, dir string, top []string) (*targets, error) {
	var root unix.Stat_t
	if err := unix.Stat("/", &root); err != nil {
		return nil, fmt.Errorf("look at the root: %w", err)
	}
	name := "executor-probe-" + rand.Text()
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	t := &targets{Dir: dir, RootEntries: top, RootDevice: root.Dev, RootInode: root.Ino, Queue: name, segment: -1,
		Segment: int(binary.NativeEndian.Uint32(random[:])>>1 | 1)}
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": "@" + name} {
		listener, err := new(net.ListenConfig).Listen(ctx, network, address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for attacks: %w", err), t.remove())
		}
		t.listeners = append(t.listeners, listener)
		if network == "tcp" {
			t.TCP = listener.Addr().String()
		} else {
			t.Abstract = address
		}
	}
	if id, err := unix.SysvShmGet(t.Segment, 4096, unix.IPC_CREAT|unix.IPC_EXCL|0o600); err == nil {
		t.segment = id
	}
	if queue, err := openQueue(t.Queue, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR); err == nil {
		_ = unix.Close(queue)
	}
	return t, nil
}

func (t *targets) remove() error {
	var errs []error
	for _, listener := range t.listeners {
		errs = append(errs, listener.Close())
	}
	if t.segment >= 0 {
		_, err := unix.SysvShmCtl(t.segment, unix.IPC_RMID, nil)
		errs = append(errs, err)
	}
	removeQueue(t.Queue) // fails if the pod denied the queue
	return errors.Join(errs...)
}
