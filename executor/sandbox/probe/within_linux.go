package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/namespace"
	"golang.org/x/sys/unix"
)

// withinPatience bounds what is done within namespaces to probe them.
const withinPatience = 30 * time.Second

// attackFromWithin starts a process as workers are started, which attacks its namespaces with no other protection in
// between, and then makes a slot and attacks from inside that. For tests, the slot's Landlock can be no newer than that; 0 is
// no bound.
func attackFromWithin(ctx context.Context, config namespace.Config, newest int) (err error) {
	bait, err := layOut(ctx, config.Write, config.Top())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bait.remove()) }()
	bait.Newest = newest
	told, err := json.Marshal(bait)
	if err != nil {
		return fmt.Errorf("describe what to attack: %w", err)
	}
	cmd, err := config.Command(withinArg, string(told))
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{}, &said, &said
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a process in namespaces of its own: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, withinPatience)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("in namespaces of its own: %.1000s (%w)", strings.Join(strings.Fields(said.String()), " "), err)
	}
	return nil
}

// withinMain is the whole program of attackFromWithin's process. Its argument, after withinArg, is the bait.
func withinMain() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "this command is the executor's own, for probing its namespaces")
		os.Exit(2)
	}
	if err := within([]byte(os.Args[2])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func within(told []byte) error {
	var b bait
	if err := json.Unmarshal(told, &b); err != nil {
		return fmt.Errorf("read what to attack: %w", err)
	}
	if broken := succeeded(b.attempts()); len(broken) > 0 {
		return fmt.Errorf("attacks were not refused: %s", strings.Join(broken, ", "))
	}
	if err := sandbox.Init(); err != nil {
		return err
	}
	return attack(context.Background(), sandbox.SlotConfig{Dir: b.Dir, Tier: sandbox.Namespaced, Newest: b.Newest})
}

var errNothing = errors.New("nothing was found")

// found is nil when something was.
func found(anything bool) error {
	if anything {
		return nil
	}
	return errNothing
}

// attempts are made by a process in namespaces of its own, with neither Landlock nor seccomp in its way.
func (b *bait) attempts() []attempt {
	dial := func(network, address string) func() error {
		return func() error {
			conn, err := net.DialTimeout(network, address, time.Second)
			if err != nil {
				return err
			}
			return conn.Close()
		}
	}
	return []attempt{
		{"see a process of outside", seeProcess},
		{"signal a process of outside", func() error { return unix.Kill(-1, 0) }},
		{"connect to the executor by TCP", dial("tcp", b.TCP)},
		{"connect to the executor by an abstract socket", dial("unix", b.Abstract)},
		{"use a network interface", useInterface},
		{"open a raw socket", func() error { _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); return err }},
		{"find shared memory of outside", func() error { _, err := unix.SysvShmGet(b.Segment, 0, 0); return err }},
		{"open a message queue of outside", func() error { _, err := openQueue(b.Queue, unix.O_RDONLY); return err }},
		{"read the host's name", readHostName},
		{"set the host's name", func() error { return unix.Sethostname([]byte("probe")) }},
		{"reach the old root", b.reachRoot},
		{"see more files than are given", b.seeMore},
		{"write to the root", write("/executor-probe")},
		{"write to the toolchain", write("/usr/executor-probe")},
		{"open a setting of the kernel for writing", func() error {
			f, err := os.OpenFile("/proc/sys/kernel/core_pattern", os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			return f.Close()
		}},
		{"mount a file system", func() error { return unix.Mount("tmpfs", b.Dir, "tmpfs", 0, "") }},
		{"take a mount away", func() error { return unix.Unmount("/usr", unix.MNT_DETACH) }},
		{"change the root", func() error { return unix.Chroot(b.Dir) }},
		{"hold a capability", holdCapability},
		{"make a user namespace", makeUserNamespace},
	}
}

func seeProcess() error {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	return found(len(names) != 1 || names[0] != "/proc/"+strconv.Itoa(os.Getpid()))
}

func useInterface() error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return err
	}
	return found(slices.ContainsFunc(interfaces, func(i net.Interface) bool { return i.Flags&net.FlagUp != 0 }))
}

func readHostName() error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	return found(name != namespace.HostNameWithin)
}

func (b *bait) reachRoot() error {
	for _, path := range []string{"/", "/..", "/proc/1/root", "/proc/1/root/..", "/proc/1/cwd", "/proc/1/cwd/.."} {
		var stat unix.Stat_t
		if unix.Stat(path, &stat) == nil && stat.Dev == b.RootDevice && stat.Ino == b.RootInode {
			return nil
		}
	}
	return errNothing
}

func (b *bait) seeMore() error {
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	return found(slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !slices.Contains(b.Top, e.Name()) }))
}

func holdCapability() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return err
	}
	held := sets != [2]unix.CapUserData{}
	for capability := uintptr(0); capability < 64; capability++ {
		bound, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, capability, 0, 0, 0)
		held = held || err == nil && bound == 1
	}
	return found(held)
}

// makeUserNamespace needs a process of its own: one with several threads may not change its user namespace.
func makeUserNamespace() error {
	cmd := exec.Command("/proc/self/exe", attackerArg)
	cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = cmd.Wait() // it was made, whatever became of the process
	return nil
}

func openQueue(name string, flags int) (int, error) {
	path, err := unix.BytePtrFromString(name)
	if err != nil {
		return -1, err
	}
	fd, _, errno := unix.Syscall6(unix.SYS_MQ_OPEN, uintptr(unsafe.Pointer(path)), uintptr(flags|unix.O_CLOEXEC), 0o600, 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

func removeQueue(name string) {
	if path, err := unix.BytePtrFromString(name); err == nil {
		_, _, _ = unix.Syscall(unix.SYS_MQ_UNLINK, uintptr(unsafe.Pointer(path)), 0, 0)
	}
}
