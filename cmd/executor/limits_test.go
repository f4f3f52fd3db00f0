package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"executorpool.dev/executor/judge"
)

var nextWord = regexp.MustCompile(`[MK]iB|[A-Z]`)

// TestEachLimitOfARequestHasAFlag fails for a limit of requests whose ceiling no flag sets.
func TestEachLimitOfARequestHasAFlag(t *testing.T) {
	highest := judge.Ceilings(parse(t).Limits)
	for i, limit := range highest.Fields() {
		name := strings.ToLower(nextWord.ReplaceAllString(limit.Name, "-$0"))
		argument := fmt.Sprintf("--%s=%d", name, *limit.Value-1)
		if limit.Name == "wallMillis" { // the hard timeout of a submission is its ceiling
			argument = "--timeout=59s"
		}
		lower := judge.Ceilings(parse(t, argument).Limits)
		if got := *lower.Fields()[i].Value; got <= 0 || got >= *limit.Value {
			t.Errorf("with %s the ceiling of %s is %d, want less than %d", argument, limit.Name, got, *limit.Value)
		}
	}
}
