package pool

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/status"
)

// Allowed bounds what the authors of pools may run. Whoever may write a pool makes the manager
// create pods, with rights that the author may not have.
//
// The patterns are those of path.Match: "*" matches any characters but "/". An empty list allows
// everything.
type Allowed struct {
	// Images are the images that pools may name in spec.image. The manager's own default image is
	// always allowed.
	Images []string
	// PriorityClasses are the classes that pools may name in spec.scheduling.priorityClassName. No
	// class is always allowed.
	PriorityClasses []string
}

// Check returns an error for a malformed pattern.
func (a Allowed) Check() error {
	for _, pattern := range slices.Concat(a.Images, a.PriorityClasses) {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return fmt.Errorf("%q is not a pattern such as registry.example.org/*", pattern)
		}
	}
	return nil
}

// refuse returns an error for a pool whose image or priority class is not allowed. All pods of a
// pool have the image: replicas, pods that pull it, and placeholders.
func (a Allowed) refuse(p plan, defaultImage string) error {
	if p.image != defaultImage && !matches(a.Images, p.image) {
		return notAllowed("spec.image", p.image, a.Images)
	}
	if class := p.pool.Spec.Scheduling.PriorityClassName; class != "" && !matches(a.PriorityClasses, class) {
		return notAllowed("spec.scheduling.priorityClassName", class, a.PriorityClasses)
	}
	return nil
}

func matches(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
		// Check found the patterns well-formed.
		matched, err := path.Match(pattern, name)
		return err == nil && matched
	})
}

func notAllowed(field, value string, patterns []string) error {
	return &obstacleError{status.Obstacle{
		Reason: v1alpha1.ReasonNotAllowed,
		Message: fmt.Sprintf("%s is %q, and this manager allows only %s. Running replicas are not changed. Correct the field, or ask the cluster's admin to allow it.",
			field, status.Quote(value), status.Quote(strings.Join(patterns, ", "))),
	}}
}
