package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
	executorclient "executorpool.dev/executor/client"
)

// twoSeconds is a submission that holds its slot for two seconds and uses almost no CPU.
var twoSeconds = api.Request{Language: "python3", Source: "import time\ntime.sleep(2)\nprint(42)"}

// TestBurstAnsweredInOneStep sends 200 submissions of two seconds at once to an idle pool of 3
// replicas, ten times. In the last round some submissions continue while the pool scales down.
func TestBurstAnsweredInOneStep(t *testing.T) {
	ns := newNamespace(t)
	newPool(t, ns, "burst", func(s *v1alpha1.ExecutorPoolSpec) {
		s.Replicas, s.Workers = ptr.To[int32](3), 4
		// The Service may send 85 of the 200 connections to one replica, and all replicas start Python
		// interpreters on the CPUs of one machine.
		s.Queue.MaxWaitSeconds = 90
		s.Scaling = v1alpha1.ScalingSpec{MaxReplicas: 20, ScaleDownStabilizationSeconds: 5}
	})
	waitReady(t, ns, "burst")
	url := serviceURL(t, ns, "burst")
	execute(t, url, twoSeconds)
	w := watchScaling(t, ns)

	const rounds = 10
	var reactions []time.Duration
	for round := range rounds {
		waitPool(t, ns, "burst", settled, "idle with 3 replicas", func(p *v1alpha1.ExecutorPool) bool {
			return p.Status.DesiredReplicas == 3 && p.Status.ReadyReplicas == 3 && p.Status.BusySlots+p.Status.QueueDepth == 0
		})
		waitPods(t, ns, 3)
		w.forget()
		grown := w.queueGrows(t)
		var clients, sent sync.WaitGroup
		sent.Add(200)
		for range 200 {
			clients.Go(func() { submitOne(t, url, sent.Done) })
		}
		began := <-grown
		NewWithT(t).Eventually(func() int { return len(w.replicas()) }, 10*time.Second, 10*time.Millisecond).Should(BeNumerically(">=", 2))
		up := w.replicas()[1]
		reactions = append(reactions, up.at.Sub(began))
		sent.Wait()
		arrived := time.Now()
		clients.Wait()

		trickle, stop := context.WithCancel(t.Context())
		if round == rounds-1 {
			for range 4 {
				clients.Go(func() {
					for trickle.Err() == nil {
						submitOne(t, url, func() {})
					}
				})
			}
		}
		waitPool(t, ns, "burst", settled, "3 desired replicas", func(p *v1alpha1.ExecutorPool) bool { return p.Status.DesiredReplicas == 3 })
		stop()
		clients.Wait()
		steps := w.replicas()
		t.Logf("round %d: written %s after the queue grew; replicas %v", round, up.at.Sub(began).Round(time.Millisecond), steps)
		// A burst takes a moment to arrive, and a sample in the middle of it starts the scale-up. The
		// next sample may add one more step for the whole burst. The stabilization window is shorter than
		// the time in which the burst is served, so that ten rounds take minutes and not an hour. On the
		// way down the need may therefore rise again, but not above the highest number of the burst.
		highest := slices.MaxFunc(steps, func(a, b step) int { return int(a.replicas - b.replicas) })
		if n := slices.Index(steps, highest); n > 2 || n == 2 && up.at.After(arrived) || highest.at.Sub(arrived) > 2*time.Second {
			t.Errorf("replicas were %v, the highest %s after the burst had arrived; want the number for the burst in one step", steps, highest.at.Sub(arrived))
		}
	}
	slices.Sort(reactions)
	t.Logf("replicas written %v after the queue grew, sorted", reactions)
	if median := reactions[len(reactions)/2]; median > time.Second {
		t.Errorf("median %s, want at most 1 s", median)
	}
	for _, wrong := range w.wrongRemovals() {
		t.Error(wrong)
	}
}

// submitOne submits twoSeconds and checks that the answer is right. It calls sent when the request
// is sent or will never be. It may run in another goroutine than the test.
func submitOne(t *testing.T, url string, sent func()) {
	sent = sync.OnceFunc(sent)
	defer sent()
	if status, verdict, err := exchange(t, url, sent); err != nil {
		t.Errorf("submission lost: %v", err)
	} else if verdict != api.OK {
		t.Errorf("submission answered %d, %q", status, verdict)
	}
}

// exchange submits twoSeconds over a connection of its own. The verdict is empty if the status is
// not 200.
func exchange(t *testing.T, url string, sent func()) (status int, verdict api.Verdict, err error) {
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent() }}
	result, err := executorAt(url, 3*time.Minute).Execute(httptrace.WithClientTrace(t.Context(), trace), &twoSeconds)
	if answer, ok := errors.AsType[*executorclient.AnswerError](err); ok {
		return answer.Status, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	return http.StatusOK, result.Verdict, nil
}

// step is a number of replicas and the time of its change.
type step struct {
	replicas int32
	at       time.Time
}

func (s step) String() string { return fmt.Sprint(s.replicas) }

// scalingWatch records each change of a Deployment's replicas, and checks each pod that is selected
// for removal.
type scalingWatch struct {
	ns       string
	mu       sync.Mutex
	steps    []step
	wrong    []string
	selected map[string]bool
	seen     map[string]*lastSeen
}

// lastSeen has the times when a pod was last seen without work and last seen with work. The first
// time that the pod is seen counts as both.
type lastSeen struct{ idle, busy time.Time }

