// Command objects is a fuzzer of the sandbox: `make objects`. It draws programs of makers of kernel
// objects (package grammar) and submits them to an executor, in all slots but one, while honest
// programs run in that slot. A seed determines a program and its limits.
//
// The executor runs as in a pod: as an unprivileged user in control groups (v1 or v2), with the
// memory that settings.Memory sums, with its scratch directory in a tmpfs of the size that a pod
// gives it. Without root there are no control groups, no such user and no tmpfs.
//
// The fuzzer works in cycles of four phases: quiet (honest programs alone), fair (as many
// submissions at a time as there are cores), full (all slots), and a check of the idle executor.
// Each of these is a finding:
//
//   - the executor or a worker ends, or the kernel kills a process of the control group because of
//     its memory. With memory.oom.group, which the kubelet sets, that restarts the container
//   - an honest program has a wrong verdict or output
//   - the 95th percentile of an honest program's wall time exceeds 1.2 times that of the quiet
//     phase. The fair phase decides this: with more submissions than cores, wall time grows by the
//     plain sharing of cores. The report also has the ratio of the full phase, and the ratio of
//     both phases to honest programs beside programs that only compute
//   - a submission gets InternalError, no answer, or a 5xx other than a full queue, or its run
//     exceeds its wall limit by more than 2 s
//   - the idle executor has other processes than before, files outside of its compile cache, files
//     elsewhere, System V objects, or more memory that the kernel cannot reclaim
//
// A finding lists the seeds that ran at that time. --replay repeats a seed and --program the text
// of a program; --minimise removes parts of the programs of the first findings while they still
// fail. The exit status is 1 after findings, and 2 when the fuzzer itself failed.
package main
