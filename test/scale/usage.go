package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"executorpool.dev/executor/sandbox/procfs"
)

// cpu returns the CPU time that the process has used.
func (p *process) cpu() (time.Duration, error) {
	stat, err := procfs.ReadStat(p.cmd.Process.Pid)
	if err != nil {
		return 0, fmt.Errorf("read the manager's CPU time: %w", err)
	}
	return time.Duration(stat.Ticks) * 10 * time.Millisecond, nil
}

// memory returns the proportional and the resident set size of the process, in bytes.
func (p *process) memory() (pss, rss int64, err error) {
	folder := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	rollup, err := os.ReadFile(folder + "smaps_rollup")
	if err != nil {
		return 0, 0, fmt.Errorf("read the manager's memory: %w", err)
	}
	status, err := os.ReadFile(folder + "status")
	if err != nil {
		return 0, 0, fmt.Errorf("read the manager's memory: %w", err)
	}
	pss, known := procfs.ParseProportional(rollup)
	counters, ok := procfs.ParseMemory(status)
	if !known || !ok {
		return 0, 0, errors.New("read the manager's memory: unknown format")
	}
	return pss, counters.Resident, nil
}

// scraped has the manager's metrics and the size of the response.
type scraped struct {
	families map[string]*dto.MetricFamily
	bytes    int
}

func (p *process) scrape(ctx context.Context) (scraped, error) {
	content, err := p.get(ctx, "/metrics")
	if err != nil {
		return scraped{}, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(content))
	if err != nil {
		return scraped{}, fmt.Errorf("parse the manager's metrics: %w", err)
	}
	return scraped{families, len(content)}, nil
}

// sum returns the sum of a metric's series. If label is not empty, only series with this value of
// the label count.
func (s scraped) sum(name, label, value string) float64 {
	var sum float64
	for _, m := range s.families[name].GetMetric() {
		matches := label == ""
		for _, pair := range m.GetLabel() {
			matches = matches || pair.GetName() == label && pair.GetValue() == value
		}
		if matches {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}
