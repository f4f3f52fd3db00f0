package contest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

func list(pairs ...string) corev1.ResourceList {
	l := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		l[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return l
}

func quota(name string, hard, used corev1.ResourceList) corev1.ResourceQuota {
	return corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.ResourceQuotaStatus{Hard: hard, Used: used}}
}

func TestTightestQuotaFound(t *testing.T) {
	need := corev1.ResourceRequirements{Requests: list("cpu", "800m", "memory", "2208Mi"), Limits: list("memory", "5152Mi")}
	scoped := quota("scoped", list("pods", "1"), list("pods", "1"))
	scoped.Spec.Scopes = []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeBestEffort}
	for name, tc := range map[string]struct {
		quotas []corev1.ResourceQuota
		want   *QuotaHeadroom
	}{
		"none":              {nil, nil},
		"of other things":   {[]corev1.ResourceQuota{quota("q", list("services", "1"), list("services", "1"))}, nil},
		"of some pods only": {[]corev1.ResourceQuota{scoped}, nil},
		"limit never set":   {[]corev1.ResourceQuota{quota("q", list("limits.cpu", "1"), nil)}, nil},
		"pods":              {[]corev1.ResourceQuota{quota("q", list("pods", "10"), list("pods", "6"))}, &QuotaHeadroom{6, "q", "pods"}},
		"CPU": {[]corev1.ResourceQuota{quota("a", list("pods", "100"), nil), quota("b", list("requests.cpu", "8"), list("requests.cpu", "2400m"))},
			&QuotaHeadroom{9, "b", "requests.cpu"}},
		"memory, used up": {[]corev1.ResourceQuota{quota("q", list("limits.memory", "10Gi"), list("limits.memory", "15Gi"))}, &QuotaHeadroom{2, "q", "limits.memory"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, TightestQuota(tc.quotas, need, 2)); diff != "" {
				t.Errorf("headroom (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuotaTooSmallReportedDaysBefore(t *testing.T) {
	in := Input{Contest: finals(), Pool: pool(), Now: start.Add(-240 * time.Hour)}
	for headroom, want := range map[QuotaHeadroom]string{
		{6, "team", "requests.cpu"}: "ExceedsQuota: 200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas, and quota team (requests.cpu) allows 6: these can serve 120 participants within the target; with 200, 95 of 100 submissions of the burst wait up to 7.1 s. Raise the quota",
		{0, "team", "pods"}:         "ExceedsQuota: 200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas, and quota team (pods) allows 0: these can serve 0 participants within the target. Raise the quota",
		{10, "team", "pods"}:        "WarmUpAhead: ",
	} {
		in.QuotaHeadroom = &headroom
		c := meta.FindStatusCondition(Decide(in).Status.Conditions, v1alpha1.ConditionPrewarmed)
		if got := c.Reason + ": " + c.Message; !strings.HasPrefix(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
