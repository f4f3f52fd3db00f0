package seccomp

import "slices"

// Table returns the calls that the filter knows and the answers to them. All other calls return
// ENOSYS.
func Table(o Options) []Entry {
	return slices.Concat(allowedCalls(o), processCalls(o), argumentCalls(), descriptorCalls(), priorityCalls(), executorCalls(o),
		refusedCalls())
}

// groupTable is the table of tier None.
func groupTable(token uint64) []Entry {
	return []Entry{{Calls: []string{"setsid"}, Otherwise: refused}, tokenCall("setpgid", 2, token)}
}

// tokenCall returns the row of a call that only the executor may make.
func tokenCall(name string, argument int, token uint64) Entry {
	return Entry{Calls: []string{name}, Otherwise: refused, Cases: []Case{
		{Text: "the executor's token in an argument that the kernel ignores", When: isToken(argument, token), Answer: Allow}}}
}

// executorCalls returns the rows of the calls that only the executor makes: on the slot's thread,
// and in the child between fork and exec.
func executorCalls(o Options) []Entry {
	calls := []Entry{tokenCall("setpgid", 2, o.GroupToken), tokenCall("landlock_restrict_self", 2, o.GroupToken),
		tokenCall("seccomp", 3, o.GroupToken), tokenCall("utimensat", 4, o.GroupToken)}
	calls[0].Note = "The process group identifies the tree for accounting and killing."
	calls[1].Note = "Rules are kernel memory that no process shows."
	calls[2].Note = "Filters are kernel memory that no process shows."
	calls[3].Note = "Times of files that runs share carry data from one run to another."
	calls[3].Fallback = "go build marks entries of its build cache as used, and ignores the error."
	return calls
}

// allowedCalls returns the rows of the calls that are allowed with any arguments. Beside the calls
// of the toolchains they hold those of contestants' programs that reach only the run itself.
func allowedCalls(o Options) []Entry {
	truncate := Entry{Calls: []string{"truncate"}, Otherwise: Allow, Note: "Landlock bounds it to the run's own files."}
	if o.NoTruncate {
		truncate.Otherwise, truncate.Note = refused, "Landlock before Linux 6.2 does not cover it."
	}
	row := func(note string, calls ...string) Entry { return Entry{Calls: calls, Otherwise: Allow, Note: note} }
	return []Entry{
		row("Input and output of open files.",
			"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "lseek", "close",
			"dup", "dup2", "dup3", "pipe", "pipe2", "ftruncate", "fallocate", "fsync", "fdatasync",
			"copy_file_range"),
		row("Files by name. Landlock decides which.",
			"open", "openat", "openat2", "creat", "stat", "fstat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2",
			"readlink", "readlinkat", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "mkdir", "mkdirat", "mknodat", "rmdir",
			"unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "umask"),
		truncate,
		row("Waiting for open files.",
			"poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_wait",
			"epoll_wait_old", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2"),
		row("The process's own memory.",
			"brk", "munmap", "mremap", "mprotect", "msync", "mincore", "mlock", "mlock2", "munlock", "mlockall", "munlockall",
			"pkey_alloc", "pkey_free", "pkey_mprotect", "mseal", "membarrier"),
		row("The process's own threads and its end.",
			"execve", "execveat", "exit", "exit_group", "wait4", "waitid", "set_tid_address", "set_robust_list", "futex",
			"futex_waitv", "futex_wait", "futex_wake", "futex_requeue", "rseq", "sched_yield", "getcpu", "arch_prctl", "restart_syscall"),
		row("Signals. Landlock, and seccomp where Landlock is too old, bound the receivers.",
			"kill", "tkill", "tgkill", "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigreturn", "rt_sigsuspend",
			"rt_sigtimedwait", "sigaltstack", "pause", "alarm", "setitimer", "getitimer"),
		row("Names, identities and limits of the process itself.",
			"getpid", "getppid", "gettid", "getpgid", "getpgrp", "getsid", "getuid", "geteuid", "getgid", "getegid", "getresuid",
			"getresgid", "getgroups", "capget", "getrlimit", "setrlimit", "getrusage", "times", "uname", "sysinfo", "getrandom"),
		row("The time.", "gettimeofday", "time", "nanosleep"),
		row("The run's scheduling class and processors, which no run can change for others.",
			"sched_getscheduler", "sched_getparam", "sched_getaffinity", "sched_get_priority_max", "sched_get_priority_min",
			"sched_rr_get_interval"),
		row("Connected pairs of sockets.", "sendto", "recvfrom", "recvmsg", "shutdown", "getsockname", "getpeername", "getsockopt"),
	}
}
