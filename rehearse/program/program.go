package program

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"executorpool.dev/executor/api"
)

// Program is one source with its input and its right answer.
type Program struct {
	// Name is the file name of the source, such as gcd.c.
	Name string
	// Language is an id of the executor's languages, such as cpp17.
	Language string
	// Weight is the program's share of the submissions, relative to the other programs; with 0 it
	// is never submitted.
	Weight int
	Source string
	Stdin  []byte
	// Verdict is the right verdict.
	Verdict api.Verdict
	// Stdout is the expected output of the run, to the byte. It is valid when HasStdout is set.
	Stdout    []byte
	HasStdout bool
	// Limits are the limits of the request. A field of 0 is the pool's ceiling.
	Limits api.Limits
}

// Request returns the submission. Its streams are base64, so that bytes which are not UTF-8 compare
// exactly.
func (p Program) Request() api.Request {
	return api.Request{
		Language: p.Language,
		Source:   p.Source,
		Stdin:    base64.StdEncoding.EncodeToString(p.Stdin),
		Limits:   p.Limits,
		Encoding: api.Base64,
	}
}

// Check returns "" for the right result, and otherwise why it is not right, without text of the
// source or the output.
func (p Program) Check(result api.Result) string {
	if result.Verdict != p.Verdict {
		return fmt.Sprintf("verdict %s instead of %s%s", result.Verdict, p.Verdict, because(result))
	}
	if !p.HasStdout {
		return ""
	}
	if len(result.Runs) != 1 {
		return fmt.Sprintf("the answer holds %d runs instead of 1", len(result.Runs))
	}
	stdout, err := base64.StdEncoding.DecodeString(result.Runs[0].Stdout)
	if err != nil {
		return fmt.Sprintf("stdout of the answer is not base64: %v", err)
	}
	return difference(p.Stdout, stdout)
}

// because returns what ended the submission, from the stage that decided its verdict.
func because(result api.Result) string {
	if result.Cause != "" {
		return ": " + result.Cause
	}
	stages := result.Runs
	if result.Compile != nil {
		stages = append([]api.Stage{*result.Compile}, stages...)
	}
	for _, stage := range stages {
		switch {
		case stage.Verdict == api.OK:
		case stage.Cause != "":
			return ": " + stage.Cause
		case stage.Signal != "":
			return ": ended by " + stage.Signal
		default:
			return fmt.Sprintf(": exit code %d", stage.ExitCode)
		}
	}
	return ""
}

// difference returns the line at which got leaves want, and both lengths.
func difference(want, got []byte) string {
	if bytes.Equal(want, got) {
		return ""
	}
	wantLines, gotLines := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	line := 0
	for line < min(len(wantLines), len(gotLines)) && bytes.Equal(wantLines[line], gotLines[line]) {
		line++
	}
	return fmt.Sprintf("stdout differs from line %d on (%d bytes, expected %d)", line+1, len(got), len(want))
}
