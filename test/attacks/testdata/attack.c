// attack is the program of the hostile submissions, with one attack a name. It prints ESCAPED when an
// action succeeds that must be refused. Its arguments are the attack, a path that belongs to another
// user, and a bound on the number of repetitions, for a test that has removed the protection. With a
// bound it sends no signals to other processes.
#ifndef SLOWNESS
#define SLOWNESS 1 // how much slower the machine is than one without emulation
#endif
#define _GNU_SOURCE
#pragma GCC optimize("O0") // keep memory that nothing reads
#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <netinet/in.h>
#include <linux/perf_event.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *arg;
int arguments;
char **values;
static long bound = LONG_MAX;
static int lethal(int signal) { return bound == LONG_MAX ? signal : 0; }
int main(int, char **);
static void *const main_address = main;

static double cpu_now(void) {
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void burn(double seconds) {
	double end = cpu_now() + seconds;
	while (cpu_now() < end) {}
}

static void *spin(void *x) { for (;;) {} return x; }

static void *touch(size_t bytes) {
	char *p = malloc(bytes);
	if (!p) { fprintf(stderr, "malloc refused\n"); exit(9); }
	memset(p, 1, bytes);
	return p;
}

// escaped reports each action once.
static void escaped(const char *what) {
	static char said[256][64];
	for (int i = 0; i < 256; i++) {
		if (!strncmp(said[i], what, 63)) return;
		if (!said[i][0]) { strncpy(said[i], what, 63); break; }
	}
	printf("ESCAPED %s\n", what);
	fflush(stdout);
}

// refused compares the result of a call with the sandbox's own error: any other error is the kernel's,
// which the call has reached then.
static void refused(const char *what, long result, int answer) {
	if (result >= 0 || errno != answer) escaped(what);
}

static void hello(void) { puts("hello"); }
static void echo(void) { int c; while ((c = getchar()) != EOF) putchar(c); }
// works until the file "go" exists
static void await(void) {
	puts("before");
	close(open("begun", O_CREAT | O_WRONLY, 0600));
	while (access("go", F_OK)) usleep(1000);
	puts("after");
}
static void spin_one(void) { spin(0); }
static void spin_threads(void) {
	pthread_t t;
	for (int i = 0; i < 3; i++) pthread_create(&t, 0, spin, 0);
	spin(0);
}
static void spin_children(void) { fork(); fork(); spin(0); }
// reaped children count through the parent that waited for them
static void spin_reaped(void) {
	for (;;) {
		pid_t p = fork();
		if (p == 0) { burn(0.05); _exit(0); }
		waitpid(p, 0, 0);
	}
}
static void sleep_long(void) { for (;;) pause(); }
static void deaf(void) { for (int i = 1; i < 65; i++) signal(i, SIG_IGN); for (;;) pause(); }
static void stop_self(void) { raise(SIGSTOP); }
static void stop_group(void) { fork(); fork(); kill(0, SIGSTOP); for (;;) pause(); }
static void fork_bomb(void) { for (long n = 0; n < bound; n++) fork(); usleep(300000 * SLOWNESS); }
// like a fork bomb, but bounded
static void fork_some(void) {
	for (int i = 0; i < 40; i++) if (fork() == 0) { pause(); _exit(0); }
	usleep(300000 * SLOWNESS);
	puts("forked");
}
static void *nap(void *x) { usleep(300000 * SLOWNESS); return x; }
static void thread_some(void) {
	pthread_attr_t a;
	pthread_t t[40];
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 16384);
	for (int i = 0; i < 40; i++) if (pthread_create(&t[i], &a, nap, 0)) exit(9);
	for (int i = 0; i < 40; i++) pthread_join(t[i], 0);
	puts("threaded");
}
static void thread_bomb(void) {
	pthread_attr_t a;
	pthread_t t;
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 16384);
	for (long n = 0; n < bound; n++) pthread_create(&t, &a, (void *(*)(void *))pause, 0);
	usleep(300000 * SLOWNESS);
}
static void vfork_loop(void) {
	for (;;) { pid_t p = vfork(); if (p == 0) _exit(0); waitpid(p, 0, 0); }
}
static void leave_group(void) {
	for (int i = 0; i < 6; i++) {
		if (fork() == 0) {
			if (i % 2 && setsid() != -1) escaped("setsid");
			if (i % 2 == 0 && setpgid(0, 0) != -1) escaped("setpgid");
			for (;;) pause();
		}
	}
	usleep(20000);
}
static void double_fork(void) {
	if (fork() == 0) { if (fork() == 0) for (;;) pause(); _exit(0); }
	wait(0);
	puts("done");
}
// orphans that are not descendants of the main process burn CPU, while the main process waits
static void orphan_burn(void) {
	int p[2];
	if (pipe(p)) exit(9);
	if (fork() == 0) {
		if (fork() == 0) { close(p[0]); burn(0.3); _exit(0); }
		_exit(0);
	}
	wait(0);
	close(p[1]);
	char c;
	if (read(p[0], &c, 1) < 0) exit(9);
}
// like kill_all, but harmless if it is not refused
static void signal_others(void) {
	if (kill(1, 0) == 0) escaped("signal to the first process");
	if (kill(getppid(), 0) == 0) escaped("signal to the executor");
	puts("alive");
}
static void stop_parent(void) {
	if (kill(getppid(), lethal(SIGSTOP)) == 0) escaped("stop of the executor");
	puts("alive");
}
static void kill_all(void) {
	kill(-1, lethal(SIGKILL)); // returns 0 if it was refused for each process (Linux, kill_something_info)
	for (pid_t p = 1; p < 3; p++) if (kill(p, 0) == 0) escaped("kill of the first processes");
	if (kill(getppid(), 0) == 0) escaped("kill of the executor");
	for (pid_t t = getppid(); t < getppid() + 3000; t++) { // pids wrap: its own may be below the executor's
		if (t == getpid()) continue;
		if (syscall(SYS_tgkill, getppid(), t, 0) == 0) escaped("tgkill of an executor's thread");
		if (syscall(SYS_tkill, t, 0) == 0) escaped("tkill of an executor's thread");
	}
	puts("alive");
}
static void alloc(void) { for (long n = 0; n < bound; n++) touch(1 << 20); }
static void alloc_children(void) { for (int i = 0; i < 4; i++) if (fork() == 0) break; touch(60 << 20); for (;;) pause(); }
static void alloc_mmap(void) {
	for (long n = 0; n < bound; n++) {
		char *p = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED) exit(9);
		memset(p, 1, 1 << 20);
	}
}
// fifty processes exceed the limit together
static void alloc_fifty(void) {
	for (int i = 0; i < 49; i++) if (fork() == 0) break;
	touch(4 << 20);
	for (;;) pause();
}
static void alloc_shared(void) {
	for (int i = 0; i < 64; i++) {
		char *p = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED) { puts("refused"); return; }
		memset(p, 1, 1 << 20);
		madvise(p, 1 << 20, MADV_DONTNEED);
	}
	escaped("shared memory");
}
static void alloc_memfd(void) {
	if (syscall(SYS_memfd_create, "x", 0) >= 0) escaped("memfd");
	puts("refused");
}
static void alloc_file(void) {
	int f = open("big", O_RDWR | O_CREAT, 0600);
	if (posix_fallocate(f, 0, 96 << 20)) exit(9);
}
// files below the limit of one file
static void fallocate_many(void) {
	char name[64];
	for (long i = 0; i < (bound < 24 ? bound : 24); i++) {
		snprintf(name, sizeof name, "f%ld", i);
		int f = open(name, O_RDWR | O_CREAT, 0600);
		if (f < 0 || posix_fallocate(f, 0, 4 << 20)) exit(9);
		close(f);
	}
	pause();
}
// memory in files on tmpfs, which no rlimit counts
static void map_files(void) {
	char name[64];
	for (int i = 0; i < 24; i++) {
		snprintf(name, sizeof name, "f%d", i);
		int f = open(name, O_RDWR | O_CREAT, 0600);
		if (f < 0 || ftruncate(f, 4 << 20)) exit(9);
		char *p = mmap(0, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
		if (p == MAP_FAILED) exit(9);
		memset(p, 1, 4 << 20);
		munmap(p, 4 << 20);
		close(f);
	}
	pause();
}
// deeper than PATH_MAX and any stack of descriptors, with a directory without permissions at the end
static void deep_directories(void) {
	for (int i = 0; i < 2000; i++) if (mkdir("d", 0700) || chdir("d")) exit(9);
	mkdir("closed", 0);
	pause();
}
static int recurse(long n) { volatile char here[4096]; here[0] = n; return n >= bound ? 0 : recurse(n + 1) + here[0]; }
static void stack(void) { exit(recurse(0) & 0); }
static void deep_stack(void) {
	// 40 MiB of stack, as a deep search uses
	struct rlimit l;
	getrlimit(RLIMIT_STACK, &l);
	volatile char here[40 << 20];
	for (size_t i = 0; i < sizeof here; i += 4096) here[i] = 1;
	puts("deep");
}
static void flood(void) { char b[65536]; memset(b, 'x', sizeof b); for (long n = 0; n < bound; n++) if (write(1, b, sizeof b) < 0) exit(9); }
static void drip(void) { for (;;) { if (write(1, ".", 1) < 0) exit(9); usleep(10000); } }
static void binary(void) { fwrite("a\0\377\376b\n", 1, 6, stdout); }
static void flood_err(void) { for (;;) fputs("x", stderr); }
static void close_out(void) { close(1); close(2); for (;;) pause(); }
static void many_files(void) {
	char name[64];
	for (int i = 0; i < 4400; i++) { snprintf(name, sizeof name, "f%d", i); if (open(name, O_CREAT | O_WRONLY, 0) < 0 && errno != EMFILE) exit(9); close(3); }
	pause();
}
static void many_bytes(void) {
	char name[64], block[1 << 16];
	memset(block, 1, sizeof block);
	for (int i = 0; i < 24; i++) {
		snprintf(name, sizeof name, "f%d", i);
		int f = open(name, O_CREAT | O_WRONLY, 0600);
		for (int k = 0; k < 64; k++) if (write(f, block, sizeof block) < 0) exit(9);
		close(f);
	}
	pause();
}
static void unlinked(void) {
	char block[1 << 16];
	memset(block, 1, sizeof block);
	for (;;) {
		int f = open("gone", O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (f < 0 || unlink("gone")) exit(9);
		for (int k = 0; k < 32; k++) if (write(f, block, sizeof block) < 0) exit(9);
		if (f > 40) pause();
	}
}
static void leave_mess(void) {
	char name[64];
	for (int i = 0; i < 60; i++) { if (mkdir("d", 0700) || chdir("d")) exit(9); }
	mkfifo("fifo", 0);
	if (symlink("/etc/passwd", "link")) exit(9);
	for (int i = 0; i < 300; i++) { snprintf(name, sizeof name, "f%d", i); close(open(name, O_CREAT, 0)); }
	mkdir("closed", 0);
	int here = open(".", O_RDONLY);
	fchmod(here, 0);
	int root = open(arg, O_RDONLY);
	fchmod(root, 0);
	puts("left");
}
static void empty_box(void) {
	DIR *here = opendir(".");
	for (struct dirent *e; here && (e = readdir(here));) if (e->d_name[0] != '.') escaped(e->d_name);
	puts(here ? "empty" : "closed");
}
#include "reach.h"
#include "filter.h"
#include "handover.h"

// An orphan holds a lock on the program, which other slots may run too. A later run waits for the lock,
// but must not wait for an orphan that is dead.
static void leave_lock(void) {
	char path[4096] = "";
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) exit(9);
	int self = open(path, O_RDONLY);
	if (self < 0) exit(9);
	alarm(4 * SLOWNESS);
	if (flock(self, LOCK_EX)) exit(9);
	if (fork() == 0) { alarm(0); for (;;) pause(); }
	puts("locked");
}
// counts the bytes of the input
static void count_input(void) {
	long bytes = 0, zeros = 0;
	for (int c; (c = getchar()) != EOF; bytes++) zeros += c == 0;
	printf("%ld bytes, %ld of them zero\n", bytes, zeros);
}
static void crash(void) { *(volatile int *)0 = 1; }
static void divide(void) { volatile int zero = 0; printf("%d", (int)getpid() / zero); }
static void abort_it(void) { abort(); }
static void fail(void) { exit(7); }

static struct { const char *name; void (*run)(void); } ways[] = {
	{"hello", hello}, {"echo", echo}, {"await", await}, {"spin", spin_one}, {"spin-threads", spin_threads}, {"spin-children", spin_children},
	{"spin-reaped", spin_reaped}, {"sleep", sleep_long}, {"deaf", deaf}, {"stop-self", stop_self}, {"stop-group", stop_group},
	{"fork-bomb", fork_bomb}, {"fork-some", fork_some}, {"thread-some", thread_some}, {"signal-others", signal_others}, {"stop-parent", stop_parent},
	{"alloc-mmap", alloc_mmap}, {"alloc-fifty", alloc_fifty}, {"drip", drip}, {"binary", binary}, {"empty-box", empty_box}, {"thread-bomb", thread_bomb}, {"vfork-loop", vfork_loop}, {"leave-group", leave_group},
	{"double-fork", double_fork}, {"orphan-burn", orphan_burn}, {"kill-all", kill_all}, {"alloc", alloc},
	{"alloc-children", alloc_children}, {"alloc-shared", alloc_shared}, {"alloc-memfd", alloc_memfd}, {"alloc-file", alloc_file},
	{"stack", stack}, {"deep-stack", deep_stack}, {"flood", flood}, {"flood-err", flood_err}, {"close-out", close_out},
	{"many-files", many_files}, {"many-bytes", many_bytes}, {"unlinked", unlinked}, {"leave-mess", leave_mess}, {"read-others", read_others},
	FILTER_WAYS, {"hand-over", hand_over},
	{"reach-out", reach_out}, {"leave-lock", leave_lock}, {"count-input", count_input}, {"fallocate-many", fallocate_many},
	{"map-files", map_files}, {"deep-directories", deep_directories}, {"crash", crash}, {"divide", divide}, {"abort", abort_it}, {"fail", fail},
};

int main(int argc, char **argv) {
	arguments = argc, values = argv;
	if (argc > 2) arg = argv[2];
	if (argc > 3) bound = atol(argv[3]);
	for (unsigned i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
		if (!strcmp(ways[i].name, argv[1])) { ways[i].run(); return 0; }
	fprintf(stderr, "unknown way %s\n", argc > 1 ? argv[1] : "");
	return 2;
}
