// Makers of pipes, socket pairs, events, timers, filters and everything else behind a descriptor.
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

static long one_pipe(long kib) {
	int p[2];
	if (pipe2(p, O_NONBLOCK)) return 0;
	if (kib > 64) fcntl(p[1], F_SETPIPE_SZ, kib * KIB);
	fill(p[1], kib);
	return 1;
}
static long op_pipes(long n, long kib) { return times(n, one_pipe, kib); }

static long one_pair(long kib) {
	int s[2], size = 1 << 30;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s)) return 0;
	for (int i = 0; i < 2; i++) {
		if (kib > 200) setsockopt(s[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		fill(s[i], kib);
	}
	return 1;
}
static long op_pairs(long n, long kib) { return times(n, one_pair, kib); }

static long one_small_message(long b) {
	static __thread int s[2], open_pair;
	if (!open_pair && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s)) return 0;
	open_pair = 1;
	return write(s[0], "x", 1) == 1;
}
static long op_messages(long n, long b) { return times(n, one_small_message, 0); }

// Sends descriptors of unlinked files over a pair that nobody reads, and closes them.
static long op_in_flight(long n, long kib) {
	int s[2];
	long made = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s)) return 0;
	for (; made < n; made++) {
		const char *f = name();
		int fd = open(f, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0) break;
		unlink(f);
		fill(fd, kib);
		char control[CMSG_SPACE(sizeof fd)] = {0};
		struct iovec v = {"x", 1};
		struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
		long r = sendmsg(s[0], &h, 0);
		close(fd);
		if (r < 0) break;
	}
	return made;
}

static long op_epoll(long n, long events) {
	static int event[512];
	long made = 0, k = 0;
	for (; k < events && k < 512; k++)
		if ((event[k] = eventfd(0, EFD_NONBLOCK)) < 0) break;
	for (long i = 0; i < n; i++) {
		int e = epoll_create1(0);
		if (e < 0) break;
		for (long j = 0; j < k; j++) {
			struct epoll_event x = {.events = EPOLLIN | EPOLLET};
			if (!epoll_ctl(e, EPOLL_CTL_ADD, event[j], &x)) made++;
		}
	}
	return made;
}

static long one_event(long b) { return eventfd(b, 0) >= 0; }
static long op_events(long n, long b) { return times(n, one_event, b); }

static long one_timer_descriptor(long us) {
	struct itimerspec t = {{0, us * 1000}, {0, us * 1000}};
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	return fd >= 0 && !timerfd_settime(fd, 0, &t, 0);
}
static long op_timer_descriptors(long n, long us) { return times(n, one_timer_descriptor, us); }

static long one_signal_descriptor(long b) {
	sigset_t set;
	sigfillset(&set);
	return signalfd(-1, &set, 0) >= 0;
}
static long op_signal_descriptors(long n, long b) { return times(n, one_signal_descriptor, 0); }

static long one_timer(long us) {
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3};
	struct itimerspec t = {{0, us * 1000}, {0, us * 1000}};
	timer_t id;
	signal(SIGRTMIN + 3, SIG_IGN);
	return !timer_create(CLOCK_MONOTONIC, &e, &id) && !timer_settime(id, 0, &t, 0);
}
static long op_timers(long n, long us) { return times(n, one_timer, us); }

static long op_interval(long us, long which) {
	struct itimerval t = {{0, us}, {0, us}};
	signal(SIGALRM, SIG_IGN);
	signal(SIGVTALRM, SIG_IGN);
	signal(SIGPROF, SIG_IGN);
	return !setitimer(which % 3, &t, 0);
}

// Queues signals that are blocked.
static long one_signal(long b) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 5);
	sigprocmask(SIG_BLOCK, &set, 0);
	return !sigqueue(getpid(), SIGRTMIN + 5, (union sigval){.sival_int = b});
}
static long op_queued_signals(long n, long b) { return times(n, one_signal, b); }

static long one_watcher(long watches) {
	int fd = inotify_init1(IN_NONBLOCK);
	if (fd < 0) return 0;
	for (long i = 0; i < watches; i++) {
		const char *f = name();
		if (mkdir(f, 0700) || inotify_add_watch(fd, f, IN_ALL_EVENTS) < 0) break;
	}
	return 1;
}
static long op_watchers(long n, long watches) { return times(n, one_watcher, watches); }

