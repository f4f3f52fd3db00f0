package namespace

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Config is what the new root holds, each thing where it is outside. What does not exist is left out.
type Config struct {
	// Read are files and directories to be read and executed.
	Read []string
	// Devices are device nodes.
	Devices []string
	// Write is the one directory that can be written. It is one mount with all that lies in it, so that files can be linked
	// and moved within.
	Write string
	// Without leaves parts out, for tests alone.
	Without Part
}

// Part is something that can be left out, for a test to show that an attack is refused by it and not by luck.
type Part uint

// The parts. User and mount namespaces are not among them: nothing else works without.
const (
	// Processes is the pid namespace.
	Processes Part = 1 << iota
	// Network is the network namespace.
	Network
	// Messages is the IPC namespace: System V objects and message queues.
	Messages
	// HostName is the host name's namespace.
	HostName
	// Root is the root of its own.
	Root
	// Capabilities is giving up all capabilities.
	Capabilities
	// Nesting is the ban on further user namespaces.
	Nesting
)

func (c Config) has(p Part) bool { return c.Without&p == 0 }

// settings are what Main is told.
type settings struct {
	Config
	// UID and GID are the process's ids, which it cannot see in a user namespace that maps none yet.
	UID, GID int
}

// Arg is the first argument by which a program that uses this package must call Main.
const Arg = "enter-namespaces"

// keep are the capabilities, in the new user namespace only, that Main needs. A program under another user id than 0 loses
// what is not ambient when it is executed.
var keep = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SETPCAP, unix.CAP_SYS_RESOURCE}

// Command prepares to start this program again with the given arguments, in namespaces of its own. The caller sets what it
// likes but for the flags of SysProcAttr.
func (c Config) Command(args ...string) (*exec.Cmd, error) {
	text, err := json.Marshal(settings{Config: c, UID: os.Geteuid(), GID: os.Getegid()})
	if err != nil {
		return nil, fmt.Errorf("describe the namespaces: %w", err)
	}
	cmd := exec.Command("/proc/self/exe", append([]string{Arg, string(text)}, args...)...)
	flags := uintptr(unix.CLONE_NEWUSER | unix.CLONE_NEWNS)
	for part, flag := range map[Part]uintptr{Processes: unix.CLONE_NEWPID, Network: unix.CLONE_NEWNET,
		Messages: unix.CLONE_NEWIPC, HostName: unix.CLONE_NEWUTS} {
		if c.has(part) {
			flags |= flag
		}
	}
	cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: flags, AmbientCaps: keep}
	return cmd, nil
}

// Top are the names that the new root has, sorted.
func (c Config) Top() []string {
	names := []string{"proc"}
	for _, paths := range [][]string{c.Read, c.Devices, {c.Write}} {
		for _, path := range paths {
			paths := []string{path}
			if real, err := filepath.EvalSymlinks(path); err == nil {
				paths = append(paths, real)
			}
			for _, p := range paths {
				name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Clean(p), "/"), "/")
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
