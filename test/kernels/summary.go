package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"executorpool.dev/test/kernels/guest"
)

// summary is what one kernel has shown.
type summary struct {
	kernel
	facts    guest.Facts
	passed   int
	failed   []string
	complete bool
	took     time.Duration
	problems []string
}

// Lines of the testing package: the start of a test, a message of a test, and the outcome of a
// test. The outcomes of subtests follow that of their parent, so only the starts show the progress.
var (
	started = regexp.MustCompile(`^=== RUN\s+(\S+)$`)
	message = regexp.MustCompile(`^\s+\w+\.go:\d+: `)
	outcome = regexp.MustCompile(`^\s*--- (PASS|FAIL|SKIP): (\S+) \((.*)\)$`)
)

// read reads one line of the guest and returns the text to show for it, which is empty for most
// lines.
func (s *summary) read(line string) string {
	if found := outcome.FindStringSubmatch(line); found != nil {
		name := found[2]
		if found[1] == "PASS" {
			s.passed++
			return ""
		}
		s.failed = append(s.failed, name)
		return fmt.Sprintf("%s %s (%s)", strings.ToLower(found[1]), name, found[3])
	}
	if found := started.FindStringSubmatch(line); found != nil {
		return found[1]
	}
	if message.MatchString(line) {
		return strings.TrimSpace(line)
	}
	if text, found := strings.CutPrefix(line, guest.FactsMark); found {
		if err := s.facts.Parse(text); err != nil {
			return err.Error()
		}
		return ""
	}
	if text, found := strings.CutPrefix(line, guest.NoteMark); found {
		return text
	}
	if line == guest.EndMark {
		s.complete = true
	}
	return ""
}

// check returns an error if the kernel did not show what it must.
func (s *summary) check() error {
	f := s.facts
	var reason string
	switch {
	case !s.complete:
		reason = "the guest did not reach its end"
	case len(s.failed) > 0:
		reason = "failed: " + strings.Join(s.failed, ", ")
	case s.passed == 0:
		reason = "no test has run"
	case f.Restarts > 0 || f.GroupKills > 0:
		reason = fmt.Sprintf("the container restarted %d times, and the kernel killed its group %d times", f.Restarts, f.GroupKills)
	case f.Tier != s.Tier || f.Landlock != s.Landlock:
		reason = fmt.Sprintf("tier %q and Landlock ABI %d, want %s and %d", f.Tier, f.Landlock, s.Tier, s.Landlock)
	default:
		return nil
	}
	return fmt.Errorf("kernel %s: %s", s.Release, reason)
}

// failures returns the problems of all kernels.
func failures(table []summary) []string {
	var all []string
	for _, s := range table {
		all = append(all, s.problems...)
	}
	return all
}

// render returns the table of the kernels.
func render(table []summary) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "kernel\tLandlock ABI\ttier\ttests passed\tfailed\tgroup kills\tOOM kills\trestarts\ttime")
	for _, s := range table {
		f := s.facts
		fmt.Fprintln(w, strings.Join([]string{
			orDash(f.Kernel), strconv.Itoa(f.Landlock), orDash(f.Tier), strconv.Itoa(s.passed), strconv.Itoa(len(s.failed)),
			strconv.Itoa(f.GroupKills), strconv.Itoa(f.Kills), strconv.Itoa(f.Restarts), s.took.Round(time.Second).String(),
		}, "\t"))
	}
	_ = w.Flush() // a strings.Builder returns no error
	return "\n" + out.String()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
