package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
	"executorpool.dev/test/cases"
)

func quantity(s string) resource.Quantity { return resource.MustParse(s) }

func TestMinimalPoolServes(t *testing.T) {
	ns := newNamespace(t)
	kubectl(t, "-n", ns, "apply", "-f", filepath.Join(repo, "config/samples/minimal.yaml"))
	kubectl(t, "-n", ns, "wait", "--for=condition=Ready", "executorpool/minimal", "--timeout=180s")

	url := serviceURL(t, ns, "minimal")
	for _, tc := range cases.All() {
		t.Run(tc.Language+"/"+tc.Name, func(t *testing.T) {
			result := execute(t, url, tc.Request)
			stdout := ""
			if len(result.Runs) == 1 {
				stdout = result.Runs[0].Stdout
			}
			if result.Verdict != tc.Verdict || tc.Stdout != "" && stdout != tc.Stdout {
				t.Errorf("verdict %s, output %q; want %s, %q", result.Verdict, stdout, tc.Verdict, tc.Stdout)
			}
			if result.Tier != "Restricted" && result.Tier != "RestrictedLegacy" {
				t.Errorf("tier %q in an ordinary restricted pod, want an enforcing one", result.Tier)
			}
		})
	}
}

// TestContestantCannotReachOut runs programs in a real restricted pod that try to connect to the
// network and to read the pod's credentials.
func TestContestantCannotReachOut(t *testing.T) {
	ns := newNamespace(t)
	newPool(t, ns, "jail", nil)
	waitReady(t, ns, "jail")
	url := serviceURL(t, ns, "jail")
	for name, source := range map[string]string{
		"api server":        "import socket,os\nsocket.create_connection((os.environ.get('KUBERNETES_SERVICE_HOST','10.96.0.1'),443),3)",
		"udp":               "import socket\nsocket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(b'x',('127.0.0.1',9))",
		"own executor":      "import socket\nsocket.create_connection(('127.0.0.1',8000),3)",
		"token":             "open('/var/run/secrets/kubernetes.io/serviceaccount/token').read()",
		"environment":       "open('/proc/1/environ','rb').read()",
		"kill":              "import os\nos.kill(1,9)",
		"another directory": "import os\nos.listdir('/scratch')",
		"root file system":  "open('/tmp/x','w').write('x')",
	} {
		t.Run(name, func(t *testing.T) {
			result := execute(t, url, api.Request{Language: "python3", Source: source + "\nprint('escaped')"})
			if result.Verdict != api.RuntimeError || strings.Contains(result.Runs[0].Stdout, "escaped") {
				t.Errorf("verdict %s, output %q; want RuntimeError and no output", result.Verdict, result.Runs[0].Stdout)
			}
		})
	}
	if result := execute(t, url, api.Request{Language: "python3", Source: "print('alive')"}); result.Verdict != api.OK {
		t.Errorf("after the attacks: verdict %s, want OK", result.Verdict)
	}
}

func TestAdminChangesTakeEffect(t *testing.T) {
	ns := newNamespace(t)
	pool := newPool(t, ns, "changes", nil)
	waitReady(t, ns, pool.Name)

	t.Run("kubectl scale", func(t *testing.T) {
		kubectl(t, "-n", ns, "scale", "executorpool/changes", "--replicas=3")
		got := waitReady(t, ns, pool.Name)
		if got.Status.ReadyReplicas != 3 || got.Status.DesiredReplicas != 3 || got.Status.LastScale == nil || got.Status.LastScale.To != 3 {
			t.Errorf("status %+v, want 3 desired and ready replicas and the scale recorded", got.Status)
		}
	})
	patch := func(t *testing.T, patch string) *v1alpha1.ExecutorPool {
		t.Helper()
		kubectl(t, "-n", ns, "patch", "executorpool/changes", "--type=merge", "-p", patch)
		return waitReady(t, ns, pool.Name)
	}
	t.Run("replicas", func(t *testing.T) {
		if got := patch(t, `{"spec":{"replicas":1}}`); got.Status.DesiredReplicas != 1 {
			t.Errorf("desired %d, want 1", got.Status.DesiredReplicas)
		}
		waitPods(t, ns, 1)
	})
	t.Run("workers and threads", func(t *testing.T) {
		patch(t, `{"spec":{"workers":3,"threads":1}}`)
		waitPool(t, ns, pool.Name, settled, "3 slots", func(p *v1alpha1.ExecutorPool) bool { return p.Status.Slots == 3 })
	})
	t.Run("timeoutSeconds", func(t *testing.T) {
		patch(t, `{"spec":{"timeoutSeconds":2}}`)
		waitPods(t, ns, 1)
		began := time.Now()
		result := execute(t, serviceURL(t, ns, pool.Name), api.Request{Language: "python3", Source: "import time\ntime.sleep(50)"})
		if took := time.Since(began); result.Verdict != api.TimeLimit || took > 10*time.Second {
			t.Errorf("verdict %s after %s, want TimeLimit soon after 2 s", result.Verdict, took)
		}
	})
	t.Run("image", func(t *testing.T) {
		was := executorImage(t, ns)
		// The full name of the same image is a different image for the pod template, so the test needs no
		// second build.
		full := "docker.io/" + was
		patch(t, `{"spec":{"image":"`+full+`"}}`)
		if got := executorImage(t, ns); got != full {
			t.Errorf("pods run %q, want %q", got, full)
		}
	})
}

// executorImage returns the image of the namespace's executor pods, once all of them have the same.
func executorImage(t *testing.T, ns string) string {
	t.Helper()
	image := ""
	NewWithT(t).Eventually(func() error {
		var pods corev1.PodList
		if err := k8s.List(t.Context(), &pods, client.InNamespace(ns)); err != nil {
			return err
		}
		images := map[string]bool{}
		for _, pod := range pods.Items {
			image = pod.Spec.Containers[0].Image
			images[image] = true
		}
		if len(images) != 1 {
			return fmt.Errorf("pods run %v", images)
		}
		return nil
	}, settled, time.Second).Should(Succeed())
	return image
}

func TestExplainDescribesEveryField(t *testing.T) {
	for _, field := range []string{"", ".queue", ".limits", ".resources", ".isolation", ".rollout", ".scheduling"} {
		out := kubectl(t, "explain", "executorpool.spec"+field)
		if !strings.Contains(out, "DESCRIPTION:") || strings.Contains(out, "<no description>") {
			t.Errorf("kubectl explain executorpool.spec%s leaves a field without a description:\n%s", field, out)
		}
	}
}
