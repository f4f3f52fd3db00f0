// Package sampling asks executor pods what they do: each ready one GET /v1/state, each other running one GET /readyz,
// which says why it is not ready. In go pod names and addresses, out come reports, one a pod.
//
// What answers is not trusted: no redirect is followed, no proxy used, answers are bounded in size, time and range, and
// only addresses that can be a pod's are asked.
//
// It decides nothing. A pod that is silent is reported as silent, never as idle.
//
// Cost: two small packets a replica, each 5 s while a pool works and 15 s while it is idle. 2,000 pools of 3 replicas are
// 400 requests a second idle and 1,200 busy, about a fifth of a core; a pool is asked in parallel, so a reconcile waits
// for its slowest pod, at most Timeout.
package sampling
