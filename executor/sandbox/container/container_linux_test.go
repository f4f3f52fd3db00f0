package container

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/test/attacks"
)

func TestCandidates(t *testing.T) {
	for name, tc := range map[string]struct {
		cgroup string
		want   []string
	}{
		"v1": {"9:cpu,cpuacct:/a\n4:memory:/kubepods/pod1\n0::/\n",
			[]string{"/sys/fs/cgroup/memory/kubepods/pod1", "/sys/fs/cgroup/memory", "/sys/fs/cgroup", "/sys/fs/cgroup"}},
		"v2 in a namespace": {"0::/\n", []string{"/sys/fs/cgroup", "/sys/fs/cgroup"}},
		"no lines":          {"", nil},
		"malformed":         {"0:\nx\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, candidates(tc.cgroup)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadOwnGroup fills memory in a group of its own, and finds another program in it.
func TestReadOwnGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a control group")
	}
	const limit = 1 << 30
	attacks.NewGroup(t, limit>>20).Enter(t)
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Dir().Close()
	before, err := c.Read()
	if err != nil || before.Limit != limit {
		t.Fatalf("usage %+v, %v; want limit %d", before, err, limit)
	}
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	after, err := c.Read()
	if err != nil || after.Used-before.Used < 60<<20 || after.Pinned-before.Pinned < 60<<20 || after.Kernel-before.Kernel > 16<<20 {
		t.Errorf("64 MiB more: usage %+v, then %+v, %v", before, after, err)
	}
	if block[0] != 1 {
		t.Error("the memory is gone")
	}

	another := exec.Command("/bin/sleep", "60")
	if err := another.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = another.Process.Kill()
		_ = another.Wait()
	}()
	if _, err := Open(); !errors.Is(err, ErrShared) {
		t.Errorf("with another program in the group: %v, want %v", err, ErrShared)
	}
}

func TestParseStatIgnoresOtherLines(t *testing.T) {
	got := parseStat([]byte("anon 10\nkernel 20\nx\nslab -1\nfile max\n"))
	if diff := cmp.Diff(map[string]int64{"anon": 10, "kernel": 20}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
