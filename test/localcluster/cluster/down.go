package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"executorpool.dev/test/localcluster/config"
	"executorpool.dev/test/localcluster/host"
	"executorpool.dev/test/localcluster/layout"
	"executorpool.dev/test/localcluster/process"
)

// Down stops the cluster and removes everything that it left on the machine, except the cache. Down
// continues after a failed step, so that as little as possible remains, and returns the errors of
// all steps.
func (c Cluster) Down(ctx context.Context) error {
	if err := needRoot(); err != nil {
		return err
	}
	unlock, err := lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.checkOwner(); err != nil {
		return err
	}
	owner, err := Owner()
	if err != nil {
		return err
	}
	if owner == "" {
		c.Steps.Note("no cluster is up")
		return errors.Join(os.RemoveAll(c.Layout.Cluster()), os.RemoveAll(layout.Runtime))
	}
	var errs []error
	for _, step := range []struct {
		title string
		work  func() error
	}{
		{"stop the node", func() error { return c.stop(config.DNS, config.Proxy, config.Kubelet) }},
		{"stop containers", c.stopContainers},
		{"stop the control plane", c.stopControlPlane},
		{"unmount volumes and file systems", func() error { return host.Unmount(c.Layout.Cluster(), layout.Runtime) }},
		{"remove packet-filter chains, bridge and settings", func() error {
			return errors.Join(
				host.RemoveChains(ctx),
				host.RemoveBridge(ctx, layout.Bridge),
				host.RestoreSettings(filepath.Join(layout.Runtime, "settings")),
			)
		}},
		{"remove control groups", func() error { return host.RemoveCgroups(c.cgroups(), process.DefaultGrace) }},
	} {
		errs = append(errs, c.Steps.Do(step.title, step.work))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w\nthe rest of the cluster is recorded in %s; run down again", err, layout.Runtime)
	}
	return c.Steps.Do("remove the cluster's state", c.removeState)
}

// stop ends the named components. It also ends processes with the same command that an Up started
// and was killed before it recorded them.
func (c Cluster) stop(names ...string) error {
	var errs []error
	for _, name := range names {
		component := c.component(name)
		errs = append(errs, c.table().StopAll(component.Command, component.Grace))
	}
	return errors.Join(errs...)
}

func (c Cluster) stopControlPlane() error {
	errs := []error{c.stop(config.Runtime, config.Scheduler, config.ControllerManager, config.APIServer, config.Etcd)}
	// Components that an older checkout started and that this one does not define.
	names, err := c.table().Names()
	errs = append(errs, err)
	for _, name := range names {
		errs = append(errs, c.table().Stop(name, process.DefaultGrace))
	}
	return errors.Join(errs...)
}

// stopContainers kills the containers and their shims without the kubelet or the runtime, because
// either may be dead. A shim belongs to the cluster if it was started for the cluster's socket.
func (c Cluster) stopContainers() error {
	sockets := shimSockets()
	errs := []error{host.KillCgroups(c.cgroups())}
	for range 2 { // a shim that was starting a container may leave another process
		shims, err := clusterShims()
		errs = append(errs, err)
		for _, pid := range shims {
			errs = append(errs, process.StopPID(pid, func() bool {
				still, err := clusterShims()
				return err == nil && slices.Contains(still, pid)
			}, 0))
		}
		errs = append(errs, host.KillCgroups(c.cgroups()))
	}
	for _, socket := range sockets {
		_ = os.Remove(socket)
	}
	return errors.Join(errs...)
}

// cgroups returns the control groups of the cluster's containers. The runtime has a directory in
// its state for each container, and the kubelet's control groups are in the cgroup file system.
func (c Cluster) cgroups() []string {
	var names []string
	for _, pattern := range []string{
		layout.Containerd("io.containerd.runtime.v2.task", layout.Namespace, "*"),
		c.Layout.Cluster("containerd", "io.containerd.grpc.v1.cri", "sandboxes", "*"),
		c.Layout.Cluster("containerd", "io.containerd.grpc.v1.cri", "containers", "*"),
	} {
		folders, _ := filepath.Glob(pattern)
		for _, folder := range folders {
			if name := filepath.Join(layout.Namespace, filepath.Base(folder)); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func clusterShims() ([]int, error) {
	var pids []int
	err := process.Visit(func(pid int, argv []string) {
		if strings.HasPrefix(filepath.Base(argv[0]), "containerd-shim") && slices.Contains(argv, layout.ContainerdSocket()) {
			pids = append(pids, pid)
		}
	})
	return pids, err
}

// shimSockets returns the sockets of the cluster's shims. containerd keeps the sockets of all its
// instances in one directory, and writes the address of each into the directory of the container.
func shimSockets() []string {
	var sockets []string
	files, _ := filepath.Glob(layout.Containerd("io.containerd.runtime.v2.task", "*", "*", "address"))
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil {
			if path, found := strings.CutPrefix(strings.TrimSpace(string(content)), "unix://"); found {
				sockets = append(sockets, path)
			}
		}
	}
	return sockets
}

func (c Cluster) removeState() error {
	// The kubelet links the logs of pods here for log collectors, wherever its own log directory is.
	links, _ := filepath.Glob("/var/log/containers/*.log")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, c.Layout.Cluster()+"/") {
			_ = os.Remove(link)
		}
	}
	// The file that names the owner is removed last, so that a second Down still finds the remains.
	if err := os.RemoveAll(c.Layout.Cluster()); err != nil {
		return err
	}
	return os.RemoveAll(layout.Runtime)
}
