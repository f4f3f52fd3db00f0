// Package plan decides who submits which program when: Make turns sizes, weights and a seed into []Participant.
//
// It is pure and deterministic: the same Spec makes the same plan, so that rehearsals of two pools are comparable.
// It neither waits nor submits; package rehearse plays the plan.
package plan
