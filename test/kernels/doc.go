// Command kernels runs the attacks of test/attacks on older kernels: `make kernels`.
//
// It boots kernels of Debian under qemu's software emulation, so the machine needs no virtual
// machine monitor of its kernel. The root file system is a disk image with the toolchains of the
// executor image. Package guest is the first process of the guest: it starts an executor in a
// control group like that of a pod's container and attacks it. The guest writes its progress to
// a second serial port, which this program reads.
//
// Packages, disk image and logs are in the directory kernels of the cache, EXECUTORPOOL_CACHE. The
// exit status is 1 if a kernel does not boot, if the tier is not the one that the kernel must
// reach, if an attack failed, or if the container was restarted.
package main
