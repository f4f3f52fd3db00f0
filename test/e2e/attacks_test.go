package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/test/attacks"
)

// TestExecutorPodSurvivesAttacks runs every attack on all slots of a pod in a namespace that
// enforces the restricted Pod Security Standard.
func TestExecutorPodSurvivesAttacks(t *testing.T) {
	ns := newNamespace(t)
	newPool(t, ns, "target", func(s *v1alpha1.ExecutorPoolSpec) {
		s.Limits = v1alpha1.RunLimits{MemoryMiB: 64, Processes: 64, DiskMiB: 16}
		// Four compilers that fill their memory at the same time need 30 s on a slow machine.
		s.TimeoutSeconds = 60
	})
	waitReady(t, ns, "target")
	before := executorPod(t, ns)

	attacks.Run(t, attacks.Executor{Slots: 4, Tier: "Restricted", IsContainer: true, URL: serviceURL(t, ns, "target")})

	after := executorPod(t, ns)
	if after.UID != before.UID || after.Status.ContainerStatuses[0].RestartCount != before.Status.ContainerStatuses[0].RestartCount {
		t.Errorf("the pod or its container was replaced: %s with %d restarts, then %s with %d", before.Name,
			before.Status.ContainerStatuses[0].RestartCount, after.Name, after.Status.ContainerStatuses[0].RestartCount)
	}
	inside := func(script string) string {
		return strings.TrimSpace(kubectl(t, "-n", ns, "exec", after.Name, "--", "sh", "-c", script))
	}
	for _, name := range strings.Fields(inside("cat /proc/[0-9]*/comm")) {
		// The supervisor starts its workers through /proc/self/exe, so their process name is exe.
		if name != "executor" && name != "exe" && name != "sh" && name != "cat" {
			t.Errorf("a process %q is left in the pod", name)
		}
	}
	for what, script := range map[string]string{
		"files":              "find /scratch/w* /tmp /dev/shm -mindepth 1 ! -path '/scratch/w*/box' ! -path '/scratch/w*/store'",
		"shared memory":      "tail -n +2 /proc/sysvipc/shm",
		"semaphores":         "tail -n +2 /proc/sysvipc/sem",
		"message queues":     "tail -n +2 /proc/sysvipc/msg",
		"POSIX queues":       "ls /dev/mqueue",
		"kernel keys":        "grep -w x: /proc/keys || true",
		"folders of no slot": "find /scratch -mindepth 1 -maxdepth 1 ! -name 'w*' ! -name 'cache-*'",
	} {
		if left := inside(script); left != "" {
			t.Errorf("%s are left in the pod:\n%s", what, left)
		}
	}
}

func executorPod(t *testing.T, ns string) corev1.Pod {
	t.Helper()
	var pods corev1.PodList
	if err := k8s.List(t.Context(), &pods, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	if len(pods.Items) != 1 || len(pods.Items[0].Status.ContainerStatuses) != 1 {
		t.Fatalf("namespace %s has %d pods, want one with one container", ns, len(pods.Items))
	}
	return pods.Items[0]
}