// maxStateAge is the maximum age of the manager's information about a pod when it selects a pod for
// removal: one second between samples, and the time to decide and write.
const maxStateAge = 2 * time.Second

func watchScaling(t *testing.T, ns string) *scalingWatch {
	t.Helper()
	w := &scalingWatch{ns: ns, selected: map[string]bool{}, seen: map[string]*lastSeen{}}
	deployments, err := clientset.AppsV1().Deployments(ns).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatalf("watch deployments: %v", err)
	}
	pods, err := clientset.CoreV1().Pods(ns).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatalf("watch pods: %v", err)
	}
	t.Cleanup(deployments.Stop)
	t.Cleanup(pods.Stop)
	go w.run(deployments, func(o any) { w.addStep(*o.(*appsv1.Deployment).Spec.Replicas) })
	go w.run(pods, func(o any) { w.checkRemoval(o.(*corev1.Pod)) })
	go w.sampleStates(t.Context())
	return w
}

// sampleStates samples the state of each ready pod and records it in seen.
func (w *scalingWatch) sampleStates(ctx context.Context) {
	tick := time.NewTicker(maxStateAge / 10)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, pod := range w.pods() {
			if state, err := stateOf(pod.Status.PodIP); err == nil && ready(&pod) {
				w.recordState(pod.Name, state)
			}
		}
	}
}

func (w *scalingWatch) recordState(pod string, state api.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	s := w.seen[pod]
	switch {
	case s == nil:
		w.seen[pod] = &lastSeen{idle: now, busy: now}
	case state.Busy+state.Queued == 0:
		s.idle = now
	default:
		s.busy = now
	}
}

// durations returns for how long the pod has had work, and for how long it has had none. Both are 0
// for a pod that was never seen.
func (w *scalingWatch) durations(pod string) (busy, idle time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.seen[pod]
	if s == nil {
		return 0, 0
	}
	return time.Since(s.idle), time.Since(s.busy)
}

func (w *scalingWatch) run(events watch.Interface, see func(any)) {
	for e := range events.ResultChan() {
		if e.Type == watch.Added || e.Type == watch.Modified {
			see(e.Object)
		}
	}
}

func (w *scalingWatch) addStep(replicas int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.steps); n == 0 || w.steps[n-1].replicas != replicas {
		w.steps = append(w.steps, step{replicas, time.Now()})
	}
}

// checkRemoval checks a pod when it is selected for removal, which is when it gets a deletion cost
// or, without one, when it is deleted. It is wrong to select a pod that has been busy while another
// pod has been idle, if both have lasted for longer than maxStateAge. A pod may still get
// submissions between its selection and the update of the Service; these it drains.
func (w *scalingWatch) checkRemoval(pod *corev1.Pod) {
	selected := pod.DeletionTimestamp != nil || pod.Annotations[corev1.PodDeletionCost] != ""
	w.mu.Lock()
	before := w.selected[pod.Name]
	w.selected[pod.Name] = selected
	w.mu.Unlock()
	if before || !selected || !ready(pod) {
		return
	}
	state, err := stateOf(pod.Status.PodIP)
	if busyFor, _ := w.durations(pod.Name); err != nil || state.Busy+state.Queued == 0 || busyFor <= maxStateAge {
		return
	}
	for _, other := range w.pods() {
		_, idleFor := w.durations(other.Name)
		if otherState, err := stateOf(other.Status.PodIP); err == nil && otherState.Busy+otherState.Queued == 0 && idleFor > maxStateAge &&
			other.DeletionTimestamp == nil && ready(&other) && other.Annotations[corev1.PodDeletionCost] == "" {
			w.mu.Lock()
			w.wrong = append(w.wrong, fmt.Sprintf("pod %s was selected for removal with %d busy and %d queued while %s is idle; deletion costs %q and %q",
				pod.Name, state.Busy, state.Queued, other.Name, pod.Annotations[corev1.PodDeletionCost], other.Annotations[corev1.PodDeletionCost]))
			w.mu.Unlock()
			return
		}
	}
}

func (w *scalingWatch) replicas() []step {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.steps)
}

func (w *scalingWatch) wrongRemovals() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.wrong)
}

// forget removes all steps but the current one.
func (w *scalingWatch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = w.steps[len(w.steps)-1:]
}

func (w *scalingWatch) pods() []corev1.Pod {
	var pods corev1.PodList
	if err := k8s.List(context.Background(), &pods, client.InNamespace(w.ns)); err != nil {
		return nil
	}
	return pods.Items
}

// queueGrows returns a channel that receives the time when a replica's queue is first seen not
// empty.
func (w *scalingWatch) queueGrows(t *testing.T) <-chan time.Time {
	grown := make(chan time.Time, 1)
	pods := w.pods()
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			for _, pod := range pods {
				if state, err := stateOf(pod.Status.PodIP); t.Context().Err() != nil || err == nil && state.Queued > 0 {
					grown <- time.Now()
					return
				}
			}
		}
	}()
	return grown
}

func ready(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// replicaClient sends requests to each replica at its own address. It keeps its connections open.
var replicaClient, _ = executorclient.New("http://replica", executorclient.WithHTTPClient(&http.Client{Timeout: 2 * time.Second}))

func stateOf(ip string) (api.State, error) {
	state, err := replicaClient.At(net.JoinHostPort(ip, strconv.Itoa(executorPort))).State(context.Background())
	if err != nil {
		return api.State{}, err
	}
	return *state, nil
}
