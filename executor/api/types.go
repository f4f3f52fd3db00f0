package api

// Encoding is the way in which the strings stdin, stdout and stderr carry bytes.
type Encoding string

const (
	// UTF8 carries the text as it is. In output, U+FFFD replaces each byte that is not UTF-8.
	UTF8 Encoding = "utf8"
	// Base64 is standard base64 with padding (RFC 4648, section 4). It carries any bytes.
	Base64 Encoding = "base64"
)

// StopOnFailure is what happens to the runs after one that is not OK.
type StopOnFailure string

const (
	// StopNever performs every run.
	StopNever StopOnFailure = "Never"
	// StopFirst ends the submission at the first run that is not OK, which is the last of Result.Runs.
	StopFirst StopOnFailure = "First"
)

// Request is one submission: a program in one language, compiled once and run once or many times.
type Request struct {
	// Language is an id from GET /v1/languages, such as cpp17.
	Language string `json:"language"`
	// Source is the text of the program. A request has either Source or Files.
	Source string `json:"source,omitempty"`
	// Files are the files of the program, the main file first; 1 to MaxFiles.
	Files []File `json:"files,omitempty"`
	// Stdin and Args are the input of the only run. A request with Runs has neither.
	Stdin string   `json:"stdin,omitempty"`
	Args  []string `json:"args,omitempty"`
	// Runs are the inputs of the runs of one compiled program; 1 to MaxRuns.
	Runs []RunInput `json:"runs,omitempty"`
	// StopOnFailure is Never by default.
	StopOnFailure StopOnFailure `json:"stopOnFailure,omitempty"`
	// Limits apply to each run. An absent field is the pool's ceiling; a value above it is an error.
	Limits Limits `json:"limits,omitzero"`
	// Encoding is that of each stdin in the request and each stdout and stderr in the result; utf8 by
	// default.
	Encoding Encoding `json:"encoding,omitempty"`
}

// Size returns the memory in bytes that the request takes, without its fixed part.
func (r *Request) Size() int64 {
	const text = 16 // a string or the header of one
	size := len(r.Language) + len(r.Source) + len(r.Stdin)
	for _, f := range r.Files {
		size += 3*text + len(f.Name) + len(f.Content)
	}
	for _, arg := range r.Args {
		size += text + len(arg)
	}
	for _, run := range r.Runs {
		size += 3*text + len(run.Stdin)
		for _, arg := range run.Args {
			size += text + len(arg)
		}
	}
	return int64(size)
}

// File is one file of a submission.
type File struct {
	// Name has 1 to MaxFileName letters, digits, dots, dashes and underscores. It does not begin with
	// a dot or a dash.
	Name    string `json:"name"`
	Content string `json:"content"`
	// Encoding is that of Content; utf8 by default.
	Encoding Encoding `json:"encoding,omitempty"`
}

// RunInput is the input of one run.
type RunInput struct {
	Stdin string   `json:"stdin,omitempty"`
	Args  []string `json:"args,omitempty"`
}

// Verdict is the judgement of a run, a compilation or a submission.
type Verdict string

// The verdicts. InternalError is a fault of the fleet, and a retry is safe. All others are due to
// the contestant's program, and nothing that a program does is an InternalError.
const (
	OK            Verdict = "OK"
	CompileError  Verdict = "CompileError"
	RuntimeError  Verdict = "RuntimeError"
	TimeLimit     Verdict = "TimeLimit"
	MemoryLimit   Verdict = "MemoryLimit"
	OutputLimit   Verdict = "OutputLimit"
	ProcessLimit  Verdict = "ProcessLimit"
	InternalError Verdict = "InternalError"
)

