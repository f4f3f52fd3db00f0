package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"gonum.org/v1/gonum/stat"

	"executorpool.dev/executor/api"
)

// The phases in which honest programs are measured.
const (
	quiet         = "quiet"
	fair          = "fair"
	full          = "full"
	fairComputing = "fair, computing"
	fullComputing = "full, computing"
)

// leastTimes is the number of measurements below which a 95th percentile decides nothing.
const leastTimes = 40

// honestPrograms are programs that compute for about 100 ms, with the output that is right.
var honestPrograms = map[string]struct{ file, output string }{
	"c":       {"honest.c", "1960204390\n"},
	"python3": {"honest.py", "3435212417\n"},
	"java":    {"Main.java", "4096 1210216161\n"},
}

// honestRequest returns the submission of a language of honestPrograms.
func honestRequest(language string) *api.Request {
	return &api.Request{Language: language, Source: content(honestPrograms[language].file)}
}

// times are the wall times of honest runs in milliseconds, by phase and language. It is safe for
// concurrent use.
type times struct {
	mu sync.Mutex
	by map[string][]float64
}

func (t *times) add(phase, language string, ms int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := phase + "/" + language
	t.by[key] = append(t.by[key], float64(ms))
}

// quantile returns a quantile of the times, and how many there are.
func (t *times) quantile(phase, language string, share float64) (value float64, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sorted := slices.Sorted(slices.Values(t.by[phase+"/"+language]))
	if len(sorted) == 0 {
		return 0, 0
	}
	return stat.Quantile(share, stat.LinInterp, sorted, nil), len(sorted)
}

// ratio returns the quotient of the 95th percentiles of two phases; 0 if one has too few times.
func (t *times) ratio(phase, to, language string) float64 {
	a, n := t.quantile(phase, language, 0.95)
	b, m := t.quantile(to, language, 0.95)
	if n < leastTimes/2 || m < leastTimes/2 || b == 0 {
		return 0
	}
	return a / b
}

// honest submits an honest program, measures it and records a wrong result.
func (f *fuzzer) honest(ctx context.Context, phase, language string) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	result, err := f.executor.client.Execute(ctx, honestRequest(language))
	if ctx.Err() != nil {
		return
	}
	f.counts.mu.Lock()
	f.counts.honest++
	f.counts.mu.Unlock()
	want := honestPrograms[language].output
	switch {
	case err != nil:
		f.add(honestWrong, fmt.Sprintf("%s: %v", language, err))
		time.Sleep(retryDelay)
	case result.Verdict != api.OK || len(result.Runs) != 1 || result.Runs[0].Stdout != want:
		detail := fmt.Sprintf("%s: %s %s", language, result.Verdict, causes(result))
		for _, r := range result.Runs {
			detail += fmt.Sprintf(" stdout %.40q stderr %.200q", r.Stdout, r.Stderr)
		}
		f.add(honestWrong, detail)
	default:
		f.times.add(phase, language, result.Runs[0].WallMillis)
	}
}

// judgeTimes compares the times of the fair phase with the quiet ones.
func (f *fuzzer) judgeTimes() {
	for _, language := range f.Languages {
		_, n := f.times.quantile(fair, language, 0.95)
		if ratio := f.times.ratio(fair, quiet, language); n >= leastTimes && ratio > f.Bar {
			f.found.add(finding{kind: honestSlow, detail: fmt.Sprintf("%s: 95th percentile of the wall time %.2f times the quiet one, in %d runs", language, ratio, n)})
		}
	}
}
