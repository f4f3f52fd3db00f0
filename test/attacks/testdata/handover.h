// The ways in which one run could hand a bit to a later run: of the same slot, of another slot, of the
// same source. The arguments are "hand-over", a way, and "put" or "get". "get" prints what it finds.
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/xattr.h>

enum { KEY = 0x5eed17 };
static const char *self_path(void) {
	static char path[4096];
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) exit(9);
	return path;
}
static struct stat status_of(const char *path) {
	struct stat s = {0};
	stat(path, &s);
	return s;
}
static void put_times(const char *path) {
	struct timespec t[2] = {{4711, 1}, {4712, 2}};
	utimensat(AT_FDCWD, path, t, 0);
}
static long get_mtime(const char *path) { return status_of(path).st_mtime == 4712; }
static void read_file(const char *path) {
	char b[64];
	int f = open(path, O_RDONLY);
	if (f >= 0 && read(f, b, sizeof b) < 0) exit(9);
	DIR *d = opendir(path);
	while (d && readdir(d)) {}
}
static long get_atime(const char *path) { return status_of(path).st_atim.tv_nsec; }
static void put_flags(const char *path) { int n = FS_NODUMP_FL; ioctl(open(path, O_RDONLY), FS_IOC_SETFLAGS, &n); }
static long get_flags(const char *path) { int n = 0; return ioctl(open(path, O_RDONLY), FS_IOC_GETFLAGS, &n) ? 0 : n; }
static void put_hint(const char *path) { unsigned long long n = 3; fcntl(open(path, O_RDONLY), F_SET_RW_HINT, &n); }
static long get_hint(const char *path) { unsigned long long n = 0; return fcntl(open(path, O_RDONLY), F_GET_RW_HINT, &n) ? 0 : n; }
static void put_mode(const char *path) { chmod(path, 0755); }
static long get_mode(const char *path) { return status_of(path).st_mode; }
static void put_attribute(const char *path) { setxattr(path, "user.bit", "1", 1, 0); }
static long get_attribute(const char *path) { char b[8]; return getxattr(path, "user.bit", b, sizeof b) > 0; }
static void put_link(const char *path) { if (link(path, "link")) symlink(path, "link"); }
static long get_links(const char *path) { return status_of(path).st_nlink; }
static void put_name(const char *path) { mkdir(path, 0700); }
static long get_name(const char *path) { return access(path, F_OK) == 0; }

static void put_flock(const char *x) { flock(0, LOCK_EX | LOCK_NB); }
static long get_flock(const char *x) { return flock(open("/dev/null", O_RDONLY), LOCK_EX | LOCK_NB) != 0; }
static void put_range(const char *x) {
	struct flock l = {.l_type = F_RDLCK, .l_start = 4711, .l_len = 1};
	fcntl(0, F_OFD_SETLK, &l);
}
static long get_range(const char *x) {
	struct flock l = {.l_type = F_WRLCK, .l_start = 4711, .l_len = 1};
	return fcntl(open("/dev/null", O_RDWR), F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}
static void put_signal(const char *x) { fcntl(0, F_SETSIG, 42); }
static long get_signal(const char *x) { return fcntl(0, F_GETSIG); }
static void put_stdin(const char *x) { fcntl(0, F_SETFL, O_APPEND | O_NONBLOCK); }
static long get_stdin(const char *x) { return fcntl(0, F_GETFL) & (O_APPEND | O_NONBLOCK); }
static void put_offset(const char *x) { lseek(0, 4711, SEEK_SET); }
static long get_offset(const char *x) { return lseek(0, 0, SEEK_CUR); }

static void put_shm(const char *x) { syscall(SYS_shmget, KEY, 4096, IPC_CREAT | 0600); }
static long get_shm(const char *x) {
	int id = syscall(SYS_shmget, KEY, 0, 0);
	if (id >= 0) shmctl(id, IPC_RMID, 0);
	return id >= 0;
}
static void put_semaphore(const char *x) { semget(KEY, 1, IPC_CREAT | 0600); }
static long get_semaphore(const char *x) {
	int id = semget(KEY, 0, 0);
	if (id >= 0) semctl(id, 0, IPC_RMID);
	return id >= 0;
}
static void put_queue(const char *x) { msgget(KEY, IPC_CREAT | 0600); }
static long get_queue(const char *x) {
	int id = msgget(KEY, 0);
	if (id >= 0) msgctl(id, IPC_RMID, 0);
	return id >= 0;
}
static void put_posix_queue(const char *x) { syscall(SYS_mq_open, "handover", O_CREAT | O_RDWR, 0600, 0); }
static long get_posix_queue(const char *x) {
	int found = syscall(SYS_mq_open, "handover", O_RDONLY, 0, 0) >= 0;
	syscall(SYS_mq_unlink, "handover");
	return found;
}
static void put_key(const char *x) { syscall(SYS_add_key, "user", "handover", "1", 1, -4); }
static long get_key(const char *x) {
	long key = syscall(SYS_keyctl, 10, -4, "user", "handover", 0);
	if (key > 0) syscall(SYS_keyctl, 21, key);
	return key > 0;
}
static void put_abstract(const char *x) {
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0handover"};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(s, (struct sockaddr *)&a, sizeof a);
	if (fork() == 0) for (;;) pause();
}
static long get_abstract(const char *x) {
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0handover"};
	return bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof a) && errno == EADDRINUSE;
}

