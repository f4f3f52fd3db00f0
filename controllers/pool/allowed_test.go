package pool

import (
	"strings"
	"testing"

	"executorpool.dev/api/v1alpha1"
)

func TestAllowedBoundsPools(t *testing.T) {
	const own = "executorpool/executor:1"
	bounded := Allowed{Images: []string{"registry.test/judge/*", "registry.test/old:1.?"}, PriorityClasses: []string{"contest-*"}}
	for name, tc := range map[string]struct {
		allowed      Allowed
		image, class string
		field        string // empty: allowed
	}{
		"no bounds":                        {Allowed{}, "evil.test/miner:1", "system-node-critical", ""},
		"the manager's own image":          {bounded, own, "", ""},
		"an image of the registry":         {bounded, "registry.test/judge/executor:2", "", ""},
		"by its digest":                    {bounded, "registry.test/judge/executor@sha256:" + strings.Repeat("0", 64), "", ""},
		"a tag of the pattern":             {bounded, "registry.test/old:1.7", "", ""},
		"a tag besides the pattern":        {bounded, "registry.test/old:1.77", "", "spec.image"},
		"another registry":                 {bounded, "evil.test/judge/executor:2", "", "spec.image"},
		"a registry with the name as path": {bounded, "evil.test/registry.test/judge/executor:2", "", "spec.image"},
		"a registry that begins like it":   {bounded, "registry.test.evil.test/judge/executor:2", "", "spec.image"},
		"a folder below":                   {bounded, "registry.test/judge/x/miner:2", "", "spec.image"},
		"upper case":                       {bounded, "Registry.test/judge/executor:2", "", "spec.image"},
		"a class of the pattern":           {bounded, own, "contest-high", ""},
		"another class":                    {bounded, own, "system-node-critical", "spec.scheduling.priorityClassName"},
		"classes alone":                    {Allowed{PriorityClasses: []string{"low"}}, "evil.test/miner:1", "high", "spec.scheduling.priorityClassName"},
	} {
		t.Run(name, func(t *testing.T) {
			pool := &v1alpha1.ExecutorPool{}
			pool.Spec.Scheduling.PriorityClassName = tc.class
			obstacle := obstacleOf(tc.allowed.refuse(plan{pool: pool, image: tc.image}, own))
			if tc.field == "" {
				if obstacle != nil {
					t.Errorf("obstacle %+v, want none", obstacle)
				}
				return
			}
			if obstacle == nil || obstacle.Reason != v1alpha1.ReasonNotAllowed || !strings.HasPrefix(obstacle.Message, tc.field+" is ") {
				t.Errorf("obstacle %+v, want NotAllowed for %s", obstacle, tc.field)
			}
		})
	}
}

func TestAllowedPatternsChecked(t *testing.T) {
	for _, pattern := range []string{"", "a[", `a\`} {
		if err := (Allowed{Images: []string{pattern}}).Check(); err == nil {
			t.Errorf("pattern %q is accepted", pattern)
		}
	}
	if err := (Allowed{Images: []string{"a/*"}, PriorityClasses: []string{"b-?"}}).Check(); err != nil {
		t.Error(err)
	}
}
