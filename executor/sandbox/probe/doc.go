// Package probe finds the isolation tier that holds on this machine, by attacks from inside of a
// throw-away slot.
//
// The attacker is the calling program, started again: every program that calls Probe must call
// Reexec first. Data flow: tier -> slot or namespaces -> attacks -> highest tier, and why a higher
// one does not hold. The package is called once at boot; it runs no submissions.
package probe
