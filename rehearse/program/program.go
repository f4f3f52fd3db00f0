package program

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"executorpool.dev/executor/api"
)

// Program is one source with its input and the answer it must get.
type Program struct {
	// Name is the file name of the source, such as gcd.c.
	Name string
	// Language is the executor's id, such as cpp17.
	Language string
	// Weight is the program's share of the submissions, relative to the other programs'; 0 means never submitted.
	Weight int
	Source string
	Stdin  []byte
	// Verdict is the right one.
	Verdict api.Verdict
	// Stdout is what the run must print, to the byte. It counts only when HasStdout is set.
	Stdout    []byte
	HasStdout bool
	// Limits are asked for in the request; a zero field leaves the pool's ceiling.
	Limits api.Limits
}

// Request is the submission as the executor reads it. Streams travel as base64 so that bytes which are not UTF-8
// compare exactly.
func (p Program) Request() api.Request {
	return api.Request{
		Language: p.Language,
		Source:   p.Source,
		Stdin:    base64.StdEncoding.EncodeToString(p.Stdin),
		Limits:   p.Limits,
		Encoding: api.Base64,
	}
}

// Check returns "" when the result is the right one, else why it is not. The reason quotes neither source nor output.
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

// because names what ended the submission, from the stage that decided its verdict.
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

// difference says where got leaves want, by line and length.
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
