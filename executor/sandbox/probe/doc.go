// Package probe finds the isolation tier that holds on this machine, by attacks from inside a throw-away slot.
//
// The attacker is the calling program, started again: every program that calls Probe calls Reexec first of all. Data flows
// one way: tier -> throw-away slot or namespaces -> attacks -> the tier, and why it is not a higher one. The package is not
// for runs of submissions; it is called once, at boot.
package probe