static long one_queue(long entries) {
	aio_context_t context = 0;
	return !syscall(SYS_io_setup, entries, &context);
}
static long op_aio(long n, long entries) { return times(n, one_queue, entries); }

static long op_landlock(long n, long b) {
	struct { uint64_t files, network; } a = {0, 3};
	int fd = syscall(444, &a, sizeof a, 0);
	long made = 0;
	for (; fd >= 0 && made < n; made++) {
		struct { uint64_t access, port; } rule = {1, made % 65536};
		if (syscall(445, fd, 2, &rule, 0)) break;
	}
	return made;
}

static long one_filter(long length) {
	static struct sock_filter f[4096];
	if (length > 4095) length = 4095;
	for (long i = 0; i < length; i++) f[i] = (struct sock_filter){BPF_ALU | BPF_XOR | BPF_K, 0, 0, 0x12345678 + i};
	f[length] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog program = {length + 1, f};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
static long op_filters(long n, long length) { return times(n, one_filter, length); }

static long op_splice(long n, long kib) {
	int p[2], fd = make(0);
	long made = 0;
	if (fd < 0) return 0;
	fill(fd, kib);
	for (; made < n && !pipe2(p, O_NONBLOCK); made++) {
		loff_t offset = 0;
		if (splice(fd, &offset, p[1], 0, kib * KIB, SPLICE_F_NONBLOCK) < 0) break;
	}
	return made;
}

static long op_tee(long n, long kib) {
	int p[2], q[2];
	long made = 0;
	if (pipe2(p, O_NONBLOCK)) return 0;
	fill(p[1], kib);
	for (; made < n && !pipe2(q, O_NONBLOCK); made++)
		if (tee(p[0], q[1], kib * KIB, SPLICE_F_NONBLOCK) < 0) break;
	return made;
}

// Pins pages in pipes, and unmaps them. With huge pages each byte pins 2 MiB.
static long op_vmsplice(long n, long huge) {
	long made = 0, size = huge ? 2 * HUGE : PAGE;
	int p[2];
	for (; made < n; made++) {
		if (made % 16 == 0 && pipe2(p, O_NONBLOCK)) break;
		char *m = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		if (m == MAP_FAILED) break;
		char *a = huge ? (char *)(((uintptr_t)m + HUGE - 1) & ~(uintptr_t)(HUGE - 1)) : m;
		if (huge) madvise(a, HUGE, MADV_HUGEPAGE);
		a[0] = 1;
		struct iovec v = {a, 1};
		long r = vmsplice(p[1], &v, 1, 0);
		munmap(m, size);
		if (r < 0) break;
	}
	return made;
}

// Objects that outlive their process, that belong to the user, or that no contestant needs.
static long one_special(long kind) {
	static char zero[128];
	switch (kind % 14) {
	case 0: return shmget(IPC_PRIVATE, 64 * KIB, 0600) >= 0;
	case 1: return syscall(SYS_semget, IPC_PRIVATE, 32, 0600) >= 0;
	case 2: return syscall(SYS_msgget, IPC_PRIVATE, 0600) >= 0;
	case 3: return syscall(SYS_mq_open, name(), O_CREAT | O_RDWR, 0600, 0) >= 0;
	case 4: return syscall(SYS_add_key, "user", name(), block, 1024, -2) >= 0;
	case 5: return syscall(SYS_io_uring_setup, 256, zero) >= 0;
	case 6: return syscall(SYS_userfaultfd, 1) >= 0;
	case 7: return syscall(SYS_perf_event_open, zero, 0, -1, -1, 0) >= 0;
	case 8: return syscall(SYS_bpf, 0, zero, sizeof zero) >= 0;
	case 9: return socket(AF_INET, SOCK_DGRAM, 0) >= 0;
	case 10: return syscall(434 /* pidfd_open */, getppid(), 0) >= 0;
	case 11: return syscall(SYS_fanotify_init, 0, 0) >= 0;
	case 12: return syscall(447 /* memfd_secret */, 0) >= 0;
	default: return socketpair(AF_UNIX, SOCK_DGRAM, 0, (int[2]){0, 0}) == 0;
	}
}
static long op_special(long n, long kind) { return times(n, one_special, kind); }
