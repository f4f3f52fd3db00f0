// Package guest is the first process of the virtual machines of test/kernels, and the tests that
// run there.
//
// The test of this package, built with the tag kernels, is /init of the guest. Boot mounts the disk
// image, so that the same program can then run its tests as a child. The tests start an executor in
// a Container: a control group with memory.max, pids.max and memory.oom.group, like the kubelet's,
// and namespaces, user id, capabilities and a seccomp filter like those of a pod that PodSecurity
// restricted admits. Each start after the first one is a restart, as in a pod.
//
// The tests report to the second serial port in the format of go test -v, with the marks of this
// package for facts and notes. The package does not work outside of a guest.
package guest
