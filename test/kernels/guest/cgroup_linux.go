package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cgroupRoot is the mount point of the control groups.
const cgroupRoot = "/sys/fs/cgroup"

// group is a control group, as a path.
type group string

// newGroup creates a control group like that of a pod's container, with the limits in bytes and in
// processes. The kernel kills all its processes if it exceeds its memory, as the kubelet demands.
func newGroup(name string, memory int64, pids int) (group, error) {
	const controllers = "+memory +pids +cpu"
	pod := filepath.Join(cgroupRoot, "kubepods.slice", name)
	g := group(filepath.Join(pod, "container"))
	if err := os.MkdirAll(string(g), 0o755); err != nil {
		return "", err
	}
	for _, dir := range []string{cgroupRoot, filepath.Dir(pod), pod} {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte(controllers), 0); err != nil {
			return "", fmt.Errorf("delegate controllers: %w", err)
		}
	}
	for file, value := range map[string]string{
		"memory.max": strconv.FormatInt(memory, 10), "memory.oom.group": "1", "pids.max": strconv.Itoa(pids),
	} {
		if err := os.WriteFile(filepath.Join(string(g), file), []byte(value), 0); err != nil {
			return "", fmt.Errorf("limit the container: %w", err)
		}
	}
	return g, nil
}

// event returns a counter of memory.events.
func (g group) event(name string) (int, error) {
	content, err := os.ReadFile(filepath.Join(string(g), "memory.events"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if key, value, _ := strings.Cut(strings.TrimSpace(line), " "); key == name {
			return strconv.Atoi(value)
		}
	}
	return 0, fmt.Errorf("memory.events has no %s", name)
}

// processes returns the names of the group's processes.
func (g group) processes() ([]string, error) {
	content, err := os.ReadFile(filepath.Join(string(g), "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, pid := range strings.Fields(string(content)) {
		name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, strings.TrimSpace(string(name)))
	}
	return names, nil
}

// kill ends all processes of the group.
func (g group) kill() error {
	return os.WriteFile(filepath.Join(string(g), "cgroup.kill"), []byte("1"), 0)
}
