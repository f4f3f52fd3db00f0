package rehearse

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"executorpool.dev/rehearse/summary"
)

// Comparison is of two summaries that Run wrote as JSON.
type Comparison struct {
	Before, After string
	// MaxWaitRatio, when above 0, requires that both are all right, and that the p95 queue wait
	// after is below this multiple of the one before.
	MaxWaitRatio float64
	Stdout       io.Writer
}

// Compare writes the two summaries side by side, and returns an error where a requirement of the
// Comparison is not met.
func Compare(c Comparison) error {
	before, err := read(c.Before)
	if err != nil {
		return err
	}
	after, err := read(c.After)
	if err != nil {
		return err
	}
	if err := summary.WriteComparison(c.Stdout, before, after); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	if c.MaxWaitRatio <= 0 {
		return nil
	}
	return summary.CheckImprovement(before, after, c.MaxWaitRatio)
}

func read(path string) (summary.Named, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return summary.Named{}, fmt.Errorf("read a summary: %w", err)
	}
	named := summary.Named{Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))}
	if err := json.Unmarshal(content, &named.Summary); err != nil {
		return summary.Named{}, fmt.Errorf("summary %s: %w (it must be what rehearse --json wrote)", path, err)
	}
	if named.Submissions == 0 {
		return summary.Named{}, fmt.Errorf("summary %s: it holds no submissions (it must be what rehearse --json wrote)", path)
	}
	return named, nil
}
