// Package attacks holds what hostile submissions do to an executor, and what must come of it.
//
// The attacks speak the HTTP API alone, so that the same ones are tried on an executor of the bare machine (this package's
// test) and on a pod (test/e2e). Each must get its verdict alone, in all slots at once, and beside an honest program whose
// own verdict it must not change; afterwards the slots must serve again within a second. What may be left behind is looked
// for from outside, by whoever knows where.
//
// Running are programs' attacks, Compiling those of sources on compilers, Asking those of requests. A new one of a program
// needs a proof, too: package sandbox must see it succeed once what stops it is left out (proofs in its tests), so it must do
// no harm then.
package attacks
