// Package sampling asks for the load of pools: each ready executor pod for its state (GET
// /v1/state), each other running pod for the cause of its not being ready (GET /readyz), and, where
// a pool names one, a Prometheus server or the API of external metrics for the submissions that
// wait elsewhere.
//
// Data flows one way: a reconciler passes the pods of a pool (Follow), the Poller asks them and
// passes a Reading to its observer after each round, and the reconciler reads the Answers of the
// pods (Read). A Reading has an autoscale.Sample, with its time and with the numbers of pods that
// were asked and that answered.
//
// Answers are not trusted. The package follows no redirect and uses no proxy, it bounds answers in
// size, time and range, it asks only addresses that can be a pod's, and it takes an answer that
// contradicts itself or an earlier one as no answer.
//
// The package decides nothing. A pod that does not answer is reported as silent, never as idle.
//
// Cost: one loop asks the pods of a pool that scales itself each second and those of another pool
// every 5 s, at most 128 of them at one time. A round of 1,000 pods takes 65 ms of CPU on the
// development machine, the side of the fake pods included (`go test -bench Thousand
// ./controllers/sampling`). 2,000 pools of 2 replicas that scale themselves take four times that
// each second, a quarter of a core. Each pod costs a kept connection with its two goroutines, about
// 15 KiB.
package sampling
