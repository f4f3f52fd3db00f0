package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"executorpool.dev/executor/sandbox/landlock"
	"executorpool.dev/executor/sandbox/namespace"
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
	// Without leaves protections out, for tests and benchmarks alone.
	Without Protection
	// Newest bounds what is used of the kernel's Landlock, for tests to find what an older kernel has; 0 is no bound.
	Newest int
}

// Slot runs one process tree at a time. Box is the runs' working directory and theirs to fill; Store they can read and
// execute only. The owner of the slot fills and empties both between runs.
type Slot struct {
	Box   *scratch.Dir
	Store *scratch.Dir

	config SlotConfig
	token  uint64
	abi    int               // what the tier uses of the kernel's Landlock
	rules  *landlock.Ruleset // nil in tier None
	own    *landlock.Ruleset // of runs whose Spec says Own; nil in tier None
	null   int
	buffer []byte // what a run's output is read into first

	tid      int // of the slot's thread
	busy     sync.Mutex
	tasks    chan func()
	finished chan struct{}
}

// NewSlot makes the slot's directories and its restricted thread. An error names the step that failed.
func NewSlot(config SlotConfig) (slot *Slot, err error) {
	if config.Tier == Namespaced {
		if err := namespace.Inside(); err != nil {
			return nil, fmt.Errorf("isolation tier %s is for processes in namespaces of their own: %w", config.Tier, err)
		}
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("draw the slot's group token: %w", err)
	}
	s := &Slot{config: config, token: binary.NativeEndian.Uint64(random[:]), null: -1, buffer: make([]byte, pipeSize),
		tasks: make(chan func()), finished: make(chan struct{})}
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
	if config.Tier > None {
		s.abi = config.landlockABI()
		if s.rules, err = s.fileRules(slices.Concat(toolchainPaths, config.Paths)); err != nil {
			return nil, fmt.Errorf("prepare tier %s: %w", config.Tier, err)
		}
		if s.own, err = s.fileRules(ownPaths); err != nil {
			return nil, fmt.Errorf("prepare tier %s: %w", config.Tier, err)
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

// On calls do on the slot's thread, where a Run costs no change of thread: who uses the slot all the time does that from
// inside On. It waits for its turn when the slot is in use. Calls that the slot's filter refuses, such as chmod, are
// refused to do as well.
func (s *Slot) On(do func()) error {
	if unix.Gettid() == s.tid {
		do()
		return nil
	}
	s.busy.Lock()
	defer s.busy.Unlock()
	if s.tasks == nil {
		return errors.New("the slot is closed")
	}
	s.tasks <- do
	<-s.finished
	return nil
}

// Run starts the tree, waits for its end and leaves nothing of it running. The error is a set-up failure, never the
// program's own; the Result is then empty. Run waits for its turn when the slot is in use.
func (s *Slot) Run(ctx context.Context, spec Spec) (result Result, err error) {
	if closed := s.On(func() { result, err = s.run(ctx, spec) }); closed != nil {
		return Result{}, fmt.Errorf("run: %w", closed)
	}
	return result, err
}

func (s *Slot) run(ctx context.Context, spec Spec) (Result, error) {
	pipes, err := openPipes(spec.Stdin, s.null)
	if err != nil {
		return Result{}, err
	}
	defer pipes.close()
	command := &spawn.Command{GroupToken: s.token, RulesetFD: -1, Dir: s.Box.FD(), Files: pipes.child}
	if s.rules != nil && s.config.has(FileRules) {
		command.RulesetFD = s.rules.FD()
		if spec.Own {
			command.RulesetFD = s.own.FD()
		}
	}
	if s.rules != nil && s.abi < landlock.ScopeABI && s.config.has(CallFilter) {
		command.Filter, command.OwnPID, command.OwnGroup = seccomp.OwnSignals()
	}
	var limits []spawn.Rlimit
	if s.config.has(ResourceLimits) {
		limits = rlimits(spec)
	}
	if err := command.Prepare(spec.Path, spec.Args, spec.Env, limits); err != nil {
		return Result{}, err
	}
	begin := time.Now()
	child, err := command.Start()
	if err != nil {
		return Result{}, err
	}
	defer child.Close()
	return s.attend(ctx, spec, child, pipes, begin)
}

// Clean leaves the box, and the store too when asked, empty. Nothing of a run may be alive.
func (s *Slot) Clean(store bool, deadline time.Time) error {
	dirs := []*scratch.Dir{s.Box, s.Store}
	if !store {
		dirs = dirs[:1]
	}
	for _, dir := range dirs {
		if dir.Clear() {
			continue
		}
		var err error
		outside(func() { err = dir.Empty(deadline) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Take moves a compiler's artifacts from the box to the store; see scratch.Dir.Take.
func (s *Slot) Take(globs []string) (taken []string, err error) {
	outside(func() { taken, err = s.Store.Take(s.Box, globs) })
	return taken, err
}

// outside calls do on a thread that is not restricted.
func outside(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

// Close ends the slot's thread. Directories stay; they are the owner's.
func (s *Slot) Close() error {
	s.busy.Lock()
	defer s.busy.Unlock()
	if s.tasks == nil {
		return nil
	}
	close(s.tasks)
	s.tasks = nil
	return s.free()
}

func (s *Slot) free() error {
	var errs []error
	for _, d := range []*scratch.Dir{s.Box, s.Store} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	for _, rules := range []*landlock.Ruleset{s.rules, s.own} {
		if rules != nil {
			errs = append(errs, rules.Close())
		}
	}
	if s.null >= 0 {
		errs = append(errs, unix.Close(s.null))
	}
	return errors.Join(errs...)
}
