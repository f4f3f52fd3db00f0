package judge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/cache"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/toolchain"
)

// cleanTimeout bounds the removal of a stage's residue. sandbox.MaxEntries files take milliseconds.
const cleanTimeout = 10 * time.Second

// Config configures a Judge.
type Config struct {
	Table *toolchain.Table
	// Dir is the slot's own directory. It must exist, and nothing else may use it.
	Dir string
	// Limits are the pool's ceilings for one run. Wall is the hard timeout of a submission.
	Limits sandbox.Limits
	// Tier is the tier to enforce; New fails if it cannot.
	Tier sandbox.Tier
	// Cache stores artifacts; nil compiles every submission.
	Cache *cache.Cache
	// ShareLock is sandbox.SlotConfig.ShareLock.
	ShareLock string
	// HasNext reports whether the next submission waits already; nil means never. If it does, a
	// program that is cached or consists of its source stays in the store, in case the next
	// submission has the same source.
	HasNext func() bool
}

// Judge judges the submissions of one slot, one at a time.
type Judge struct {
	config Config
	slot   *sandbox.Slot
	// lastHit is the last compilation that the cache returned.
	lastHit struct {
		metadata string
		stage    api.Stage
	}
	// storeKey is the key of the program in the store; empty if the store holds no program that can
	// be used again.
	storeKey string
	// runEnvironments are the environments of runs, by language.
	runEnvironments map[string][]string
	// broken is why the slot cannot be used any more: its directories could not be cleaned.
	broken error
}

// slot returns the configuration of the slot, without some protections in tests.
func (c Config) slot(without sandbox.Protection) sandbox.SlotConfig {
	return sandbox.SlotConfig{Dir: c.Dir, Tier: c.Tier, Paths: c.Table.Paths(), SelfContainedPaths: c.Table.OwnPaths(),
		ShareLock: c.ShareLock, Without: without}
}

// New creates the slot. An error names the failed step.
func New(config Config) (*Judge, error) {
	slot, err := sandbox.NewSlot(config.slot(0))
	if err != nil {
		return nil, fmt.Errorf("prepare slot %s: %w", config.Dir, err)
	}
	j := &Judge{config: config, slot: slot}
	if err := slot.Clean(true, time.Now().Add(cleanTimeout)); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare slot %s: %w", config.Dir, err), slot.Close())
	}
	return j, nil
}

// Close ends the slot's thread.
func (j *Judge) Close() error { return j.slot.Close() }

// On calls do on the slot's thread, where Do is cheapest; see sandbox.Slot.On.
func (j *Judge) On(do func()) error { return j.slot.On(do) }

// Do returns the result of a valid request. An error of the executor is an InternalError with its
// cause. The deadline of the context is the hard timeout of the submission and results in
// TimeLimit; any other cancellation ends Do at once. When Do returns, no process and no file of the
// submission is left, but for what Config.HasNext keeps.
func (j *Judge) Do(ctx context.Context, req api.Request) api.Result {
	result := api.Result{Runs: []api.Stage{}, Tier: j.config.Tier.String()}
	if j.broken != nil {
		return internalError(result, fmt.Errorf("the slot is out of use: %w", j.broken))
	}
	result = j.do(ctx, req, result)
	j.RemoveResidue()
	return result
}

// RemoveResidue removes the files of the last submission, unless the next one waits. A caller whose
// Config.HasNext has announced a submission that then does not come must call it.
func (j *Judge) RemoveResidue() {
	if j.config.HasNext == nil || !j.config.HasNext() {
		j.storeKey = ""
	}
	if err := j.slot.Clean(j.storeKey == "", time.Now().Add(cleanTimeout)); err != nil {
		j.broken = err
	}
}

