// Package landlock builds the file, network and scope restrictions of one slot's runs.
//
// A Ruleset is a kernel object behind a descriptor: New makes it, Allow opens file hierarchies in it; a process that enters
// it (landlock_restrict_self, see package spawn) loses every other right for good, with whatever it starts. The package
// says nothing about what a run should be allowed; that list belongs to package sandbox.
package landlock