// Result answers a submission that ran. Its HTTP status is 200.
type Result struct {
	// ID is the submission's name in the executor's logs.
	ID string `json:"id"`
	// Verdict is CompileError when the program did not compile, else that of the first run that is not
	// OK, else OK.
	Verdict Verdict `json:"verdict"`
	// Cause explains a Verdict that no stage has, for example after the loss of a worker process;
	// otherwise it is absent.
	Cause string `json:"cause,omitempty"`
	// Compile is absent for languages that do not compile.
	Compile *Stage `json:"compile,omitempty"`
	// Runs are in the order of the request. There are fewer when the submission ended early.
	Runs []Stage `json:"runs"`
	// QueueMillis is the queue wait in milliseconds.
	QueueMillis int64 `json:"queueMillis"`
	// Tier is the isolation tier that the executor enforced: Namespaced, Restricted, RestrictedLegacy
	// or None.
	Tier string `json:"tier"`
}

// Stage is the outcome of one process tree: a compilation or a run.
type Stage struct {
	Verdict Verdict `json:"verdict"`
	// Cause is the limit or signal that ended the stage, and who sent the signal. It is empty after an
	// ordinary exit.
	Cause string `json:"cause"`
	// ExitCode is that of the main process; -1 when a signal ended it, 126 when the kernel cannot
	// execute the program.
	ExitCode int `json:"exitCode"`
	// Signal is the name of the signal that ended the main process, such as SIGSEGV; empty otherwise.
	Signal string `json:"signal"`
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
	// StdoutTruncated and StderrTruncated report whether the executor dropped output above the
	// limit of the run, or above that of all runs together.
	StdoutTruncated bool `json:"stdoutTruncated"`
	StderrTruncated bool `json:"stderrTruncated"`
	// CPUMillis is the user and system time of the process tree, orphans included.
	CPUMillis  int64 `json:"cpuMillis"`
	WallMillis int64 `json:"wallMillis"`
	// MemoryKiB is the highest resident memory that the executor observed.
	MemoryKiB int64 `json:"memoryKiB"`
	// Cached reports whether an earlier compilation of the same files was used. All other fields are
	// those of that compilation.
	Cached bool `json:"cached,omitempty"`
}

// State is the document of GET /v1/state: the load of one executor, for autoscalers and admins.
type State struct {
	// Slots is the number of slots, Busy the number of slots that hold a submission.
	Slots int `json:"slots"`
	Busy  int `json:"busy"`
	// Queued is the queue depth, from 0 to QueueCapacity.
	Queued        int `json:"queued"`
	QueueCapacity int `json:"queueCapacity"`
	// OldestMillis is the queue wait, until now, of the submission that has waited longest; 0 when
	// none waits.
	OldestMillis int64 `json:"oldestMillis"`
	// Draining reports whether the executor is shutting down.
	Draining bool `json:"draining"`
	// Tier is the isolation tier that is enforced.
	Tier string `json:"tier"`
	// Accepted and Answered count submissions since the start of the process. Their difference is
	// Queued + Busy, less the slots whose submission was answered at its hard timeout and whose worker
	// has not reported the end yet.
	Accepted uint64 `json:"accepted"`
	Answered uint64 `json:"answered"`
	// Finished counts those of the answered submissions that had a slot. The others expired in the
	// queue, were abandoned by their client, or were dropped in a forced stop. ServedMillis is the sum
	// of the service times of the finished ones.
	Finished     uint64 `json:"finished"`
	ServedMillis uint64 `json:"servedMillis"`
	// UptimeMillis is the age of the process. It decreases at a restart, which sets the counters to
	// 0, and it does not increase when an intermediate cache returns an old answer.
	UptimeMillis int64 `json:"uptimeMillis"`
}

// Language is one row of GET /v1/languages.
type Language struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	// Compiled reports whether a submission has a compile stage.
	Compiled bool `json:"compiled"`
}

// Problem is an RFC 9457 problem document (application/problem+json).
type Problem struct {
	// Type is a stable URI reference for the kind of problem, one of ProblemTypes.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail is what is wrong with this request, and what is allowed.
	Detail string `json:"detail,omitempty"`
	// Field is the JSON path of the field at fault in the request, such as runs[2].stdin.
	Field string `json:"field,omitempty"`
	// Reason is the machine-readable cause of a 503, one of Reasons.
	Reason string `json:"reason,omitempty"`
}
