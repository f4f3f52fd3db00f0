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

// SlotConfig configures a slot and what its runs can reach.
type SlotConfig struct {
	// Dir is the slot's own directory. It must exist, and nothing else may use it.
	Dir string
	// Tier is the tier to enforce; NewSlot fails if it cannot. None enforces rlimits and
	// accounting only.
	Tier Tier
	// Paths are files and directories that runs may read and execute, beside the toolchain
	// directories.
	Paths []string
	// SelfContainedPaths are the only ones outside of the slot for runs with Spec.SelfContained.
	SelfContainedPaths []string
	// ShareLock is the path of a file that decides which run may exceed its Spec.Share. All slots of
	// the executor have the same, on one file system.
	ShareLock string
	// Without lists protections to leave out; for tests and benchmarks only.
	Without Protection
	// MaxLandlockABI bounds the used Landlock ABI, to test older kernels; 0 means no bound.
	MaxLandlockABI int
}

// Slot runs one process tree at a time. Box is the working directory of runs, which they may
// write. Runs may only read and execute Store. The owner of the slot fills and clears both
// between runs.
type Slot struct {
	Box   *scratch.Dir
	Store *scratch.Dir

	config             SlotConfig
	token              uint64
	abi                int               // the Landlock ABI that the slot uses; 0 in tier None
	rules              *landlock.Ruleset // nil in tier None
	selfContainedRules *landlock.Ruleset // for runs with Spec.SelfContained; nil in tier None
	buffer             []byte            // for the first read of a run's output
	births             births

	tid      int // of the slot's thread
	busy     sync.Mutex
	tasks    chan func()
	finished chan struct{}
}

// NewSlot creates the slot's directories and its restricted thread. An error names the failed
// step.
func NewSlot(config SlotConfig) (slot *Slot, err error) {
	if config.Tier == Namespaced {
		if err := namespace.Check(); err != nil {
			return nil, fmt.Errorf("isolation tier %s is for processes in namespaces of their own: %w", config.Tier, err)
		}
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("draw the slot's group token: %w", err)
	}
	s := &Slot{config: config, token: binary.NativeEndian.Uint64(random[:]), buffer: make([]byte, pipeSize),
		tasks: make(chan func()), finished: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeAll())
		}
	}()
	if s.Box, err = scratch.Open(filepath.Join(config.Dir, "box")); err != nil {
		return nil, err
	}
	if s.Store, err = scratch.Open(filepath.Join(config.Dir, "store")); err != nil {
		return nil, err
	}
	for _, dir := range []*scratch.Dir{s.Box, s.Store} {
		if err = dir.FixTimes(s.token); err != nil {
			return nil, err
		}
	}
	if config.Tier > None {
		s.abi = config.landlockABI()
		if s.rules, err = s.fileRules(slices.Concat(toolchainDirs, config.Paths)); err != nil {
			return nil, fmt.Errorf("prepare tier %s: %w", config.Tier, err)
		}
		if s.selfContainedRules, err = s.fileRules(config.SelfContainedPaths); err != nil {
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

// On calls do on the slot's thread and waits for its end. A caller that uses the slot
// continuously does so inside of On, where Run needs no switch between threads. On waits while
// the slot is in use. System calls that the slot's filter denies, such as chmod, are denied to do
// as well.
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

// Run starts the process tree, waits for its end and leaves no process of it. An error is a
// failure of the set-up, never the program's, and comes with an empty Result. Run waits while the
// slot is in use.
func (s *Slot) Run(ctx context.Context, spec Spec) (result Result, err error) {
	if closed := s.On(func() { result, err = s.run(ctx, spec) }); closed != nil {
		return Result{}, fmt.Errorf("run: %w", closed)
	}
	return result, err
}

func (s *Slot) run(ctx context.Context, spec Spec) (Result, error) {
	if err := s.Box.ResetTimes(); err != nil {
		return Result{}, err
	}
	pipes, err := openPipes(spec.Stdin)
	if err != nil {
		return Result{}, err
	}
	defer pipes.close()
	command := &spawn.Command{Token: s.token, RulesetFD: -1, Dir: s.Box.FD(), Files: pipes.child}
	if s.rules != nil && s.config.has(FileRules) {
		command.RulesetFD = s.rules.FD()
		if spec.SelfContained {
			command.RulesetFD = s.selfContainedRules.FD()
		}
	}
	if s.rules != nil && s.abi < landlock.ScopeABI && s.config.has(CallFilter) {
		command.Filter, command.PIDOffsets, command.GroupOffsets = seccomp.SignalFilter()
	}
	var limits []spawn.Rlimit
	if s.config.has(ResourceLimits) {
		limits = rlimits(spec)
	}
	if err := command.Prepare(spec.Path, spec.Args, spec.Env, limits); err != nil {
		return Result{}, err
	}
	s.births.mu.Lock()
	begin := time.Now()
	child, err := command.Start()
	if err != nil {
		s.births.mu.Unlock()
		return Result{}, err
	}
	defer child.Close()
	r := s.newRun(child, spec)
	s.births.begin(r)
	s.births.mu.Unlock()
	defer s.births.end()
	return r.supervise(ctx, spec, child, pipes, begin)
}

// Clean empties the box and, if store is set, the store. No process of a run may be alive.
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
		onUnrestrictedThread(func() { err = dir.Empty(deadline) })
		if err != nil {
			return err
		}
	}
	return nil
}

// StoreArtifacts moves the files that match globs from the box to the store; see
// scratch.Dir.MoveFrom.
func (s *Slot) StoreArtifacts(globs []string) (taken []string, err error) {
	onUnrestrictedThread(func() { taken, err = s.Store.MoveFrom(s.Box, globs) })
	return taken, err
}

// onUnrestrictedThread calls do on a thread without the slot's restrictions.
func onUnrestrictedThread(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

// Close ends the slot's thread. The directories belong to the owner and stay.
func (s *Slot) Close() error {
	s.busy.Lock()
	defer s.busy.Unlock()
	if s.tasks == nil {
		return nil
	}
	close(s.tasks)
	s.tasks = nil
	return s.closeAll()
}

func (s *Slot) closeAll() error {
	var errs []error
	for _, d := range []*scratch.Dir{s.Box, s.Store} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	for _, rules := range []*landlock.Ruleset{s.rules, s.selfContainedRules} {
		if rules != nil {
			errs = append(errs, rules.Close())
		}
	}
	errs = append(errs, s.births.close())
	return errors.Join(errs...)
}
