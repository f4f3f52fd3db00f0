package summary

import "time"

// Kind is the way in which a submission ended.
type Kind string

const (
	// Right means that the verdict is the program's, and the output too where one is expected.
	Right Kind = "right"
	// Wrong means that a verdict came with another verdict or output than the program's.
	Wrong Kind = "wrong"
	// Rejected means that the last answer was a 503: the pool was full, or the wait would have been
	// too long.
	Rejected Kind = "rejected"
	// Refused means an answer that is neither a verdict nor a 503, such as 400 or 500.
	Refused Kind = "refused"
	// Lost means that no answer came: no connection, a connection that broke, or the client's
	// timeout.
	Lost Kind = "lost"
	// Abandoned means that the rehearsal was interrupted before the answer or before the
	// submission.
	Abandoned Kind = "abandoned"
)

// Outcome is the end of one submission.
type Outcome struct {
	// Submission is the submission's name in the rehearsal: 17.2 is the second of participant 17.
	Submission string
	Program    string
	Language   string
	Kind       Kind
	// Cause is why the kind is not Right; empty otherwise.
	Cause string
	// ExecutorID is the submission's id at the executor; empty when there was no result.
	ExecutorID string
	// Want is the right verdict. Got is the verdict of the answer; empty without one.
	Want, Got string
	// QueueWait is the queue wait that the executor reported. It is valid when there was a verdict.
	QueueWait time.Duration
	// Latency is the time from the submission to its last answer at the client, retries included.
	Latency time.Duration
	// Finished is the time from the start of the rehearsal to the outcome.
	Finished time.Duration
	// Retries is the number of retries after a 503.
	Retries int
}

// answered reports whether the executor gave a verdict.
func (o Outcome) answered() bool { return o.Kind == Right || o.Kind == Wrong }
