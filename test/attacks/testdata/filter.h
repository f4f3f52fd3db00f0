// What a hostile submission does by single system calls: to the executor and to other runs, to counters
// that all runs share, and to memory of the kernel that no process shows. No call does harm if nothing
// refuses it: it sets what is set already, or has arguments that the kernel rejects.
#include <sys/prctl.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <linux/fs.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <utime.h>

// as the kernel's clock ids: the CPU clock of another process
static clockid_t clock_of(pid_t p) { return (clockid_t)(~(unsigned)p << 3 | 2); }

static void demote(void) {
	pid_t executor = getppid();
	struct sched_param none = {0};
	cpu_set_t all;
	sched_getaffinity(executor, sizeof all, &all);
	refused("nice value of the executor", setpriority(PRIO_PROCESS, executor, 0), EPERM);
	refused("nice value of a user", setpriority(PRIO_USER, 4711471, 0), EPERM);
	refused("nice value of a group", setpriority(PRIO_PGRP, 4711471, 0), EPERM);
	refused("nice value of its own group", setpriority(PRIO_PGRP, 0, 0), EPERM);
	refused("scheduling class of the executor", sched_setscheduler(executor, SCHED_OTHER, &none), EPERM);
	refused("scheduling parameters of the executor", sched_setparam(executor, &none), EPERM);
	refused("processors of the executor", sched_setaffinity(executor, sizeof all, &all), EPERM);
	refused("scheduling attributes", syscall(SYS_sched_setattr, executor, 0, 0), EPERM);
	refused("disk priority of the executor", syscall(SYS_ioprio_set, 1, executor, 2 << 13 | 4), EPERM);
	if (sched_setscheduler(0, SCHED_OTHER, &none) == 0) escaped("leaving the idle class"); // the kernel refuses it
	if (setpriority(PRIO_PROCESS, 0, -1) == 0) escaped("a higher priority");
	// the upper half of the register, which the kernel ignores, does not hide another process
	refused("processors by a wide register", syscall(SYS_sched_setaffinity, executor | 1l << 32, sizeof all, &all), EPERM);
	puts("tried");
}

static void leave_times(void) {
	char path[4096] = "";
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) exit(9);
	int self = open(path, O_RDONLY), box = open(".", O_RDONLY);
	struct stat was;
	if (self < 0 || box < 0 || fstat(self, &was)) exit(9);
	struct timespec now[2] = {was.st_atim, was.st_mtim};
	struct timeval coarse[2] = {{was.st_atime}, {was.st_mtime}};
	struct utimbuf seconds = {was.st_atime, was.st_mtime};
	refused("times of the program", utimensat(AT_FDCWD, path, now, 0), EPERM);
	refused("times of the program by descriptor", futimens(self, now), EPERM);
	refused("times of the box", futimens(box, now), EPERM);
#ifdef SYS_utime
	refused("utime", syscall(SYS_utime, path, &seconds), EPERM);
	refused("utimes", syscall(SYS_utimes, path, coarse), EPERM);
	refused("futimesat", syscall(SYS_futimesat, AT_FDCWD, path, coarse), EPERM);
#endif
	int flags = FS_NODUMP_FL;
	unsigned long long hint = 3;
	struct fsxattr attributes = {0};
	refused("flags of the program", ioctl(self, FS_IOC_SETFLAGS, &flags), ENOTTY);
	refused("flags of the box", ioctl(box, FS_IOC_SETFLAGS, &flags), ENOTTY);
	refused("attributes by ioctl", ioctl(self, FS_IOC_FSSETXATTR, &attributes), ENOTTY);
	refused("flags by a wide register", syscall(SYS_ioctl, self, FS_IOC_SETFLAGS | 1l << 32, &flags), ENOTTY);
	refused("hint on the program", fcntl(self, F_SET_RW_HINT, &hint), EPERM);
	refused("hint by a wide register", syscall(SYS_fcntl, self, F_SET_RW_HINT | 1l << 32, &hint), EPERM);
	puts("tried");
}

// a lock must succeed and must not exist
static void lock_file(const char *path, const char *what) {
	char text[64];
	int first = open(path, O_RDONLY), second = open(path, O_RDONLY);
	if (first < 0 || second < 0) return;
	snprintf(text, sizeof text, "lock on %s", what);
	if (flock(first, LOCK_EX) || flock(second, LOCK_EX | LOCK_NB)) escaped(text);
	struct flock range = {.l_type = F_RDLCK, .l_start = 4711, .l_len = 1};
	snprintf(text, sizeof text, "range lock on %s", what);
	if (fcntl(first, F_OFD_SETLK, &range)) escaped(text);
	range = (struct flock){.l_type = F_WRLCK, .l_start = 4711, .l_len = 1};
	if (fcntl(second, F_OFD_GETLK, &range) || range.l_type != F_UNLCK) escaped(text);
	close(first);
	close(second);
}
static void leave_locks(void) {
	char path[4096] = "";
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) exit(9);
	lock_file(path, "the program");
	lock_file("/dev/null", "/dev/null");
	lock_file("/usr/share/zoneinfo/UTC", "a file of the image");
	refused("signal number of stdin", fcntl(0, F_SETSIG, SIGUSR1), EPERM);
	refused("owner of stdin", fcntl(0, F_SETOWN, getpid()), EPERM);
	refused("lease", fcntl(0, F_SETLEASE, F_UNLCK), EPERM);
	refused("notice of changes", fcntl(0, F_NOTIFY, 0), EPERM);
	puts("tried");
}

