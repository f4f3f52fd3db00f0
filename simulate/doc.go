// Command simulate compares the autoscaler of the pools with others on arrival traces, in virtual
// time: `make simulate`. It calls the same code that the manager runs.
//
//	executorpool        the autoscaler of the pools
//	hpa-queue           the HorizontalPodAutoscaler of Kubernetes on waiting submissions per replica
//	hpa-work            the same on waiting and running submissions per replica
//	kpa                 the Knative Pod Autoscaler on concurrency
//	fixed-3, fixed-10   3 and 10 replicas at all times
//	ceiling-at-once     the ceiling at the first sign of a queue: the shortest waits that are possible
//	                    without knowledge of future arrivals, at any cost
//
// The output relates the replica-hours of each to two lower bounds (package optimum) for an
// autoscaler that knows every arrival in advance and lets each submission wait up to the target:
// "held" removes a replica only after the stabilization window, "free" at once.
//
// Data flows one way: trace -> fleet, which asks an autoscaler for replicas -> figures -> tables.
// The command is not a model of a cluster; see package fleet.
package main
