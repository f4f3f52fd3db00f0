// Package sampling asks what there is to do: executor pods for their state (each ready one GET /v1/state, each other running
// one GET /readyz, which says why it is not ready), and where a pool names one, a Prometheus server or the API of external
// metrics for what waits elsewhere.
//
// Data flows one way: the reconciler says which pods a pool has (Follow), the Poller asks them and tells its observer after
// each round (Reading), the reconciler reads what each said (Read). A Reading holds an autoscale.Sample, with its time
// and how many of those asked have answered.
//
// What answers is not trusted: no redirect is followed, no proxy used, answers are bounded in size, time and range, only
// addresses that can be a pod's are asked, and an answer that contradicts itself or the one before it is none.
//
// It decides nothing. A pod that is silent is reported as silent, never as idle.
//
// Cost: a pool that scales itself is asked each second, another each 5 s, by one loop and at most 128 questions at a time. A
// round of 1,000 pods takes 65 ms of CPU on the development machine, the fake pods' own side included (`go test -bench Thousand
// ./controllers/sampling`); 2,000 pools of 2 that all scale themselves are four times that each second, a quarter of a
// core. Each pod costs a kept connection with its two goroutines, some 15 KiB.
package sampling
