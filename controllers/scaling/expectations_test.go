package scaling

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func deployment(uid string, generation int64, replicas int32) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid), Generation: generation},
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas},
	}
}

func TestExpectationHoldsUntilCacheShowsWrite(t *testing.T) {
	pool := types.NamespacedName{Namespace: "contests", Name: "demo"}
	for name, tc := range map[string]struct {
		before *appsv1.Deployment
		reads  []*appsv1.Deployment
		want   []int32
	}{
		"the cache is behind": {
			before: deployment("a", 1, 3),
			reads:  []*appsv1.Deployment{deployment("a", 1, 3), deployment("a", 2, 10)}, want: []int32{10, 10},
		},
		"another writer follows": {
			before: deployment("a", 1, 3),
			reads:  []*appsv1.Deployment{deployment("a", 3, 4), deployment("a", 1, 3)}, want: []int32{4, 3},
		},
		"created": {
			reads: []*appsv1.Deployment{nil, deployment("a", 1, 10)}, want: []int32{10, 10},
		},
		"deleted and created again": {
			before: deployment("a", 1, 3),
			reads:  []*appsv1.Deployment{nil, deployment("b", 1, 5)}, want: []int32{0, 5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var e Expectations
			e.Expect(pool, tc.before, 10)
			for i, d := range tc.reads {
				if got := e.Replicas(pool, d); got != tc.want[i] {
					t.Errorf("read %d: %d replicas, want %d", i, got, tc.want[i])
				}
			}
		})
	}
}

func TestExpectationsOfPoolsAreSeparate(t *testing.T) {
	one, other := types.NamespacedName{Name: "one"}, types.NamespacedName{Name: "other"}
	var e Expectations
	before := deployment("a", 1, 3)
	e.Expect(one, before, 10)
	if got := e.Replicas(other, before); got != 3 {
		t.Errorf("another pool has %d replicas, want 3", got)
	}
	e.Forget(one)
	if got := e.Replicas(one, before); got != 3 {
		t.Errorf("%d replicas after Forget, want 3", got)
	}
	noReplicas := &appsv1.Deployment{}
	if got := e.Replicas(one, noReplicas); got != 1 {
		t.Errorf("%d replicas of a Deployment without a number, want the API's default of 1", got)
	}
}
