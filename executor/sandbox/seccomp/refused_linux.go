package seccomp

// refusedCalls returns the rows of the calls that return EPERM or another error by name. Ordinary
// programs do not use them or handle the error; a call in no row returns ENOSYS.
func refusedCalls() []Entry {
	row := func(note string, calls ...string) Entry { return Entry{Calls: calls, Otherwise: refused, Note: note} }
	fallback := func(text string, e Entry) Entry { e.Fallback = text; return e }
	return []Entry{
		row("Other processes of the same user.",
			"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kcmp", "process_madvise",
			"process_mrelease", "move_pages", "migrate_pages", "get_robust_list"),
		row("The process group identifies the tree for accounting and killing.", "setsid"),
		row("The user id does not change.", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
			"setgroups", "capset"),
		fallback("javac and java look for the daemon of the name service and for network interfaces, and go on without.",
			row("The network, and other processes of the pod.", "socket", "bind", "listen", "connect", "accept", "accept4", "setsockopt")),
		row("Open files on their way in a socket are held by no process.", "sendmsg", "sendmmsg"),
		row("Namespaces, mounts, roots.",
			"unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen",
			"fsconfig", "fsmount", "fspick", "mount_setattr", "statmount", "listmount", "name_to_handle_at", "open_by_handle_at"),
		fallback("The linkers of C, C++, Rust and Go make their output executable; it is so by its creation, or by the executor.",
			row("Modes and owners of files: Landlock does not cover them, and other submissions may share an executable.",
				"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat")),
		row("Attributes of files, as of modes.",
			"setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
		row("Times of files that runs share carry data from one run to another.", "utime", "utimes", "futimesat"),
		row("Kernel objects that outlive a run.",
			"shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semctl", "semtimedop", "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open",
			"mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr", "add_key", "request_key", "keyctl"),
		row("Memory of the kernel that no process shows, or pages that stay in use after they are unmapped.",
			"vmsplice", "splice", "tee", "landlock_create_ruleset", "landlock_add_rule", "userfaultfd", "remap_file_pages"),
		row("Counters of the user id or the node, which runs share.",
			"io_setup", "io_destroy", "io_submit", "io_cancel", "io_getevents", "io_pgetevents", "inotify_init", "inotify_init1",
			"inotify_add_watch", "inotify_rm_watch", "fanotify_init", "fanotify_mark", "timer_create", "timer_settime", "timer_gettime",
			"timer_getoverrun", "timer_delete", "rt_sigqueueinfo", "rt_tgsigqueueinfo"),
		row("The machine.",
			"bpf", "perf_event_open", "personality", "quotactl", "quotactl_fd", "lsm_set_self_attr", "swapon", "swapoff", "reboot",
			"kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "create_module", "syslog", "acct",
			"settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "vhangup", "lookup_dcookie",
			"nfsservctl", "iopl", "ioperm", "modify_ldt", "uselib", "mknod", "sync", "syncfs"),
		{Calls: []string{"getxattr", "lgetxattr", "fgetxattr", "getxattrat", "listxattr", "llistxattr", "flistxattr", "listxattrat"},
			Otherwise: unsupported, Note: "No file of a run has attributes."},
		{Calls: []string{"sendfile"}, Otherwise: invalid,
			Note:     "It puts pages of files into pipes, like splice; pages of unlinked files stay in use there.",
			Fallback: "python3 copies files with read and write."},
		{Calls: []string{"statfs", "fstatfs"}, Otherwise: noSuchCall,
			Note:     "The free space of the volume that all slots share shows what the others write.",
			Fallback: "pypy3 looks for SELinux and goes on without."},
		{Calls: []string{"io_uring_setup", "io_uring_enter", "io_uring_register"}, Otherwise: noSuchCall,
			Note: "Its calls pass no filter. Runtimes try it and fall back."},
		{Calls: []string{"memfd_create", "memfd_secret"}, Otherwise: noSuchCall,
			Note: "No rlimit counts such memory, and unmapped it does not show in a resident set. Runtimes fall back."},
	}
}
