package judge

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/cache"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/scratch"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/toolchain"
)

const (
	// compilerOpenFiles suffices for go build, which opens a file for each package and more.
	compilerOpenFiles = 512
	// ownOpenFiles is for programs that need no files of a runtime. Each descriptor can hold a socket
	// buffer, and a run can have as many processes as its limit.
	ownOpenFiles = 64
)

// submission is a request that is being judged.
type submission struct {
	judge    *Judge
	language *toolchain.Language
	encoding api.Encoding
	limits   sandbox.Limits
	values   toolchain.Values
	// output is the number of bytes that the result can still hold.
	output int64
}

// prepareArtifacts fills the store from the cache or by compiling. Only successful compilations are
// cached: a failure may have had a passing cause, and the next submission is compiled again.
func (s *submission) prepareArtifacts(ctx context.Context, key string, files []file) (api.Stage, error) {
	compileCache := s.judge.config.Cache
	if compileCache == nil {
		stage, _, err := s.compile(ctx, files)
		return stage, err
	}
	store := s.judge.slot.Store
	if s.judge.storeKey == key {
		compileCache.Touch(key)
		return s.judge.lastHit.stage, nil
	}
	if metadata, ok := compileCache.Get(key, store); ok {
		// Repeated submissions of the same files need no decoding.
		lastHit := &s.judge.lastHit
		if lastHit.metadata != metadata {
			stage := api.Stage{Cached: true}
			if err := json.Unmarshal([]byte(metadata), &stage); err != nil {
				return api.Stage{}, fmt.Errorf("read the cached compilation: %w", err)
			}
			lastHit.metadata, lastHit.stage = metadata, stage
		}
		s.judge.storeKey = key
		return lastHit.stage, nil
	}
	if !store.Clear() { // removes artifacts of an entry that was being evicted
		return api.Stage{}, errors.New("compile: the store is not empty")
	}
	stage, artifacts, err := s.compile(ctx, files)
	if err != nil || stage.Verdict != api.OK {
		return stage, err
	}
	metadata, err := json.Marshal(stage)
	if err != nil {
		return api.Stage{}, fmt.Errorf("cache the compilation: %w", err)
	}
	// A full or broken cache costs time but changes no verdict.
	_ = compileCache.Put(key, store, artifacts, metadata)
	return stage, nil
}

// key hashes all inputs of the compiler. Its version and the machine do not change during the life
// of the cache.
func (s *submission) key(files []file) string {
	parts := []string{string(s.encoding), s.language.Fingerprint()}
	for _, f := range files {
		parts = append(parts, f.name, string(f.content))
	}
	return cache.Key(parts...)
}

// compile turns the files into artifacts in the store. An error is the executor's fault, never the
// program's.
func (s *submission) compile(ctx context.Context, files []file) (stage api.Stage, artifacts []string, err error) {
	slot, row := s.judge.slot, s.language.Compile
	if err := write(slot.Box, files); err != nil {
		return api.Stage{}, nil, err
	}
	uploaded, err := uploads(slot.Box, row, files)
	if err != nil {
		return api.Stage{}, nil, fmt.Errorf("compile: %w", err)
	}
	argv := s.language.CompileCommand(s.values)
	l := row.Limits
	result, err := s.start(ctx, sandbox.Spec{
		Path: argv[0], Args: argv, Env: toolchain.Environ(row.Env, slot.Box.Path()),
		Limits: sandbox.Limits{
			CPU: millis(l.CPUMillis), Wall: millis(l.WallMillis), Memory: l.MemoryMiB << 20,
			Output: l.OutputKiB << 10, Processes: l.Processes, Disk: l.DiskMiB << 20,
		},
		// Compilers are also virtual machines and Go programs, whose threads each map a stack.
		// Resident memory is still bounded by the limit.
		Reserve: 4 << 30,
		Share:   settings.CompileShareMiB << 20, OpenFiles: compilerOpenFiles,
	})
	if err != nil {
		return api.Stage{}, nil, fmt.Errorf("compile: %w", err)
	}
	verdict, cause := s.judge.verdictOf(ctx, result, compiling, s.language)
	if verdict == api.OK {
		if artifacts, cause, err = s.storeArtifacts(uploaded); err != nil {
			return api.Stage{}, nil, fmt.Errorf("compile: %w", err)
		}
		if cause != "" {
			verdict = api.CompileError
		}
	}
	if err := slot.Clean(false, time.Now().Add(cleanTimeout)); err != nil {
		return api.Stage{}, nil, fmt.Errorf("compile: %w", err)
	}
	return s.stage(result, verdict, cause), artifacts, nil
}

