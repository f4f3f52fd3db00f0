package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"executorpool.dev/rehearse"
	"executorpool.dev/rehearse/summary"
)

// burst lets 200 participants submit a program of two seconds at once, each on a connection of its
// own. A participant repeats a submission that was rejected with a 503 after the time in
// Retry-After.
func burst(t *testing.T, url string) summary.Summary {
	t.Helper()
	return participate(t, url, 200)
}

// twoSecondProgram is a program that holds its slot for two seconds, including its start on a busy
// node, and uses almost no CPU. It is in C, because on some machines the start of 80 interpreters
// at once takes longer than the target wait.
const twoSecondProgram = `#include <stdio.h>
#include <unistd.h>
int main(void) {
	usleep(1900000);
	puts("42");
}
`

func participate(t *testing.T, url string, participants int) summary.Summary {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"two-seconds.c": twoSecondProgram, "two-seconds.out": "42\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	err := rehearse.Run(t.Context(), rehearse.Config{URL: url, Programs: dir, Participants: participants, Submissions: 1, Seed: 1, Timeout: 2 * time.Minute,
		Connections: rehearse.PerParticipant, RetryRejected: 20, JSON: "-", Stdout: &out, Stderr: io.Discard})
	if err != nil && !errors.Is(err, rehearse.ErrNotAllRight) {
		t.Fatalf("rehearse: %v", err)
	}
	var figures summary.Summary
	if err := json.Unmarshal(out.Bytes(), &figures); err != nil {
		t.Fatalf("read the rehearsal's summary: %v: %s", err, out.String())
	}
	t.Logf("%d participants: %+v, waits in ms %+v, to the answer %+v", participants, figures.Counts, figures.QueueWaitMillis, figures.LatencyMillis)
	return figures
}