static void watch_others(void) {
	pid_t executor = getppid();
	struct timespec t;
	struct rlimit limit;
	struct statfs volume;
	struct ifreq interface = {.ifr_ifindex = 1};
	int pair[2];
	refused("descriptor of the executor", syscall(SYS_pidfd_open, executor, 0), EPERM);
	refused("CPU clock of the executor", syscall(SYS_clock_gettime, clock_of(executor), &t), EINVAL);
	refused("CPU clock by a wide register", syscall(SYS_clock_gettime, 1l << 40 | (unsigned)clock_of(executor), &t), EINVAL);
	refused("resolution of the executor's clock", syscall(SYS_clock_getres, clock_of(executor), &t), EINVAL);
	refused("limits of the executor", syscall(SYS_prlimit64, executor, RLIMIT_STACK, 0, &limit), EPERM);
	errno = 0;
	refused("nice value of the executor", getpriority(PRIO_PROCESS, executor), EPERM);
	refused("disk priority of the executor", syscall(SYS_ioprio_get, 1, executor), EPERM);
	refused("free space of the volume", statfs(".", &volume), ENOSYS);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) escaped("no socketpair at all");
	refused("network interfaces", ioctl(pair[0], SIOCGIFNAME, &interface), ENOTTY);
	// clone returns a descriptor of a child, so a run has one without pidfd_open
	int process = -1;
	pid_t child = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &process, 0, 0);
	if (child == 0) _exit(0);
	struct { unsigned long long mask, rest[16]; } info = {.mask = 7};
	refused("information on a process", ioctl(process, _IOWR(0xFF, 11, info), &info), ENOTTY);
	waitpid(child, 0, 0);
	if (clock_gettime(clock_of(0), &t)) escaped("no CPU clock of its own");
	puts("tried");
}

static void exhaust(void) {
	timer_t timer;
	struct sigevent silent = {.sigev_notify = SIGEV_NONE};
	unsigned long context = 0;
	union sigval value = {0};
	refused("timer", syscall(SYS_timer_create, CLOCK_MONOTONIC, &silent, &timer), EPERM);
	refused("inotify instance", inotify_init1(0), EPERM);
	refused("aio context", syscall(SYS_io_setup, 1, &context), EPERM);
	refused("queued signal", sigqueue(getpid(), 0, value), EPERM);
	int ends[2];
	if (pipe(ends)) exit(9);
	refused("size of a pipe", fcntl(ends[1], F_SETPIPE_SZ, 4096), EPERM);
	puts("tried");
}

static void hide_memory(void) {
	int ends[2], pair[2];
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec one = {&byte, 1};
	if (pipe(ends) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) exit(9);
	refused("page in a pipe", vmsplice(ends[1], &one, 1, 0), EPERM);
	refused("splice", splice(ends[0], 0, ends[1], 0, 1, SPLICE_F_NONBLOCK), EPERM);
	int program_file = open("/proc/self/exe", O_RDONLY);
	if (program_file < 0) program_file = open("/usr/share/zoneinfo/UTC", O_RDONLY);
	refused("pages of a file in a pipe", syscall(SYS_sendfile, ends[1], program_file, 0, 4096), EINVAL);
	refused("tee", tee(ends[0], ends[1], 1, SPLICE_F_NONBLOCK), EPERM);
	struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET, head->cmsg_type = SCM_RIGHTS, head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &ends[0], sizeof(int));
	refused("descriptor in a socket", sendmsg(pair[0], &message, MSG_DONTWAIT), EPERM);
	refused("descriptors in a socket", sendmmsg(pair[0], (struct mmsghdr *)0, 0, 0), EPERM);
	int size = 1 << 16;
	refused("size of a socket", setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), EPERM);
	struct { unsigned long files, net; } rights = {0, 3};
	int rules = syscall(444, &rights, sizeof rights, 0);
	refused("landlock ruleset", rules, EPERM);
	refused("landlock rule", syscall(445, rules, 2, &rights, 0), EPERM);
	refused("landlock domain", syscall(446, -1, 0), EPERM);
	struct sock_filter pass = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog program = {1, &pass};
	refused("seccomp filter", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), EPERM);
	refused("seccomp filter by prctl", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), EPERM);
	refused("hidden memory map", prctl(PR_SET_DUMPABLE, 1), EPERM);
	refused("reaper of its own", prctl(PR_SET_CHILD_SUBREAPER, 0), EPERM);
	errno = 0;
	void *huge = mmap(0, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 63u << 26, -1, 0);
	refused("huge pages", huge == MAP_FAILED ? -1 : 0, EPERM);
	refused("merged pages", madvise(main_address, 0, MADV_MERGEABLE) ? -1 : 0, EINVAL);
	// CLONE_SIGHAND without CLONE_VM, and one place for two results, are EINVAL to the kernel
	refused("sibling", syscall(SYS_clone, CLONE_PARENT | CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EPERM);
	refused("process with the same memory", syscall(SYS_clone, CLONE_VM | CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &size, &size, 0), EPERM);
	puts("tried");
}

#define FILTER_WAYS {"demote", demote}, {"leave-times", leave_times}, {"leave-locks", leave_locks}, {"watch-others", watch_others}, \
	{"exhaust", exhaust}, {"hide-memory", hide_memory}
