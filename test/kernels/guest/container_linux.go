package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/client"
	"executorpool.dev/executor/settings"
)

// maxRestarts bounds the restarts of a container that ends at once.
const maxRestarts = 50

// pidsLimit is the container's limit of processes and threads, a usual podPidsLimit of kubelets.
const pidsLimit = 1024

// Container runs a program as a pod's container does, and starts it again when it ends.
type Container struct {
	// Name is the name of the control group and of the log.
	Name string
	// Memory and Scratch are the container's memory limit and the size of its scratch volume in MiB.
	Memory, Scratch int64
	// Namespaces permits the creation of namespaces, which the seccomp profile of a pod refuses.
	Namespaces bool
	// Command is the program with its arguments.
	Command []string

	group    group
	mutex    sync.Mutex
	process  *os.Process
	stopping bool
	restarts int
	done     chan struct{}
}

// NewExecutor returns the container of an executor, with the flags and the memory limit that the
// controllers give it.
func NewExecutor(name string, s settings.Settings) *Container {
	memory := s.Memory()
	return &Container{Name: name, Memory: memory.Total, Scratch: memory.Scratch,
		Command: append([]string{filepath.Join(RunDir, ExecutorFile), "serve", "--languages", filepath.Join(RunDir, LanguagesFile)}, s.Arguments()...)}
}

// Start creates the control group and starts the program in it.
func (c *Container) Start() error {
	var err error
	if c.group, err = newGroup(c.Name, c.Memory<<20, pidsLimit); err != nil {
		return err
	}
	cmd, err := c.start()
	if err != nil {
		return err
	}
	c.done = make(chan struct{})
	go c.supervise(cmd)
	return nil
}

// Ended is closed when the program has ended and is not started again.
func (c *Container) Ended() <-chan struct{} { return c.done }

// Log returns the path of the output of the program.
func (c *Container) Log() string { return filepath.Join(RunDir, c.Name+".log") }

func (c *Container) start() (*exec.Cmd, error) {
	log, err := os.OpenFile(c.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	dir, err := os.Open(string(c.group))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	e := entry{Scratch: c.Scratch, Namespaces: c.Namespaces}
	cmd := exec.Command(filepath.Join(RunDir, "init"), append(e.arguments(), c.Command...)...)
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		UseCgroupFD: true, CgroupFD: int(dir.Fd()),
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start container %s: %w", c.Name, err)
	}
	c.process = cmd.Process
	return cmd, nil
}

// supervise starts the program again when it ends, as the kubelet does, until Stop.
func (c *Container) supervise(cmd *exec.Cmd) {
	defer close(c.done)
	for {
		ended := cmd.Wait()
		c.mutex.Lock()
		if c.stopping || c.restarts == maxRestarts {
			c.mutex.Unlock()
			return
		}
		c.restarts++
		fmt.Printf("%scontainer %s ended (%v) and is started again; its last line: %s\n", NoteMark, c.Name, ended, c.lastLine())
		var err error
		cmd, err = c.start()
		c.mutex.Unlock()
		if err != nil {
			fmt.Printf("%s%v\n", NoteMark, err)
			return
		}
	}
}

// lastLine returns the last line of the log.
func (c *Container) lastLine() string {
	content, err := os.ReadFile(c.Log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return lines[len(lines)-1]
}

// Stop ends all processes of the container.
func (c *Container) Stop() error {
	c.mutex.Lock()
	c.stopping = true
	c.mutex.Unlock()
	err := c.group.kill()
	<-c.done
	return err
}

// Count adds what happened to the container to the facts.
func (c *Container) Count(f *Facts) error {
	c.mutex.Lock()
	f.Restarts += c.restarts
	c.mutex.Unlock()
	groupKills, err := c.group.event("oom_group_kill")
	kills, killsErr := c.group.event("oom_kill")
	f.GroupKills += groupKills
	f.Kills += kills
	return errors.Join(err, killsErr)
}

// Processes returns the names of the processes of the container.
func (c *Container) Processes() ([]string, error) { return c.group.processes() }

// ScratchFiles returns the files that the runs left in the scratch volume.
func (c *Container) ScratchFiles() ([]string, error) {
	c.mutex.Lock()
	scratch := fmt.Sprintf("/proc/%d/root/scratch", c.process.Pid)
	c.mutex.Unlock()
	var left []string
	for _, pattern := range []string{"w*/box/*", "w*/box/.*", "w*/store/*", "w*/store/.*", "[^cw]*"} {
		found, err := filepath.Glob(filepath.Join(scratch, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			left = append(left, strings.TrimPrefix(path, scratch))
		}
	}
	return left, nil
}

// WaitReady waits until the executor at the URL is ready, and returns its tier and the reason why
// it is not a higher one.
func WaitReady(ctx context.Context, url string) (tier, reason string, err error) {
	executor, err := client.New(url)
	if err != nil {
		return "", "", err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		readiness, err := executor.Ready(ctx)
		if err == nil && readiness.Ready {
			return readiness.Tier, readiness.TierReason, nil
		}
		select {
		case <-ctx.Done():
			return "", "", fmt.Errorf("the executor is not ready: %+v, %w", readiness, errors.Join(err, ctx.Err()))
		case <-tick.C:
		}
	}
}
