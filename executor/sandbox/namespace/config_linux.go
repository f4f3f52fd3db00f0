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

// Config is the content of the new root. Each path has the same name inside as outside. Paths that
// do not exist are left out.
type Config struct {
	// Read are files and directories that can be read and executed.
	Read []string
	// Devices are device nodes.
	Devices []string
	// Write is the only directory that can be written. It is one mount with all directories in it,
	// so that files can be linked and renamed between them.
	Write string
	// Without lists parts to leave out; for tests only.
	Without Part
}

// Part is a part of the isolation that a test can leave out, to prove that this part stops an
// attack.
type Part uint

// The parts. The user and mount namespaces are always present: the other parts need them.
const (
	// Processes is the pid namespace.
	Processes Part = 1 << iota
	// Network is the network namespace.
	Network
	// Messages is the IPC namespace: System V objects and message queues.
	Messages
	// HostName is the UTS namespace.
	HostName
	// Root is the new root directory.
	Root
	// Capabilities is the loss of all capabilities.
	Capabilities
	// Nesting is the ban on further user namespaces.
	Nesting
)

func (c Config) has(p Part) bool { return c.Without&p == 0 }

// settings is the argument of Main.
type settings struct {
	Config
	// UID and GID are the ids of the process. In a user namespace without a mapping it cannot read
	// them.
	UID, GID int
}

// Arg is the first argument with which Config.Command starts the program; the program must then
// call Main.
const Arg = "enter-namespaces"

// initialCapabilities are the capabilities in the new user namespace that Main needs. A program
// with another user id than 0 keeps only ambient capabilities over exec.
var initialCapabilities = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SETPCAP, unix.CAP_SYS_RESOURCE}

// Command returns a command that starts this program again with args, in new namespaces. The caller
// may set every field of it but the flags of SysProcAttr.
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
	cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: flags, AmbientCaps: initialCapabilities}
	return cmd, nil
}

// RootEntries returns the names in the new root directory, sorted.
func (c Config) RootEntries() []string {
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
