// Command simulate plays arrival traces in virtual time against the pool's own autoscaler, the very code that the manager
// runs, and against others: `make simulate`.
//
//	hpa-queue  Kubernetes' HorizontalPodAutoscaler on waiting submissions a replica
//	hpa-work   the same on waiting and running submissions a replica
//	kpa        Knative's Pod Autoscaler on concurrency
//	fixed-3, fixed-10
//	ceiling-at-once  asks for the ceiling at the first sign of a queue: the shortest waits without foresight, at any cost
//
// All are compared with what any autoscaler needs at least that knows every submission ahead and lets each wait as long as
// it may (package optimum): "held" lets go of a replica only after the same stabilisation window, "free" at once.
package main
