package judge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/cache"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
)

// cleaning bounds the removal of what a stage left; sandbox.MaxEntries files take milliseconds.
const cleaning = 10 * time.Second

// Config says what a judge works with.
type Config struct {
	Table *toolchain.Table
	// Dir is the slot's own directory; it exists and nobody else uses it.
	Dir string
	// Limits are the pool's ceilings for one run; Wall is the hard timeout of a submission.
	Limits sandbox.Limits
	// Tier is what is enforced; New fails when it cannot be.
	Tier sandbox.Tier
	// Cache keeps what was compiled; nil compiles each time.
	Cache *cache.Cache
	// More says whether the next submission waits already. A program that the cache has, or that is no more than its source, then
	// stays in the store until it is known whether the next one is of the same source. nil is never.
	More func() bool
}

// Judge is one slot at work; it takes one submission at a time.
type Judge struct {
	config Config
	slot   *sandbox.Slot
	// found is the last compilation that the cache had.
	found struct {
		words string
		stage api.Stage
	}
	// held is the key of what is in the store; empty when that cannot be used again, or nothing is there.
	held string
	// environs are those of runs, by language.
	environs map[string][]string
	// broken is why the slot can take no more: its directories could not be cleaned.
	broken error
}

// New prepares the slot; the error names the step that failed.
func New(config Config) (*Judge, error) {
	slot, err := sandbox.NewSlot(sandbox.SlotConfig{Dir: config.Dir, Tier: config.Tier, Paths: config.Table.Paths()})
	if err != nil {
		return nil, fmt.Errorf("prepare slot %s: %w", config.Dir, err)
	}
	j := &Judge{config: config, slot: slot}
	if err := slot.Clean(true, time.Now().Add(cleaning)); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare slot %s: %w", config.Dir, err), slot.Close())
	}
	return j, nil
}

// Close ends the slot's thread.
func (j *Judge) Close() error { return j.slot.Close() }

// On calls do on the slot's thread, where Do is cheapest; see sandbox.Slot.On.
func (j *Judge) On(do func()) error { return j.slot.On(do) }

// Do takes a valid request to its result. It does not fail: what goes wrong on the executor's side is an InternalError
// with its cause. The context's deadline is the submission's hard timeout and gives TimeLimit; when the context is
// cancelled otherwise, Do ends at once. When Do returns, nothing of the submission runs or lies about, save what Config.More
// tells of.
func (j *Judge) Do(ctx context.Context, req api.Request) api.Result {
	result := api.Result{Runs: []api.Stage{}, Tier: j.config.Tier.String()}
	if j.broken != nil {
		return failed(result, fmt.Errorf("the slot is out of use: %w", j.broken))
	}
	result = j.do(ctx, req, result)
	j.Rest()
	return result
}

// Rest leaves nothing of a submission lying about, unless the next one waits; for who had told so by Config.More, and then had
// nothing for Do.
func (j *Judge) Rest() {
	if j.config.More == nil || !j.config.More() {
		j.held = ""
	}
	if err := j.slot.Clean(j.held == "", time.Now().Add(cleaning)); err != nil {
		j.broken = err
	}
}

func (j *Judge) do(ctx context.Context, req api.Request, result api.Result) api.Result {
	language, ok := j.config.Table.Lookup(req.Language)
	if !ok {
		return failed(result, fmt.Errorf("language %q is not in the table", req.Language))
	}
	files, err := filesOf(req, &language)
	if err != nil {
		return failed(result, err)
	}
	limits := j.limitsOf(req.Limits)
	s := &submission{judge: j, language: &language, encoding: req.Encoding, limits: limits,
		values: toolchain.Values{Store: j.slot.Store.Path(), MemoryMiB: limits.Memory >> 20}}
	for _, f := range files {
		s.values.Files = append(s.values.Files, f.name)
	}
	key := s.key(files)
	if err := j.keep(key); err != nil {
		return failed(result, err)
	}
	switch {
	case language.Compile == nil && j.held == key:
	case language.Compile == nil:
		if err := write(j.slot.Store, files); err != nil {
			return failed(result, err)
		}
		j.held = key
	default:
		stage, err := s.compiled(ctx, key, files)
		result.Compile = &stage
		if err != nil || stage.Verdict != api.OK {
			return s.settleCompile(ctx, result, stage, err)
		}
	}
	return s.runAll(ctx, req, result)
}

// keep empties the store of what another submission has left for the next, unless that has the same key.
func (j *Judge) keep(key string) error {
	if j.held == "" || j.held == key {
		return nil
	}
	j.held = ""
	if err := j.slot.Clean(true, time.Now().Add(cleaning)); err != nil {
		return fmt.Errorf("make room for the submission: %w", err)
	}
	return nil
}

// settleCompile is the result of a submission that did not compile: the contestant's CompileError, unless the executor
// failed or the submission's own time was over.
func (s *submission) settleCompile(ctx context.Context, result api.Result, stage api.Stage, err error) api.Result {
	switch {
	case err != nil:
		return failed(result, err)
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
			verdict, cause := s.judge.endOf(ctx)
			if result.Verdict == api.OK {
				result.Verdict, result.Cause = verdict, cause
			}
			return result
		}
		stage, err := s.run(ctx, input)
		if err != nil {
			return failed(result, err)
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

// environ is the environment of the language's runs; it is always the same.
func (j *Judge) environ(language *toolchain.Language) []string {
	env, ok := j.environs[language.ID]
	if !ok {
		env = toolchain.Environ(language.Run.Env, j.slot.Box.Path())
		if j.environs == nil {
			j.environs = map[string][]string{}
		}
		j.environs[language.ID] = env
	}
	return env
}

// failed makes the result of a submission that the executor could not judge.
func failed(result api.Result, err error) api.Result {
	result.Verdict, result.Cause = api.InternalError, err.Error()
	return result
}

// endOf says what the end of a submission's context means.
func (j *Judge) endOf(ctx context.Context) (api.Verdict, string) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return api.TimeLimit, fmt.Sprintf("pool timeout %d ms for the whole submission, killed by the executor",
			j.config.Limits.Wall.Milliseconds())
	}
	return api.InternalError, fmt.Sprintf("the submission was cancelled (%v)", context.Cause(ctx))
}

// limitsOf joins what a request asks for with the pool's ceilings, which nothing passes.
func (j *Judge) limitsOf(asked api.Limits) sandbox.Limits {
	limits := j.config.Limits
	lower := func(ceiling *int64, asked int64) {
		if asked > 0 {
			*ceiling = min(*ceiling, asked)
		}
	}
	cpu, wall := int64(limits.CPU), int64(limits.Wall)
	lower(&cpu, asked.CPUMillis*int64(time.Millisecond))
	lower(&wall, asked.WallMillis*int64(time.Millisecond))
	limits.CPU, limits.Wall = time.Duration(cpu), time.Duration(wall)
	lower(&limits.Memory, asked.MemoryMiB<<20)
	lower(&limits.Output, asked.OutputKiB<<10)
	lower(&limits.Processes, asked.Processes)
	return limits
}
