// Package plan decides who submits which program and when: Make returns the participants for sizes,
// weights and a seed.
//
// The package is pure and deterministic: the same Spec makes the same plan, so that rehearsals of
// two pools compare. It does not wait and does not submit: package rehearse plays the plan.
package plan
