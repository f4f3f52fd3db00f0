//go:build kernels

package guest

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
)

// TestContainerIsLikeThatOfAPod prints what a program in the container sees: its user and rights,
// and the control group, which is the root of its control group namespace.
func TestContainerIsLikeThatOfAPod(t *testing.T) {
	const script = `id -u; grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status
cat /proc/self/cgroup; cd /sys/fs/cgroup; cat memory.max memory.oom.group pids.max
for path in /sys/fs/cgroup/memory.max /tmp/x /x; do (echo 1 >$path) 2>/dev/null && echo "$path is writable"; done
(echo 1 >/scratch/x) && echo scratch is writable; echo process $$; unshare --user true 2>/dev/null && echo namespaces
echo end; sleep 1000`
	want := strings.Join([]string{
		"10001", "CapInh: 0000000000000000", "CapPrm: 0000000000000000", "CapEff: 0000000000000000", "CapBnd: 0000000000000000",
		"CapAmb: 0000000000000000", "NoNewPrivs: 1", "Seccomp: 2", "0::/", "134217728", "1", "1024", "scratch is writable", "process 1", "end", "",
	}, "\n")
	c := &Container{Name: "look", Memory: 128, Scratch: 1, Command: []string{"/bin/sh", "-c", script}}
	start(t, c)
	gomega.NewWithT(t).Eventually(func() (string, error) {
		log, err := os.ReadFile(c.Log())
		return strings.ReplaceAll(string(log), "\t", " "), err
	}).WithTimeout(time.Duration(config.Slowness) * 10 * time.Second).Should(gomega.Equal(want))
}
