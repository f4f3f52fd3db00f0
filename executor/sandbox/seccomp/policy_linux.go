package seccomp

import (
	"runtime"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// deniedCalls return EPERM: ordinary programs do not use them or handle the error.
var deniedCalls = []string{
	// Other processes of the same user.
	"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise", "process_mrelease",
	"pidfd_send_signal", "move_pages", "migrate_pages",
	// The process group identifies the tree for accounting and killing.
	"setsid",
	// Sockets; Landlock covers TCP only.
	"socket", "bind", "listen", "connect", "accept", "accept4",
	// Namespaces, mounts, roots.
	"unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig",
	"fsmount", "fspick", "mount_setattr", "statmount", "listmount", "name_to_handle_at", "open_by_handle_at",
	// Modes, owners and attributes of files: Landlock does not cover them, files of other slots
	// have the same owner, and the compile cache may share an executable with other submissions.
	"fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat",
	"removexattr", "lremovexattr", "fremovexattr", "removexattrat",
	// Kernel objects that outlive a run.
	"shmget", "shmat", "shmctl", "semget", "semop", "semctl", "semtimedop", "msgget", "msgsnd", "msgrcv", "msgctl",
	"mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr",
	"add_key", "request_key", "keyctl",
	// Watching the directories of other slots.
	"inotify_add_watch", "fanotify_init", "fanotify_mark",
	// The machine.
	"bpf", "perf_event_open", "userfaultfd", "personality", "quotactl", "quotactl_fd", "lsm_set_self_attr", "swapon", "swapoff", "reboot", "kexec_load",
	"init_module", "finit_module", "delete_module", "syslog", "acct", "settimeofday", "clock_settime", "clock_adjtime",
	"adjtimex", "sethostname", "setdomainname", "vhangup", "lookup_dcookie", "nfsservctl",
	"sched_setattr", "ioprio_set",
}

var deniedCallsAMD64 = []string{"chmod", "chown", "lchown", "kexec_file_load", "iopl", "ioperm", "modify_ldt", "uselib", "create_module",
	"inotify_init", "mknod"}

// unimplementedCalls return ENOSYS: runtimes try them and fall back. No rlimit counts memfd and
// shared anonymous memory, and unmapped they do not show in a resident set, so runs may not have
// them.
var unimplementedCalls = []string{"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_create", "memfd_secret"}

// namespaces are the CLONE_NEW* flags of clone(2).
var namespaces = []uint64{unix.CLONE_NEWNS, unix.CLONE_NEWCGROUP, unix.CLONE_NEWUTS, unix.CLONE_NEWIPC, unix.CLONE_NEWUSER,
	unix.CLONE_NEWPID, unix.CLONE_NEWNET}

func policy(o Options) seccomp.Policy {
	eperm := seccomp.SyscallGroup{Action: seccomp.ActionErrno, Names: append([]string(nil), deniedCalls...)}
	if runtime.GOARCH == "amd64" {
		eperm.Names = append(eperm.Names, deniedCallsAMD64...)
	}
	if o.NoTruncate {
		eperm.Names = append(eperm.Names, "truncate")
	}
	when := func(name string, conditions ...seccomp.Condition) {
		eperm.NamesWithCondtions = append(eperm.NamesWithCondtions,
			seccomp.NameWithConditions{Name: name, Conditions: conditions})
	}
	for _, flag := range namespaces {
		when("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: flag})
	}
	// Connected pairs are allowed in the one family that reaches no other process.
	when("socketpair", seccomp.Condition{Argument: 0, Operation: seccomp.NotEqual, Value: unix.AF_UNIX})
	// Only stream pairs: a datagram socket of a pair can send to any address, and receive when its
	// peer is closed. SOCK_DGRAM is 2; SOCK_RAW, which Linux treats as SOCK_DGRAM here, is 3.
	when("socketpair", seccomp.Condition{Argument: 1, Operation: seccomp.BitsSet, Value: unix.SOCK_DGRAM})
	when("setpgid", seccomp.Condition{Argument: 2, Operation: seccomp.NotEqual, Value: o.GroupToken})
	// MAP_SHARED is 1 and MAP_SHARED_VALIDATE is 3: both have bit 0.
	when("mmap", seccomp.Condition{Argument: 3, Operation: seccomp.BitsSet, Value: unix.MAP_SHARED},
		seccomp.Condition{Argument: 3, Operation: seccomp.BitsSet, Value: unix.MAP_ANON})
	when("prlimit64", seccomp.Condition{Argument: 0, Operation: seccomp.NotEqual, Value: 0},
		seccomp.Condition{Argument: 2, Operation: seccomp.NotEqual, Value: 0})
	return seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls:      []seccomp.SyscallGroup{eperm, {Action: actionNoSuchCall, Names: unimplementedCalls}},
	}
}

func groupPolicy(token uint64) seccomp.Policy {
	return seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{{
			Action: seccomp.ActionErrno,
			Names:  []string{"setsid"},
			NamesWithCondtions: []seccomp.NameWithConditions{{Name: "setpgid", Conditions: seccomp.ArgumentConditions{
				{Argument: 2, Operation: seccomp.NotEqual, Value: token}}}},
		}},
	}
}
