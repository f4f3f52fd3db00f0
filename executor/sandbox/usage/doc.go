// Package usage measures process groups through /proc: threads, CPU time and resident memory of all
// members.
//
// One Scanner reads the process table once for all groups. It serves the monitor of package
// sandbox, reuses its buffers and must not be used concurrently. A scan is a sample: processes
// start and end between two scans.
package usage
