// Package controllers is the directory of the manager's packages. It has no code of its own.
//
// Package manager wires the controllers. The reconcilers are pool and contests. They use scaling
// (the state between two decisions about replicas), recording (the ledgers of contests), sampling
// and canary (requests to executors), metrics (the manager's own) and index (lists from the cache).
// The pure packages decide: autoscale, capacity, calendar, contest, report, resources, status,
// nodes and pods.
package controllers
