package pool

import "executorpool.dev/api/v1alpha1"

// plan is the input of rendering.
type plan struct {
	pool     *v1alpha1.ExecutorPool
	image    string
	replicas int32
	// pullImage asks for the DaemonSet that pulls the image before a contest.
	pullImage bool
	// placeholders is the number of placeholders, priorityClass their PriorityClass.
	placeholders  int32
	priorityClass string
	// paused pauses rollouts of the Deployment. A paused Deployment still scales.
	paused bool
}
