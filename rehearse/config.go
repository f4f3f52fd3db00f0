package rehearse

import (
	"errors"
	"fmt"
	"io"
	"time"

	"executorpool.dev/executor/client"
)

// Connections is the way in which submissions share TCP connections.
type Connections string

const (
	// PerParticipant gives each participant one connection, kept alive between its submissions.
	// kube-proxy balances connections, not requests, so that this spreads the participants over the
	// replicas of a pool.
	PerParticipant Connections = "per-participant"
	// Shared takes all connections from one set that is kept alive, as a contest platform's backend
	// does.
	Shared Connections = "shared"
)

const (
	maxParticipants = 100_000
	maxSubmissions  = 1_000
	maxReplicas     = 1_000
)

// Config holds the settings of a rehearsal.
type Config struct {
	// URL is the pool's base address, such as http://demo:8000.
	URL string
	// Programs is the folder that package program describes.
	Programs     string
	Participants int
	// Submissions is the number of submissions of each participant.
	Submissions   int
	ArrivalWindow time.Duration
	// ThinkTime is the mean of the exponential pause between a participant's submissions.
	ThinkTime time.Duration
	Seed      uint64
	// Timeout bounds one submission, retries included, at the client. A submission without an
	// answer by then is lost.
	Timeout     time.Duration
	Connections Connections
	// RetryRejected is the highest number of retries of a submission after a 503, each after its
	// Retry-After.
	RetryRejected int
	// JSON is the file for the summary; "-" is Stdout, "" is none.
	JSON string
	// Stdout gets the table, or the JSON where JSON is "-". Stderr gets progress and failures, and
	// in that case the table.
	Stdout, Stderr io.Writer
	// Terminal reports whether Stderr is a terminal. Progress then rewrites one line.
	Terminal bool
}

func (c Config) validate() error {
	var problems []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	badURL := checkURL(c.URL)
	check(badURL == nil, "%v", badURL)
	check(c.Programs != "", "programs: name the folder of the programs to submit")
	check(c.Participants >= 1 && c.Participants <= maxParticipants,
		"participants %d: must be from 1 to %d", c.Participants, maxParticipants)
	check(c.Submissions >= 1 && c.Submissions <= maxSubmissions,
		"submissions %d: must be from 1 to %d a participant", c.Submissions, maxSubmissions)
	check(c.ArrivalWindow >= 0, "arrival window %s: must not be negative", c.ArrivalWindow)
	check(c.ThinkTime >= 0, "think time %s: must not be negative", c.ThinkTime)
	check(c.Timeout > 0, "timeout %s: must be above 0", c.Timeout)
	check(c.RetryRejected >= 0, "retry-rejected %d: must not be negative", c.RetryRejected)
	check(c.Connections == PerParticipant || c.Connections == Shared,
		"connections %q: must be %s or %s", c.Connections, PerParticipant, Shared)
	return errors.Join(problems...)
}

// checkURL returns what is wrong with the base address of a pool.
func checkURL(base string) error {
	if _, err := client.New(base); err != nil {
		return fmt.Errorf("url %q: give the pool's base address, such as http://demo:8000", base)
	}
	return nil
}
