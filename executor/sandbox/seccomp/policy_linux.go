package seccomp

import (
	"runtime"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// refused answer EPERM: no ordinary program calls them, or it copes.
var refused = []string{
	// Other processes of the same user.
	"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise", "process_mrelease",
	"pidfd_send_signal", "move_pages", "migrate_pages",
	// The process group is how the tree is found, killed and charged.
	"setsid",
	// Sockets; Landlock knows TCP only.
	"socket", "bind", "listen", "connect", "accept", "accept4",
	// Namespaces, mounts, roots.
	"unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig",
	"fsmount", "fspick", "mount_setattr", "statmount", "listmount", "name_to_handle_at", "open_by_handle_at",
	// Modes, owners and attributes of files: Landlock does not cover them, other slots' files have the same owner, and an
	// executable that is open for reading may be one that the compile cache shares with other submissions.
	"fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat",
	"removexattr", "lremovexattr", "fremovexattr", "removexattrat",
	// What is left behind when a run ends.
	"shmget", "shmat", "shmctl", "semget", "semop", "semctl", "semtimedop", "msgget", "msgsnd", "msgrcv", "msgctl",
	"mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr",
	"add_key", "request_key", "keyctl",
	// Watching other slots' directories.
	"inotify_add_watch", "fanotify_init", "fanotify_mark",
	// The machine.
	"bpf", "perf_event_open", "userfaultfd", "personality", "quotactl", "quotactl_fd", "lsm_set_self_attr", "swapon", "swapoff", "reboot", "kexec_load",
	"init_module", "finit_module", "delete_module", "syslog", "acct", "settimeofday", "clock_settime", "clock_adjtime",
	"adjtimex", "sethostname", "setdomainname", "vhangup", "lookup_dcookie", "nfsservctl",
	"sched_setattr", "ioprio_set",
}

var refusedAMD64 = []string{"chmod", "chown", "lchown", "kexec_file_load", "iopl", "ioperm", "modify_ldt", "uselib", "create_module",
	"inotify_init", "mknod"}

// absent answer ENOSYS: runtimes ask for them first and fall back. memfd and shared anonymous memory are counted by no
// rlimit and leave no trace in a resident set once unmapped, so a run may not have them.
var absent = []string{"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_create", "memfd_secret"}

// namespaces are the CLONE_NEW* flags of clone(2).
var namespaces = []uint64{unix.CLONE_NEWNS, unix.CLONE_NEWCGROUP, unix.CLONE_NEWUTS, unix.CLONE_NEWIPC, unix.CLONE_NEWUSER,
	unix.CLONE_NEWPID, unix.CLONE_NEWNET}

func policy(o Options) seccomp.Policy {
	eperm := seccomp.SyscallGroup{Action: seccomp.ActionErrno, Names: append([]string(nil), refused...)}
	if runtime.GOARCH == "amd64" {
		eperm.Names = append(eperm.Names, refusedAMD64...)
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
	// Connected pairs stay, of the one family that reaches nobody else.
	when("socketpair", seccomp.Condition{Argument: 0, Operation: seccomp.NotEqual, Value: unix.AF_UNIX})
	// Of these only streams: a pair of datagram sockets can send to any address, and be sent to when one end is gone.
	// SOCK_DGRAM is 2 and SOCK_RAW, which Linux takes for the same, 3.
	when("socketpair", seccomp.Condition{Argument: 1, Operation: seccomp.BitsSet, Value: unix.SOCK_DGRAM})
	when("setpgid", seccomp.Condition{Argument: 2, Operation: seccomp.NotEqual, Value: o.GroupToken})
	// MAP_SHARED is 1 and MAP_SHARED_VALIDATE 3: both have bit 0.
	when("mmap", seccomp.Condition{Argument: 3, Operation: seccomp.BitsSet, Value: unix.MAP_SHARED},
		seccomp.Condition{Argument: 3, Operation: seccomp.BitsSet, Value: unix.MAP_ANON})
	when("prlimit64", seccomp.Condition{Argument: 0, Operation: seccomp.NotEqual, Value: 0},
		seccomp.Condition{Argument: 2, Operation: seccomp.NotEqual, Value: 0})
	return seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls:      []seccomp.SyscallGroup{eperm, {Action: noSuchCall, Names: absent}},
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
