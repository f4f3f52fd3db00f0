// Package attacks holds hostile submissions and their expected results.
//
// The attacks use only the HTTP API, so the same attacks run against an executor on this machine
// (this package's test) and against a pod (test/e2e). Each must get its verdict alone, in all slots
// at once, and beside an honest program, whose result it must not change; afterwards all slots must
// serve within a second. The callers look for residue from outside.
//
// ProgramAttacks are attacks of programs, CompilerAttacks of sources on compilers, RequestAttacks
// of requests. A new attack of a program also needs a proof in the tests of package sandbox, which
// must see it succeed without the protection that stops it. It must do no harm then.
package attacks