// storeArtifacts moves what the compiler made to the store. missing is why that is no program, ""
// if it is one.
func (s *submission) storeArtifacts(uploaded []upload) (artifacts []string, missing string, err error) {
	slot, row := s.judge.slot, s.language.Compile
	if err := removeUploads(slot.Box, uploaded); err != nil {
		return nil, "", err
	}
	if artifacts, err = slot.StoreArtifacts(row.Artifacts); err != nil {
		return nil, "", err
	}
	if glob := row.Missing(artifacts); glob != "" {
		return artifacts, fmt.Sprintf("the compiler left no file %s", glob), nil
	}
	if large, err := tooLarge(slot.Store, artifacts); large != "" || err != nil {
		return artifacts, large, err
	}
	return artifacts, noProgram(slot.Store.Path(), s.language), nil
}

// run executes the program once, in an empty box.
func (s *submission) run(ctx context.Context, input api.RunInput) (api.Stage, error) {
	slot, row := s.judge.slot, &s.language.Run
	stdin, err := decode(input.Stdin, s.encoding)
	if err != nil {
		return api.Stage{}, fmt.Errorf("decode stdin: %w", err)
	}
	argv := append(s.language.RunCommand(s.values), input.Args...)
	limits := s.limits
	limits.Processes += row.RuntimeThreads
	isSelfContained := row.Files == toolchain.OwnFiles
	openFiles := int64(0) // the sandbox's default, which suffices for a virtual machine
	if isSelfContained {
		openFiles = ownOpenFiles
	}
	result, err := s.start(ctx, sandbox.Spec{
		Path: argv[0], Args: argv, Env: s.judge.runEnvironment(s.language),
		Stdin: stdin, Limits: limits,
		Stack: row.StackMiB << 20, Reserve: row.ReserveMiB << 20, SelfContained: isSelfContained,
		OpenFiles: openFiles,
	})
	if stage, ok := notExecuted(err, argv[0], slot.Store.Path()); ok {
		return stage, nil
	}
	if err != nil {
		return api.Stage{}, fmt.Errorf("run: %w", err)
	}
	verdict, cause := s.judge.verdictOf(ctx, result, running, s.language)
	if err := slot.Clean(false, time.Now().Add(cleanTimeout)); err != nil {
		return api.Stage{}, fmt.Errorf("run: %w", err)
	}
	return s.stage(result, verdict, cause), nil
}

// stage converts the sandbox's result. What exceeds the bound on the output of all runs is dropped.
func (s *submission) stage(r sandbox.Result, verdict api.Verdict, cause string) api.Stage {
	stage := api.Stage{
		Verdict: verdict, Cause: cause, ExitCode: r.ExitCode, Signal: r.Signal,
		StdoutTruncated: r.StdoutTruncated, StderrTruncated: r.StderrTruncated,
		CPUMillis: r.CPU.Milliseconds(), WallMillis: r.Wall.Milliseconds(), MemoryKiB: r.Memory >> 10,
	}
	s.keep(&stage.Stdout, r.Stdout, &stage.StdoutTruncated)
	s.keep(&stage.Stderr, r.Stderr, &stage.StderrTruncated)
	return stage
}

// keep encodes as much of the data as the result can still hold.
func (s *submission) keep(text *string, data []byte, truncated *bool) {
	kept := encodable(data, s.encoding, s.output)
	*truncated = *truncated || kept < len(data)
	*text = encode(data[:kept], s.encoding)
	s.output -= int64(len(*text))
}

type file struct {
	name    string
	content []byte
}

// filesOf returns the request's files, the main file first. A source gets the language's file name.
func filesOf(req api.Request, language *toolchain.Language) ([]file, error) {
	if len(req.Files) == 0 {
		return []file{{language.SourceFile, []byte(req.Source)}}, nil
	}
	files := make([]file, len(req.Files))
	for i, f := range req.Files {
		content, err := decode(f.Content, f.Encoding)
		if err != nil {
			return nil, fmt.Errorf("decode file %s: %w", f.Name, err)
		}
		files[i] = file{f.Name, content}
	}
	return files, nil
}

func write(dir *scratch.Dir, files []file) error {
	for _, f := range files {
		if err := dir.Write(f.name, f.content, 0o600); err != nil {
			return fmt.Errorf("store the submission: %w", err)
		}
	}
	return nil
}

func decode(text string, encoding api.Encoding) ([]byte, error) {
	if encoding == api.Base64 {
		return base64.StdEncoding.DecodeString(text)
	}
	return []byte(text), nil
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