func (j *Judge) do(ctx context.Context, req api.Request, result api.Result) api.Result {
	language, ok := j.config.Table.Lookup(req.Language)
	if !ok {
		return internalError(result, fmt.Errorf("language %q is not in the table", req.Language))
	}
	files, err := filesOf(req, &language)
	if err != nil {
		return internalError(result, err)
	}
	limits := effectiveLimits(req.Limits, j.config.Limits)
	s := &submission{judge: j, language: &language, encoding: req.Encoding, limits: limits,
		output: settings.AnswerBytes(j.config.Limits.Output),
		values: toolchain.Values{Store: j.slot.Store.Path(), MemoryMiB: limits.Memory >> 20}}
	for _, f := range files {
		s.values.Files = append(s.values.Files, f.name)
	}
	key := s.key(files)
	if err := j.prepareStore(key); err != nil {
		return internalError(result, err)
	}
	switch {
	case language.Compile == nil && j.storeKey == key:
	case language.Compile == nil:
		if err := write(j.slot.Store, files); err != nil {
			return internalError(result, err)
		}
		j.storeKey = key
	default:
		stage, err := s.prepareArtifacts(ctx, key, files)
		result.Compile = &stage
		if err != nil || stage.Verdict != api.OK {
			return s.compileFailure(ctx, result, stage, err)
		}
	}
	return s.runAll(ctx, req, result)
}

// prepareStore empties the store unless its program has the key.
func (j *Judge) prepareStore(key string) error {
	if j.storeKey == "" || j.storeKey == key {
		return nil
	}
	j.storeKey = ""
	if err := j.slot.Clean(true, time.Now().Add(cleanTimeout)); err != nil {
		return fmt.Errorf("empty the store for the submission: %w", err)
	}
	return nil
}

// compileFailure returns the result of a submission that did not compile: CompileError, unless the
// executor failed or the deadline of the submission was exceeded.
func (s *submission) compileFailure(ctx context.Context, result api.Result, stage api.Stage, err error) api.Result {
	switch {
	case err != nil:
		return internalError(result, err)
	case stage.Verdict == api.InternalError:
		result.Verdict, result.Cause = stage.Verdict, stage.Cause
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		result.Verdict, result.Cause = api.TimeLimit, stage.Cause
	default:
		result.Verdict = api.CompileError
	}
	return result
}

func (s *submission) runAll(ctx context.Context, req api.Request, result api.Result) api.Result {
	runs := req.Runs
	if len(runs) == 0 {
		runs = []api.RunInput{{Stdin: req.Stdin, Args: req.Args}}
	}
	result.Verdict = api.OK
	for _, input := range runs {
		if ctx.Err() != nil {
			verdict, cause := s.judge.contextVerdict(ctx)
			if result.Verdict == api.OK {
				result.Verdict, result.Cause = verdict, cause
			}
			return result
		}
		stage, err := s.run(ctx, input)
		if err != nil {
			return internalError(result, err)
		}
		result.Runs = append(result.Runs, stage)
		if stage.Verdict == api.OK {
			continue
		}
		if result.Verdict == api.OK {
			result.Verdict = stage.Verdict
		}
		if req.StopOnFailure == api.StopFirst {
			return result
		}
	}
	return result
}

// runEnvironment returns the environment of the language's runs. It never changes.
func (j *Judge) runEnvironment(language *toolchain.Language) []string {
	env, ok := j.runEnvironments[language.ID]
	if !ok {
		env = toolchain.Environ(language.Run.Env, j.slot.Box.Path())
		if j.runEnvironments == nil {
			j.runEnvironments = map[string][]string{}
		}
		j.runEnvironments[language.ID] = env
	}
	return env
}

// internalError returns the result of a submission that the executor failed to judge.
func internalError(result api.Result, err error) api.Result {
	result.Verdict, result.Cause = api.InternalError, err.Error()
	return result
}

// contextVerdict returns the verdict and cause for the end of a submission's context.
func (j *Judge) contextVerdict(ctx context.Context) (api.Verdict, string) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return api.TimeLimit, fmt.Sprintf("pool timeout %d ms for the whole submission, killed by the executor",
			j.config.Limits.Wall.Milliseconds())
	}
	return api.InternalError, fmt.Sprintf("the submission was cancelled (%v)", context.Cause(ctx))
}
