package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// hertz is the number of ticks per second in /proc/PID/stat (USER_HZ), which is 100 on every
// platform that Go supports; see proc(5).
const hertz = 100

// cpu returns the CPU time that the process has used.
func (p *process) cpu() (time.Duration, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the manager's CPU time: %w", err)
	}
	// The second field is a name that may hold spaces; user and system time are the 14th and the 15th.
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the manager's CPU time: %w", err)
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the manager's CPU time: %w", err)
	}
	return time.Duration(user+system) * time.Second / hertz, nil
}

// memory reads sizes in bytes from a file of /proc that has lines like "Rss:   123 kB".
func (p *process) memory(file string, names ...string) (map[string]int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	if err != nil {
		return nil, fmt.Errorf("read the manager's memory: %w", err)
	}
	sizes := map[string]int64{}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		for _, name := range names {
			if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
				kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
				if err != nil {
					return nil, fmt.Errorf("read %s in %s: %w", name, file, err)
				}
				sizes[name] = kib << 10
			}
		}
	}
	return sizes, nil
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