static struct { const char *name; void (*put)(const char *); long (*get)(const char *); const char *path; } handovers[] = {
	{"times of the program", put_times, get_mtime, 0}, {"times of the box", put_times, get_mtime, "."},
	{"times of the store", put_times, get_mtime, "../store"}, {"times of /dev/null", put_times, get_mtime, "/dev/null"},
	{"reading the program", read_file, get_atime, 0}, {"reading the box", read_file, get_atime, "."},
	{"reading the store", read_file, get_atime, "../store"},
	{"flags of the program", put_flags, get_flags, 0}, {"flags of the box", put_flags, get_flags, "."},
	{"flags of the store", put_flags, get_flags, "../store"},
	{"hint on the program", put_hint, get_hint, 0}, {"hint on the box", put_hint, get_hint, "."},
	{"hint on the store", put_hint, get_hint, "../store"},
	{"mode of the program", put_mode, get_mode, 0}, {"mode of the box", put_mode, get_mode, "."},
	{"mode of the store", put_mode, get_mode, "../store"},
	{"attribute of the program", put_attribute, get_attribute, 0}, {"attribute of the box", put_attribute, get_attribute, "."},
	{"links of the program", put_link, get_links, 0}, {"links of the box", put_name, get_links, "."},
	{"name in the box", put_name, get_name, "name"}, {"name in the store", put_name, get_name, "../store/name"},
	{"name beside the box", put_name, get_name, "../name"}, {"name in /tmp", put_name, get_name, "/tmp/handover"},
	{"name in /dev/shm", put_name, get_name, "/dev/shm/handover"},
	{"lock on stdin", put_flock, get_flock}, {"range lock on stdin", put_range, get_range},
	{"signal number of stdin", put_signal, get_signal}, {"flags of stdin", put_stdin, get_stdin},
	{"offset of stdin", put_offset, get_offset},
	{"shared memory", put_shm, get_shm}, {"semaphore", put_semaphore, get_semaphore}, {"message queue", put_queue, get_queue},
	{"POSIX queue", put_posix_queue, get_posix_queue}, {"key", put_key, get_key}, {"abstract address", put_abstract, get_abstract},
};

static void hand_over(void) {
	for (unsigned i = 0; i < sizeof handovers / sizeof *handovers; i++) {
		if (arguments < 4) { puts(handovers[i].name); continue; }
		if (strcmp(handovers[i].name, values[2])) continue;
		const char *path = handovers[i].path ? handovers[i].path : self_path();
		if (!strcmp(values[3], "put")) handovers[i].put(path);
		else printf("%ld\n", handovers[i].get(path));
		return;
	}
}
