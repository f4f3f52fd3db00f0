package program

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"executorpool.dev/executor/api"
)

const (
	marker     = "rehearse:"
	markerSpan = 5
)

// expectable are the verdicts that a program may expect. InternalError is the fleet's fault and
// never right.
var expectable = []api.Verdict{
	api.OK, api.CompileError, api.RuntimeError, api.TimeLimit, api.MemoryLimit, api.OutputLimit, api.ProcessLimit,
}

// direct applies the directive in the first lines of the source, if there is one.
func direct(p *Program) error {
	for i, line := range strings.SplitN(p.Source, "\n", markerSpan+1) {
		_, settings, found := strings.Cut(line, marker)
		if i == markerSpan || !found {
			continue
		}
		settings = strings.TrimSuffix(strings.TrimSpace(settings), "*/")
		for _, setting := range strings.Fields(settings) {
			if err := set(p, setting); err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
		}
		return nil
	}
	return nil
}

func set(p *Program, setting string) error {
	key, value, found := strings.Cut(setting, "=")
	if !found || value == "" {
		return fmt.Errorf("%q is no setting: write key=value", setting)
	}
	var err error
	switch key {
	case "language":
		p.Language = value
	case "verdict":
		p.Verdict = api.Verdict(value)
		if !slices.Contains(expectable, p.Verdict) {
			return fmt.Errorf("verdict %q is none of %v", value, expectable)
		}
	case "weight":
		var weight int64
		weight, err = number(setting, value, 0)
		p.Weight = int(weight)
	case "cpuMillis":
		p.Limits.CPUMillis, err = number(setting, value, 1)
	case "wallMillis":
		p.Limits.WallMillis, err = number(setting, value, 1)
	case "memoryMiB":
		p.Limits.MemoryMiB, err = number(setting, value, 1)
	default:
		return fmt.Errorf("setting %q is not known: use weight, language, verdict, cpuMillis, wallMillis or memoryMiB", key)
	}
	return err
}

// number parses the value of a setting. Its upper bound keeps sums of weights from overflow.
func number(setting, value string, least int64) (int64, error) {
	const most = 1_000_000_000
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q: the value must be a whole number from %d to %d", setting, least, int64(most))
	}
	return n, nil
}
