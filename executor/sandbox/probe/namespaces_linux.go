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
	"executorpool.dev/executor/sandbox/capability"
	"executorpool.dev/executor/sandbox/namespace"
	"golang.org/x/sys/unix"
)

// attackTimeout bounds the attacks from inside of namespaces.
const attackTimeout = 30 * time.Second

// attackNamespaces starts a process as workers are started. The process first attacks its
// namespaces, with no other protection in force, and then creates a slot and attacks from inside of
// it. maxABI bounds the slot's Landlock ABI for tests; 0 means no bound.
func attackNamespaces(ctx context.Context, config namespace.Config, maxABI int) (err error) {
	targets, err := createTargets(ctx, config.Write, config.RootEntries())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, targets.remove()) }()
	targets.MaxLandlockABI = maxABI
	encoded, err := json.Marshal(targets)
	if err != nil {
		return fmt.Errorf("describe what to attack: %w", err)
	}
	cmd, err := config.Command(namespaceAttackArg, string(encoded))
	if err != nil {
		return err
	}
	var output bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{}, &output, &output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a process in namespaces of its own: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, attackTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("in namespaces of its own: %.1000s (%w)", strings.Join(strings.Fields(output.String()), " "), err)
	}
	return nil
}

// namespaceAttackMain is the main function of the process that attackNamespaces starts. Its
// argument after namespaceAttackArg is the encoded targets.
func namespaceAttackMain() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "this command is the executor's own, for probing its namespaces")
		os.Exit(2)
	}
	if err := attackFromInside([]byte(os.Args[2])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func attackFromInside(encoded []byte) error {
	var t targets
	if err := json.Unmarshal(encoded, &t); err != nil {
		return fmt.Errorf("read what to attack: %w", err)
	}
	if successes := trySuccesses(t.attempts()); len(successes) > 0 {
		return fmt.Errorf("attacks were not refused: %s", strings.Join(successes, ", "))
	}
	if err := sandbox.Init(); err != nil {
		return err
	}
	return attackSlot(context.Background(), sandbox.SlotConfig{Dir: t.Dir, Tier: sandbox.Namespaced, MaxLandlockABI: t.MaxLandlockABI})
}

var errNotFound = errors.New("nothing was found")

// errorUnlessFound returns nil if anything was found.
func errorUnlessFound(anything bool) error {
	if anything {
		return nil
	}
	return errNotFound
}

// attempts returns the attacks of a process in its own namespaces, without Landlock and seccomp.
func (t *targets) attempts() []attempt {
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
		{"connect to the executor by TCP", dial("tcp", t.TCP)},
		{"connect to the executor by an abstract socket", dial("unix", t.Abstract)},
		{"use a network interface", useInterface},
		{"open a raw socket", func() error { _, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); return err }},
		{"find shared memory of outside", func() error { _, err := unix.SysvShmGet(t.Segment, 0, 0); return err }},
		{"open a message queue of outside", func() error { _, err := openQueue(t.Queue, unix.O_RDONLY); return err }},
		{"read the host's name", readHostName},
		{"set the host's name", func() error { return unix.Sethostname([]byte("probe")) }},
		{"reach the old root", t.reachRoot},
		{"see more files than are given", t.seeMore},
		{"write to the root", write("/executor-probe")},
		{"write to the toolchain", write("/usr/executor-probe")},
		{"open a setting of the kernel for writing", func() error {
			f, err := os.OpenFile("/proc/sys/kernel/core_pattern", os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			return f.Close()
		}},
		{"mount a file system", func() error { return unix.Mount("tmpfs", t.Dir, "tmpfs", 0, "") }},
		{"take a mount away", func() error { return unix.Unmount("/usr", unix.MNT_DETACH) }},
		{"change the root", func() error { return unix.Chroot(t.Dir) }},
		{"hold a capability", holdCapability},
		{"make a user namespace", makeUserNamespace},
	}
}

func seeProcess() error {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	return errorUnlessFound(len(names) != 1 || names[0] != "/proc/"+strconv.Itoa(os.Getpid()))
}

func useInterface() error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return err
	}
	return errorUnlessFound(slices.ContainsFunc(interfaces, func(i net.Interface) bool { return i.Flags&net.FlagUp != 0 }))
}

func readHostName() error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	return errorUnlessFound(name != namespace.RunHostName)
}

func (t *targets) reachRoot() error {
	for _, path := range []string{"/", "/..", "/proc/1/root", "/proc/1/root/..", "/proc/1/cwd", "/proc/1/cwd/.."} {
		var stat unix.Stat_t
		if unix.Stat(path, &stat) == nil && stat.Dev == t.RootDevice && stat.Ino == t.RootInode {
			return nil
		}
	}
	return errNotFound
}

func (t *targets) seeMore() error {
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	return errorUnlessFound(slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !slices.Contains(t.RootEntries, e.Name()) }))
}

func holdCapability() error {
	held, err := capability.Any()
	if err != nil {
		return err
	}
	return errorUnlessFound(held)
}

// makeUserNamespace needs its own process: a process with several threads cannot change its user
// namespace.
func makeUserNamespace() error {
	cmd := exec.Command("/proc/self/exe", slotAttackArg)
	cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = cmd.Wait() // the namespace was created, whatever the process did
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
