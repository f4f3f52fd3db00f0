// Package procfs parses the files of /proc that this project reads about other processes.
//
// The parse functions take the content of a file and allocate nothing: package usage calls them
// in its scan of the process table with buffers of its own. The functions that read files are for
// callers that look at few processes. A process may end at any time; its files then cannot be
// read.
//
// github.com/prometheus/procfs reads and parses a file in one call and allocates. It needs about
// four times as long for a process as the scan does (42 and 11 us, read and parse), so the scan
// of runs, which must be fast, cannot use it.
package procfs
