package api

// Encoding says how the strings stdin, stdout and stderr carry bytes.
type Encoding string

const (
	// UTF8 carries the text as it is. Output that is not valid UTF-8 has each bad byte replaced by U+FFFD.
	UTF8 Encoding = "utf8"
	// Base64 is standard base64 with padding (RFC 4648 section 4); it carries any bytes unchanged.
	Base64 Encoding = "base64"
)

// StopOnFailure says whether later runs are still done after one was not OK.
type StopOnFailure string

const (
	// StopNever does every run.
	StopNever StopOnFailure = "Never"
	// StopFirst ends the submission at the first run that is not OK; Result.Runs then ends with that run.
	StopFirst StopOnFailure = "First"
)

// Request is one submission: a program in one language, compiled once and run once or many times.
type Request struct {
	// Language is an id from GET /v1/languages, such as cpp17.
	Language string `json:"language"`
	// Source is the program's text. Exactly one of Source and Files is given.
	Source string `json:"source,omitempty"`
	// Files are the program's files, the main file first; 1 to MaxFiles.
	Files []File `json:"files,omitempty"`
	// Stdin and Args make one run. They exclude Runs.
	Stdin string   `json:"stdin,omitempty"`
	Args  []string `json:"args,omitempty"`
	// Runs make many runs of the one compiled program; 1 to MaxRuns.
	Runs []RunInput `json:"runs,omitempty"`
	// StopOnFailure defaults to Never.
	StopOnFailure StopOnFailure `json:"stopOnFailure,omitempty"`
	// Limits apply to each run; a field that is absent is the pool's ceiling, a higher one is refused.
	Limits Limits `json:"limits,omitzero"`
	// Encoding is that of every stdin in the request and every stdout and stderr in the result; utf8 by default.
	Encoding Encoding `json:"encoding,omitempty"`
}

// File is one file of a submission.
type File struct {
	// Name is a plain relative name: letters, digits, dot, dash, underscore; no slash, no leading dot.
	Name    string `json:"name"`
	Content string `json:"content"`
	// Encoding of Content; utf8 by default.
	Encoding Encoding `json:"encoding,omitempty"`
}

// RunInput is what one run reads.
type RunInput struct {
	Stdin string   `json:"stdin,omitempty"`
	Args  []string `json:"args,omitempty"`
}

// Verdict is what became of a run, a compilation or a submission.
type Verdict string

// The verdicts. Everything but InternalError is the contestant's; InternalError is the fleet's fault and safe to retry.
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

// Result answers an accepted submission; always with HTTP status 200.
type Result struct {
	// ID names the submission in the executor's logs.
	ID string `json:"id"`
	// Verdict of the submission: CompileError when it did not compile, else that of the first run that is not OK.
	Verdict Verdict `json:"verdict"`
	// Cause explains a Verdict that no stage carries, such as a lost worker process; otherwise it is absent.
	Cause string `json:"cause,omitempty"`
	// Compile is absent for languages that do not compile.
	Compile *Stage `json:"compile,omitempty"`
	// Runs are in the order of the request; fewer when the submission ended early.
	Runs []Stage `json:"runs"`
	// QueueMillis is how long the submission waited for a slot.
	QueueMillis int64 `json:"queueMillis"`
	// Tier is the isolation tier that was enforced (SANDBOX tiers): Restricted, RestrictedLegacy, Namespaced or None.
	Tier string `json:"tier"`
}

// Stage is the outcome of one process tree: a compilation or a run.
type Stage struct {
	Verdict Verdict `json:"verdict"`
	// Cause names the limit or signal that ended the stage and who sent it; empty after an ordinary exit.
	Cause string `json:"cause"`
	// ExitCode is the main process's, -1 when a signal ended it.
	ExitCode int `json:"exitCode"`
	// Signal is the name of the signal that ended the main process, such as SIGSEGV; empty otherwise.
	Signal string `json:"signal"`
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
	// StdoutTruncated and StderrTruncated say that output past the limit was dropped.
	StdoutTruncated bool `json:"stdoutTruncated"`
	StderrTruncated bool `json:"stderrTruncated"`
	// CPUMillis is user and system time of the whole tree, orphans included.
	CPUMillis  int64 `json:"cpuMillis"`
	WallMillis int64 `json:"wallMillis"`
	// MemoryKiB is the peak resident memory seen.
	MemoryKiB int64 `json:"memoryKiB"`
	// Cached says that the same files were compiled before and nothing was compiled now; all else is that compilation's.
	Cached bool `json:"cached,omitempty"`
}

// State answers GET /v1/state: what an autoscaler or an admin needs to know about one executor.
type State struct {
	Slots int `json:"slots"`
	Busy  int `json:"busy"`
	// Queued submissions wait for a slot now; at most QueueCapacity.
	Queued        int `json:"queued"`
	QueueCapacity int `json:"queueCapacity"`
	// OldestMillis is how long the longest-waiting submission has waited; 0 when none waits.
	OldestMillis int64  `json:"oldestMillis"`
	Draining     bool   `json:"draining"`
	Tier         string `json:"tier"`
	// Accepted and Answered count submissions since the process started; their difference is queued plus busy, less the
	// slots whose submission was answered at the hard timeout and whose worker has not reported yet.
	Accepted uint64 `json:"accepted"`
	Answered uint64 `json:"answered"`
	// Finished are those of the answered that a slot is done with; the others expired in the queue, were given up by their
	// client, or were dropped in a forced stop. ServedMillis is how long slots held the finished ones, all together.
	Finished     uint64 `json:"finished"`
	ServedMillis uint64 `json:"servedMillis"`
	// UptimeMillis is the age of the process. It tells a restart, which sets the counters to 0, and an answer that somebody
	// kept and gives again.
	UptimeMillis int64 `json:"uptimeMillis"`
}

// Language is one row of GET /v1/languages.
type Language struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	// Compiled says whether a submission has a compile stage.
	Compiled bool `json:"compiled"`
}

// Problem is an RFC 9457 problem document (application/problem+json).
type Problem struct {
	// Type is a stable URI reference that names the kind of problem; see the Type constants.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail says what is wrong with this request and what is allowed.
	Detail string `json:"detail,omitempty"`
	// Field is the JSON path of the offending field of the request, such as runs[2].stdin.
	Field string `json:"field,omitempty"`
	// Reason is the machine-readable cause of a 503, one of Reasons.
	Reason string `json:"reason,omitempty"`
}
