package host

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// RemoveChains removes the packet-filter chains of kube-proxy and the kubelet for IPv4 and IPv6,
// and the rules that jump to them.
func RemoveChains(ctx context.Context) error {
	var errs []error
	for _, family := range []string{"iptables", "ip6tables"} {
		saved, err := exec.CommandContext(ctx, family+"-save").Output()
		if err != nil {
			if errors.Is(err, exec.ErrNotFound) {
				continue
			}
			errs = append(errs, fmt.Errorf("%s-save: %w", family, err))
			continue
		}
		script := removal(string(saved))
		if script == "" {
			continue
		}
		cmd := exec.CommandContext(ctx, family+"-restore", "--noflush")
		cmd.Stdin = strings.NewReader(script)
		if output, err := cmd.CombinedOutput(); err != nil {
			errs = append(errs, fmt.Errorf("%s-restore: %w: %s", family, err, strings.TrimSpace(string(output))))
		}
	}
	return errors.Join(errs...)
}

const chainPrefix = "KUBE-"

// removal converts the output of iptables-save into an iptables-restore script that removes the
// chains of Kubernetes. The script deletes the rules of other chains that jump to them, flushes the
// chains and removes them. It is empty if there are no such chains.
func removal(saved string) string {
	var script strings.Builder
	var table string
	var rules, flushes, deletions []string
	commit := func() {
		if len(rules)+len(flushes) > 0 {
			lines := append(append([]string{table}, rules...), append(flushes, deletions...)...)
			script.WriteString(strings.Join(append(lines, "COMMIT"), "\n") + "\n")
		}
		rules, flushes, deletions = nil, nil, nil
	}
	for line := range strings.Lines(saved) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "*"):
			table = line
		case strings.HasPrefix(line, ":"+chainPrefix):
			chain, _, _ := strings.Cut(line[1:], " ")
			flushes = append(flushes, "-F "+chain)
			deletions = append(deletions, "-X "+chain)
		case strings.HasPrefix(line, "-A ") && !strings.HasPrefix(line, "-A "+chainPrefix) && leadsToOurs(line):
			rules = append(rules, "-D "+strings.TrimPrefix(line, "-A "))
		case line == "COMMIT":
			commit()
		}
	}
	return script.String()
}

func leadsToOurs(rule string) bool {
	return strings.Contains(rule, " -j "+chainPrefix) || strings.Contains(rule, " -g "+chainPrefix)
}
