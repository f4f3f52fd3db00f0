// Package scaling holds what the next decision about each pool's replicas rests on, between one decision and the next.
//
// Data flows one way: the poller of package sampling hands on a reading after each round (Observe), the scaler decides by
// package autoscale and wakes the reconciler if that gives something else than what was acted on; the reconciler reads the
// decision with what the cluster says now (Decide), writes it (Written, NoteWrite) and says what it acted on (Act).
//
// What the package holds is lost with the process, which costs a stabilization window of replicas and never a scale-down. It
// asks and writes nothing itself.
package scaling
