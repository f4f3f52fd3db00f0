package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"executorpool.dev/executor/sandbox/landlock"
	"executorpool.dev/executor/sandbox/scratch"
	"executorpool.dev/executor/sandbox/seccomp"
	"executorpool.dev/executor/sandbox/spawn"
	"golang.org/x/sys/unix"
)

// SlotConfig says where a slot lives and what its runs may reach.
type SlotConfig struct {
	// Dir is the slot's own directory; it exists and nobody else uses it.
	Dir string
	// Tier is what must be enforced. NewSlot fails when it cannot be; None enforces rlimits and accounting only.
	Tier Tier
	// Paths may be read and executed besides the built-in list.
	Paths []string
}

// Slot runs one process tree at a time. Box is the runs' working directory and theirs to fill; Store they can read and
// execute only. The owner of the slot fills and empties both between runs.
type Slot struct {
	Box   *scratch.Dir
	Store *scratch.Dir

	config SlotConfig
	token  uint64
	scope  *landlock.Ruleset // nil where the kernel has no scopes
	null   int

	busy   sync.Mutex // held for the length of a run
	starts chan *spawn.Command
	pids   chan started
}

// niceness of runs is above the executor's own: among a fork bomb's processes its monitor must still get its turn (at 5 it
// did not, on two cores). All runs
// have the same, and other containers are not concerned: between cgroups the weights decide.
const niceness = 10

type started struct {
	pid int
	err error
}

// NewSlot makes the slot's directories and its restricted thread. An error names the step that failed.
func NewSlot(config SlotConfig) (slot *Slot, err error) {
	if config.Tier > Restricted {
		return nil, fmt.Errorf("isolation tier %s is not available: ask for %s or less", config.Tier, Restricted)
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("draw the slot's group token: %w", err)
	}
	s := &Slot{config: config, token: binary.NativeEndian.Uint64(random[:]), null: -1,
		starts: make(chan *spawn.Command), pids: make(chan started)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.free())
		}
	}()
	if s.Box, err = scratch.Open(filepath.Join(config.Dir, "box")); err != nil {
		return nil, err
	}
	if s.Store, err = scratch.Open(filepath.Join(config.Dir, "store")); err != nil {
		return nil, err
	}
	if s.null, err = openNull(); err != nil {
		return nil, err
	}
	if config.Tier >= Restricted {
		if s.scope, err = landlock.NewScope(); err != nil {
			return nil, err
		}
	}
	ready := make(chan error)
	go s.thread(ready)
	if err = <-ready; err != nil {
		return nil, fmt.Errorf("restrict the slot's thread to tier %s: %w", config.Tier, err)
	}
	return s, nil
}

// openNull gives every run without input an end of file.
func openNull() (int, error) {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open /dev/null: %w", err)
	}
	return fd, nil
}

// Run starts the tree, waits for its end and leaves nothing of it running. The error is a set-up failure, never the
// program's own; the Result is then empty. Run waits for its turn when the slot is in use.
func (s *Slot) Run(ctx context.Context, spec Spec) (Result, error) {
	s.busy.Lock()
	defer s.busy.Unlock()
	if s.starts == nil {
		return Result{}, errors.New("run: the slot is closed")
	}
	pipes, err := openPipes(spec.Stdin, s.null)
	if err != nil {
		return Result{}, err
	}
	defer pipes.close()
	command := &spawn.Command{GroupToken: s.token, ScopeFD: -1, Nice: niceness, Dir: s.Box.FD(), Files: pipes.child}
	if s.scope != nil {
		command.ScopeFD = s.scope.FD()
	}
	if s.config.Tier == RestrictedLegacy {
		command.Filter, command.OwnPID, command.OwnGroup = seccomp.OwnSignals()
	}
	if err := command.Prepare(spec.Path, spec.Args, spec.Env, rlimits(spec)); err != nil {
		return Result{}, err
	}
	begin := time.Now()
	s.starts <- command
	child := <-s.pids
	if child.err != nil {
		return Result{}, child.err
	}
	return s.attend(ctx, spec, child.pid, pipes, begin)
}

// Close ends the slot's thread. Directories stay; they are the owner's.
func (s *Slot) Close() error {
	s.busy.Lock()
	defer s.busy.Unlock()
	if s.starts == nil {
		return nil
	}
	close(s.starts)
	s.starts = nil
	return s.free()
}

func (s *Slot) free() error {
	var errs []error
	for _, d := range []*scratch.Dir{s.Box, s.Store} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	if s.scope != nil {
		errs = append(errs, s.scope.Close())
	}
	if s.null >= 0 {
		errs = append(errs, unix.Close(s.null))
	}
	return errors.Join(errs...)
}
