// Package controllers is the directory of what runs in the manager; it has no code of its own.
//
// Package manager wires the controllers up. Reconcilers are pool and contests. They use scaling (what decisions about replicas
// rest on), recording (ledgers of contests), sampling and canary (the executors' side), metrics (the manager's own) and index (the
// cache's). Pure packages below decide: autoscale, capacity, calendar, contest, report, resources, status, nodes and pods.
package controllers
