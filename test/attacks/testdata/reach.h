// What a hostile submission reads and calls. No call does harm if nothing refuses it: it has no target,
// or arguments that the kernel rejects.
static void refuse_read(const char *path) {
	int f = open(path, O_RDONLY);
	if (f >= 0) { escaped(path); close(f); }
}
// the whole process table: other runs, the executor, its supervisor and others
static void read_processes(void) {
	char path[256], what[64];
	const char *names[] = {"environ", "mem", "maps", "fd", "root/etc/passwd", "cwd", "cmdline"};
	for (pid_t p = 1; p < getpid() + 64; p++) {
		snprintf(path, sizeof path, "/proc/%d", p);
		if (p == getpid() || access(path, F_OK)) continue;
		for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
			snprintf(path, sizeof path, "/proc/%d/%s", p, names[i]);
			int f = open(path, O_RDONLY);
			if (f < 0) continue;
			snprintf(what, sizeof what, "%s of another process", names[i]);
			escaped(what);
			close(f);
		}
	}
}
// the directories of other slots, beside its own
static void read_slots(void) {
	char here[4096], path[64];
	if (!getcwd(here, sizeof here)) exit(9);
	for (int w = 0; w < 4; w++) for (int s = 0; s < 4; s++) {
		char slot[8];
		snprintf(slot, sizeof slot, "w%ds%d", w, s);
		if (strstr(here, slot)) continue;
		for (int i = 0; i < 2; i++) {
			snprintf(path, sizeof path, "../../%s/%s", slot, i ? "store" : "box");
			int f = open(path, O_RDONLY);
			if (f >= 0) { escaped(i ? "another slot's store" : "another slot's box"); close(f); }
		}
	}
	int f = open("../../cache", O_RDONLY);
	if (f >= 0) { escaped("compile cache"); close(f); }
}
static void read_others(void) {
	read_processes();
	read_slots();
	refuse_read("/proc/self/environ");
	refuse_read("/etc/shadow");
	refuse_read("/var/run/secrets/kubernetes.io");
	refuse_read("/tmp");
	refuse_read("/dev/shm");
	refuse_read("/root");
	refuse_read("..");
	int other = open(arg, O_RDONLY);
	if (other >= 0) { escaped("another's file"); close(other); }
	if (open("/dev/shm/escaped", O_CREAT | O_WRONLY, 0600) >= 0) escaped("write to /dev/shm");
	if (open("../escaped", O_CREAT | O_WRONLY, 0600) >= 0) escaped("write beside the box");
	if (open("/tmp/escaped", O_CREAT | O_WRONLY, 0600) >= 0) escaped("write to /tmp");
	if (truncate(arg, 0) == 0) escaped("truncate of another's file");
	if (unlink(arg) == 0) escaped("unlink of another's file");
	if (link(arg, "stolen") == 0) escaped("link to another's file");
	puts("tried");
}
static void reach_sockets(void) {
	struct { int number; const char *name; } families[] = {{AF_UNIX, "unix"}, {AF_INET, "IPv4"}, {AF_INET6, "IPv6"},
		{AF_NETLINK, "netlink"}, {AF_PACKET, "packet"}, {AF_VSOCK, "vsock"}, {AF_ALG, "crypto"}, {AF_BLUETOOTH, "bluetooth"},
		{AF_TIPC, "TIPC"}, {AF_CAN, "CAN"}, {AF_XDP, "XDP"}};
	struct { int number; const char *name; } kinds[] = {{SOCK_STREAM, "stream"}, {SOCK_DGRAM, "datagram"}, {SOCK_RAW, "raw"},
		{SOCK_SEQPACKET, "packet"}};
	char what[64];
	for (unsigned i = 0; i < sizeof families / sizeof *families; i++)
		for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			snprintf(what, sizeof what, "%s %s socket", families[i].name, kinds[k].name);
			int s = socket(families[i].number, kinds[k].number, 0);
			refused(what, s, EPERM);
			if (s >= 0) close(s); // creating it is enough: it is never connected
		}
	refused("MPTCP socket", socket(AF_INET, SOCK_STREAM, 262), EPERM);
	refused("socket for the metadata address", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP), EPERM);
	refused("socket for the API server", socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP), EPERM);
	struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	refused("connect", connect(0, (struct sockaddr *)&loopback, sizeof loopback), EPERM);
	refused("bind", bind(0, (struct sockaddr *)&loopback, sizeof loopback), EPERM);
	refused("listen", listen(0, 1), EPERM);
	refused("accept", accept(0, 0, 0), EPERM);
	int pair[2];
	struct sockaddr_un hidden = {.sun_family = AF_UNIX, .sun_path = "\0escaped"};
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) escaped("no socketpair at all");
	refused("abstract address", bind(pair[0], (struct sockaddr *)&hidden, sizeof hidden), EPERM);
	refused("connect by a pair", connect(pair[0], (struct sockaddr *)&hidden, sizeof hidden), EPERM);
	// one end can send to any address, and receive from any after its peer is closed
	refused("datagram pair", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), EPERM);
	refused("raw pair", socketpair(AF_UNIX, SOCK_RAW | SOCK_CLOEXEC, 0, pair), EPERM);
}
static void reach_out(void) {
	for (int f = 3; f < 1024; f++) if (fcntl(f, F_GETFD) >= 0) escaped("descriptor");
	reach_sockets();
	// Of a process that is not traced: ESRCH to the kernel, and no process stops.
	refused("ptrace", ptrace(PTRACE_CONT, getppid(), 0, 0), EPERM);
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)main_address, 1};
	refused("process_vm_readv", process_vm_readv(getpid(), &here, 1, &there, 1, 0), EPERM);
	refused("process_vm_writev", process_vm_writev(getpid(), &here, 1, &here, 1, 0), EPERM);
	int process = syscall(SYS_pidfd_open, getpid(), 0);
	refused("pidfd_getfd", syscall(SYS_pidfd_getfd, process, 0, 0), EPERM);
	refused("signal by pidfd", syscall(SYS_pidfd_send_signal, process, 0, 0, 0), EPERM);
	refused("limits of others", syscall(SYS_prlimit64, getppid(), -1, &(struct rlimit){64, 64}, 0), EPERM);
	refused("user namespace", unshare(CLONE_NEWUSER | CLONE_SIGHAND), EPERM);
	refused("namespace of another", setns(-1, CLONE_NEWUSER), EPERM);
	const struct { int flag; const char *name; } spaces[] = {{CLONE_NEWUSER, "user"}, {CLONE_NEWNS, "mount"}, {CLONE_NEWPID, "pid"},
		{CLONE_NEWNET, "network"}, {CLONE_NEWIPC, "ipc"}, {CLONE_NEWUTS, "uts"}, {CLONE_NEWCGROUP, "cgroup"}};
	for (unsigned i = 0; i < sizeof spaces / sizeof *spaces; i++) {
		char what[64];
		snprintf(what, sizeof what, "child in a %s namespace", spaces[i].name);
		// CLONE_SIGHAND without CLONE_VM is EINVAL to the kernel, so no process starts without the filter.
		refused(what, syscall(SYS_clone, spaces[i].flag | CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EPERM);
	}
	refused("clone3", syscall(435, 0, 0), ENOSYS);
	refused("mount", syscall(SYS_mount, 0, 0, 0, 0, 0), EPERM);
	refused("chroot", chroot("nothing"), EPERM);
	refused("keyctl", syscall(SYS_keyctl, 0, -3, 1), EPERM);
	refused("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3), EPERM);
	refused("request_key", syscall(SYS_request_key, "user", "x", 0, -3), EPERM);
	int shm = syscall(SYS_shmget, 0, 4096, 0600);
	refused("shmget", shm, EPERM);
	if (shm >= 0) shmctl(shm, IPC_RMID, 0);
	refused("semget", syscall(SYS_semget, 0x5eed, 1, 0), EPERM);
	refused("msgget", syscall(SYS_msgget, 0x5eed, 0), EPERM);
	int queue = syscall(SYS_mq_open, "escaped", O_CREAT | O_RDWR, 0600, 0);
	refused("mq_open", queue, EPERM);
	if (queue >= 0) syscall(SYS_mq_unlink, "escaped");
	refused("perf_event_open", syscall(SYS_perf_event_open, 0, 0, -1, -1, 0), EPERM);
	refused("chmod", chmod("nothing", 0777), EPERM);
	refused("fchmodat2", syscall(452, AT_FDCWD, "nothing", 0777, 0), EPERM);
	refused("chown", chown("nothing", 0, 0), EPERM);
	refused("setxattr", syscall(SYS_setxattr, "nothing", "user.x", 0, 0, 0), EPERM);
	refused("setxattrat", syscall(463, AT_FDCWD, "nothing", 0, "user.x", 0, 0), EPERM);
	refused("inotify", syscall(SYS_inotify_add_watch, 0, ".", 1), EPERM);
	refused("bpf", syscall(SYS_bpf, 0, 0, 0), EPERM);
	refused("io_uring", syscall(SYS_io_uring_setup, 1, 0), ENOSYS);
	refused("userfaultfd", syscall(SYS_userfaultfd, -1), EPERM);
	refused("a call newer than the list", syscall(511, 0), ENOSYS);
	struct rlimit data, raised;
	getrlimit(RLIMIT_DATA, &data);
	raised = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	if (setrlimit(RLIMIT_DATA, &raised) == 0) escaped("raising a limit");
#ifdef __x86_64__
	long r = 39 | 0x40000000;
	refused("x32 call", syscall(r), ENOSYS);
#endif
	puts("tried");
}
