package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"

	"executorpool.dev/api/v1alpha1"
)

// rehearsal has the fields of rehearse's report that these tests read.
type rehearsal struct {
	Right    int `json:"right"`
	Wrong    int `json:"wrong"`
	Rejected int `json:"rejected"`
	Refused  int `json:"refused"`
	Lost     int `json:"lost"`
}

// TestChangesUnderLoadLoseNothing replaces and removes pods while participants submit through the
// Service.
func TestChangesUnderLoadLoseNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		replicas    int32
		connections []string
		// change are the arguments of kubectl. %s stands for the image that the pods run, without
		// docker.io/.
		change []string
	}{
		"rollout of a timeout": {3, []string{"per-participant"}, []string{"patch", "executorpool/loaded", "--type=merge", "-p", `{"spec":{"timeoutSeconds":45}}`}},
		"rollout of an image":  {3, []string{"shared"}, []string{"patch", "executorpool/loaded", "--type=merge", "-p", `{"spec":{"image":"docker.io/%s"}}`}},
		"scale-down":           {5, []string{"per-participant", "shared"}, []string{"scale", "executorpool/loaded", "--replicas=1"}},
	} {
		for _, connections := range tc.connections {
			t.Run(name+" "+connections, func(t *testing.T) {
				ns := newNamespace(t)
				newPool(t, ns, "loaded", func(s *v1alpha1.ExecutorPoolSpec) { s.Replicas = ptr.To(tc.replicas) })
				waitReady(t, ns, "loaded")

				change := strings.ReplaceAll(strings.Join(tc.change, "\n"), "%s", executorImage(t, ns))
				load := startLoad(t, serviceURL(t, ns, "loaded"), connections)
				kubectl(t, append([]string{"-n", ns}, strings.Split(change, "\n")...)...)
				pool := waitReady(t, ns, "loaded")
				waitPods(t, ns, int(pool.Status.DesiredReplicas))
				load.waitDone(t, load.done.Load()+50)
				got := load.finish(t)
				if got.Lost+got.Rejected+got.Refused+got.Wrong != 0 || got.Right < 100 {
					t.Errorf("%+v: want at least 100 right answers and nothing else", got)
				}
				t.Logf("%+v", got)
			})
		}
	}
}

type load struct {
	cmd    *exec.Cmd
	report string
	done   atomic.Int64 // submissions, from the progress lines of rehearse
}

// Write reads a progress line of rehearse, which writes one line per call.
func (l *load) Write(line []byte) (int, error) {
	var done, total int64
	if n, _ := fmt.Sscanf(string(line), "%d/%d done", &done, &total); n == 2 {
		l.done.Store(done)
	}
	return os.Stderr.Write(line)
}

func (l *load) waitDone(t *testing.T, least int64) {
	t.Helper()
	NewWithT(t).Eventually(l.done.Load, settled, 100*time.Millisecond).Should(BeNumerically(">=", least))
}

// startLoad starts participants who submit until finish is called, so that there is load before,
// during and after the change.
func startLoad(t *testing.T, url, connections string) *load {
	t.Helper()
	dir := t.TempDir()
	programs := filepath.Join(dir, "programs")
	if err := os.Mkdir(programs, 0o755); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{
		"add.py":  "import time\ntime.sleep(0.2)\nprint(sum(map(int, input().split())))\n",
		"add.in":  "19 23\n",
		"add.out": "42\n",
	} {
		if err := os.WriteFile(filepath.Join(programs, file), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "rehearse")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "executorpool.dev/cmd/rehearse").CombinedOutput(); err != nil {
		t.Fatalf("build rehearse: %v\n%s", err, out)
	}
	l := &load{report: filepath.Join(dir, "report.json")}
	l.cmd = exec.CommandContext(t.Context(), binary, "--url", url, "--programs", programs, "--participants", "8",
		"--submissions", "1000", "--think-time", "300ms", "--connections", connections, "--json", l.report)
	l.cmd.Stdout, l.cmd.Stderr = os.Stderr, l
	if err := l.cmd.Start(); err != nil {
		t.Fatalf("start rehearse: %v", err)
	}
	l.waitDone(t, 50)
	return l
}

// finish interrupts the participants and returns their report. Submissions that have no answer yet
// do not count as lost.
func (l *load) finish(t *testing.T) rehearsal {
	t.Helper()
	if err := l.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatalf("interrupt rehearse: %v", err)
	}
	runErr := l.cmd.Wait()
	content, err := os.ReadFile(l.report)
	if err != nil {
		t.Fatalf("rehearse: %v; its report: %v", runErr, err)
	}
	var got rehearsal
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(fmt.Errorf("decode report: %w", err))
	}
	return got
}
