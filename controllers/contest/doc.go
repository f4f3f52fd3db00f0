// Package contest decides the status of a Contest: the number of replicas and the reason for it,
// the times, the phase, and whether the pool is ready for the contest.
//
// Data flows one way: plan (size by package capacity, lead time by package calendar) -> phase
// (package calendar) -> conditions and events. The plan is made again with newer measurements until
// its replicas are held. From then on only a change of the spec changes the plan, so that no
// measurement during a contest moves its floor.
//
// The package is pure: time is an argument. Package contests reads and writes the cluster. Package
// pool adds up the plans, as a Schedule. Package recording adds the contest's report to a Decision.
package contest
