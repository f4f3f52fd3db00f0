package summary

import "time"

// Kind says what became of a submission.
type Kind string

const (
	// Right means the verdict, and the output where one is expected, are those of the program.
	Right Kind = "right"
	// Wrong means a verdict came, but not the right one, or with other output.
	Wrong Kind = "wrong"
	// Rejected means the last answer was 503: the pool was full, or the wait would have been too long.
	Rejected Kind = "rejected"
	// Refused means an answer that is neither a verdict nor a 503, such as 400 or 500.
	Refused Kind = "refused"
	// Lost means no answer came: no connection, a connection that broke, or the client's timeout.
	Lost Kind = "lost"
	// Abandoned means the rehearsal was interrupted before the answer, or before the submission.
	Abandoned Kind = "abandoned"
)

// Outcome is one submission's.
type Outcome struct {
	// Submission names it within the rehearsal: 17.2 is the second of participant 17.
	Submission string
	Program    string
	Language   string
	Kind       Kind
	// Cause says why the kind is not Right; empty otherwise.
	Cause string
	// ExecutorID is the executor's name for the submission; empty when it gave none.
	ExecutorID string
	// Want is the right verdict, Got the one that came; Got is empty without an answer.
	Want, Got string
	// QueueWait is what the executor reports; it counts only when a verdict came.
	QueueWait time.Duration
	// Latency is from the submission to its last answer, as the client saw it, retries included.
	Latency time.Duration
	// Finished is when the outcome was known, from the start of the rehearsal.
	Finished time.Duration
	// Retries counts the submissions repeated after a 503.
	Retries int
}

// answered says that the executor gave a verdict.
func (o Outcome) answered() bool { return o.Kind == Right || o.Kind == Wrong }
