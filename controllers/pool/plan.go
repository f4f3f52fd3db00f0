package pool

import "executorpool.dev/api/v1alpha1"

// plan is what rendering needs.
type plan struct {
	pool     *v1alpha1.ExecutorPool
	image    string
	replicas int32
	// pulls has the image brought to the nodes ahead of a contest.
	pulls bool
	// placeholders are how many places to hold, for pods of the priority class.
	placeholders  int32
	priorityClass string
	// paused keeps the Deployment from replacing pods; it scales all the same.
	paused bool
}
