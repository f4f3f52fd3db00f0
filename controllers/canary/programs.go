package canary

import (
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/programs"
)

// The canary reads two numbers and prints their sum.
const (
	input  = "20 22\n"
	answer = "42\n"
)

// submission is the canary in a language. It returns false for a language without programs, such as
// one that a platform added.
func submission(language string) (request api.Request, ok bool) {
	source, ok := programs.Source(language, programs.Sum)
	return api.Request{Language: language, Source: source, Stdin: input}, ok
}
