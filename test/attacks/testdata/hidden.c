// hidden is the program of the attacks that use memory, CPU time or files which no process shows, or
// keep whoever looks at a process waiting. Its arguments are the attack and, for a test that has
// removed the protection, a bound on its size. An attack that nothing stops prints ESCAPED.
#ifndef SLOWNESS
#define SLOWNESS 1 // how much slower the machine is than one without emulation
#endif
#define _GNU_SOURCE
#pragma GCC optimize("O0") // keep memory that nothing reads
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long size; // MiB, or seconds of CPU time
static const long MIB = 1 << 20, REGION = 2l << 20; // one page of page table maps REGION

static double seconds(clockid_t clock) {
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void burn(double time) {
	double end = seconds(CLOCK_PROCESS_CPUTIME_ID) + time;
	while (seconds(CLOCK_PROCESS_CPUTIME_ID) < end) {}
}

static void fail(const char *what) {
	printf("%s: %s\n", what, strerror(errno));
	exit(9);
}

// held keeps what the attack has taken for a moment; nothing has stopped it then.
static void held(void) {
	fflush(stdout);
	usleep(700 * 1000 * SLOWNESS);
	puts("ESCAPED");
	fflush(stdout);
	_exit(0);
}

// many makes the given number of processes, this one included.
static void many(int processes) {
	for (int i = 1; i < processes; i++)
		if (!fork()) return;
}

static char *reserve(long bytes, int protection) {
	char *p = mmap(0, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) fail("mmap");
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

// tables reads one page of each region. Every read maps the same page of zeros.
static char *tables(long mib) {
	long regions = mib * 256;
	char *p = reserve(regions * REGION, PROT_READ);
	volatile char sum = 0;
	for (long i = 0; i < regions; i++) sum += p[i * REGION];
	return p;
}

static void page_tables(void) { tables(size); held(); }

static void page_tables_shared(void) { many(8); tables(size / 8 + 1); held(); }

static void fill_sockets(int type) {
	static char block[1 << 16];
	int pair[2];
	while (!socketpair(AF_UNIX, type, 0, pair))
		for (int k = 0; k < 2; k++) {
			fcntl(pair[k], F_SETFL, O_NONBLOCK);
			while (write(pair[k], block, type == SOCK_STREAM ? sizeof block : 4096) > 0) {}
		}
	held();
}

static void sockets(void) { many(40); fill_sockets(SOCK_STREAM); }

static void packets(void) { many(40); fill_sockets(SOCK_SEQPACKET); }

static void mappings(void) {
	many(40);
	char *p = reserve(65000 * 8192l, PROT_NONE);
	for (long k = 0; k < 32000; k++)
		if (mprotect(p + k * 8192, 4096, PROT_READ)) break;
	held();
}

static void fill(void) {
	for (long i = 0; i < size; i++) {
		char *p = mmap(0, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED) fail("mmap");
		memset(p, 1, MIB);
	}
}

static void *filler(void *x) { fill(); held(); return x; }

// dead_leader ends the first thread; another one holds the memory.
static void dead_leader(void) {
	pthread_t t;
	pthread_create(&t, 0, filler, 0);
	syscall(SYS_exit, 0);
}

// dead_leader_child does so in a child that nobody waits for.
static void dead_leader_child(void) {
	signal(SIGCHLD, SIG_IGN);
	int done[2];
	if (pipe(done)) fail("pipe");
	if (!fork()) {
		close(done[0]);
		dead_leader();
	}
	close(done[1]);
	char c;
	while (read(done[0], &c, 1) > 0) {}
}

static void dead_leaders(void) { size = size / 8 + 1; many(8); dead_leader(); }

// lose burns CPU time in children of the given length that the kernel reaps itself.
static void lose(double length) {
	for (double begin = seconds(CLOCK_MONOTONIC); seconds(CLOCK_MONOTONIC) < begin + size;) {
		int done[2];
		if (pipe(done)) fail("pipe");
		if (!fork()) {
			close(done[0]);
			burn(length);
			_exit(0);
		}
		close(done[1]);
		char c;
		(void)!read(done[0], &c, 1);
		close(done[0]);
	}
	puts("ESCAPED");
}

static void lost_children(void) { signal(SIGCHLD, SIG_IGN); lose(0.15); }

static void lost_short_children(void) { signal(SIGCHLD, SIG_IGN); lose(0.004); }

static void lost_no_wait(void) {
	struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
	sigaction(SIGCHLD, &action, 0);
	lose(0.05);
}

// lost_grandchildren loses them two levels below, while the middle one is waited for.
static void lost_grandchildren(void) {
	int child = fork();
	if (!child) {
		lost_children();
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, 0, 0);
}

// lost_pairs loses each parent together with its child.
static void lost_pairs(void) {
	signal(SIGCHLD, SIG_IGN);
	for (double begin = seconds(CLOCK_MONOTONIC); seconds(CLOCK_MONOTONIC) < begin + size;) {
		int done[2];
		if (pipe(done)) fail("pipe");
		if (!fork()) {
			if (!fork()) {
				close(done[0]);
				burn(0.03);
				_exit(0);
			}
			burn(0.01);
			_exit(0);
		}
		close(done[1]);
		char c;
		(void)!read(done[0], &c, 1);
		close(done[0]);
	}
	puts("ESCAPED");
}

static void spinners(int processes) {
	for (int i = 0; i < processes; i++)
		if (!fork())
			for (;;) {}
}

// hold_lock keeps the lock of its address space, with a small share of a core. The counters say that
// a file which is mapped three times takes three times its size.
static void hold_lock(void) {
	int file = open("f", O_RDWR | O_CREAT, 0600);
	if (file < 0 || ftruncate(file, 12 * MIB)) fail("file");
	char *table = tables(8);
	spinners(12);
	for (int k = 0; k < 3; k++) {
		char *p = mmap(0, 12 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		if (p == MAP_FAILED) fail("mmap");
		for (long i = 0; i < 12 * MIB; i += 4096) p[i] = 1;
	}
	for (;;) {
		mprotect(table, 8 * 256 * REGION, PROT_NONE);
		mprotect(table, 8 * 256 * REGION, PROT_READ);
	}
}

// lock_and_fill keeps the lock of one process while another one fills memory.
static void lock_and_fill(void) {
	int ready[2];
	if (pipe(ready)) fail("pipe");
	if (!fork()) {
		char *table = tables(16);
		spinners(8);
		(void)!write(ready[1], "x", 1);
		for (;;) {
			mprotect(table, 16 * 256 * REGION, PROT_NONE);
			mprotect(table, 16 * 256 * REGION, PROT_READ);
		}
	}
	char c;
	(void)!read(ready[0], &c, 1);
	fill();
	held();
}

// unlinked_mapped writes files that have no name and no descriptor.
static void unlinked_mapped(void) {
	static char block[1 << 16];
	for (long i = 0; i < size / 4; i++) {
		int file = open("f", O_RDWR | O_CREAT | O_EXCL, 0600);
		if (file < 0) fail("open");
		unlink("f");
		if (ftruncate(file, 4 * MIB) || mmap(0, 4096, PROT_READ, i % 2 ? MAP_SHARED : MAP_PRIVATE, file, 0) == MAP_FAILED) fail("mmap");
		for (int k = 0; k < 64; k++)
			if (write(file, block, sizeof block) < 0) fail("write");
		close(file);
	}
	held();
}

static int idle(void *x) { for (;;) pause(); return x != 0; }

// clone_storm makes threads as fast as one core can, without the C library.
static void clone_storm(void) {
	char *stacks = reserve((size + 1) * 4096, PROT_READ | PROT_WRITE);
	long made = 0;
	while (made < size && clone(idle, stacks + (made + 1) * 4096, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, 0) >= 0) made++;
	printf("%ld threads\n", made);
	held();
}

static void fork_storm(void) {
	long made = 0;
	for (int child; made < size && (child = fork()) >= 0; made++)
		if (!child) idle(0);
	printf("%ld processes\n", made);
	held();
}

// vfork_shares is no attack: the child uses the memory of its parent.
static void vfork_shares(void) {
	memset(malloc(30 * MIB), 1, 30 * MIB);
	int child = vfork();
	if (!child) {
		usleep(100 * 1000);
		_exit(0);
	}
	waitpid(child, 0, 0);
	puts("30 MiB in all");
}

// fork_copies is no attack either: parent and children share all pages.
static void fork_copies(void) {
	memset(malloc(30 * MIB), 1, 30 * MIB);
	for (int i = 0; i < 4; i++)
		if (!fork()) {
			usleep(100 * 1000);
			_exit(0);
		}
	while (wait(0) > 0) {}
	puts("30 MiB in all");
}

// threads_again makes as many threads as it may have, ten times.
static void *nothing(void *x) { return x; }

static void threads_again(void) {
	for (int round = 0; round < 10; round++) {
		pthread_t t[12];
		for (int i = 0; i < 12; i++)
			if (pthread_create(&t[i], 0, nothing, 0)) fail("pthread_create");
		for (int i = 0; i < 12; i++) pthread_join(t[i], 0);
	}
	puts("120 threads");
}

static void *private_table(void *x) {
	if (!syscall(SYS_close_range, 3, ~0u, 2)) puts("ESCAPED a table of descriptors by close_range");
	return x;
}

// private_descriptors looks for a thread whose descriptors /proc does not show.
static void private_descriptors(void) {
	pthread_t t;
	pthread_create(&t, 0, private_table, 0);
	pthread_join(t, 0);
	char *stack = reserve(16384, PROT_READ | PROT_WRITE);
	if (clone(idle, stack + 8192, CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, 0) >= 0)
		puts("ESCAPED a table of descriptors by clone");
	puts("refused");
	fflush(stdout);
	_exit(0);
}

static void *parent_of_copy(void *x) {
	if (!fork()) {
		usleep(50 * 1000);
		memset(malloc(40 * MIB), 1, 40 * MIB);
		held();
	}
	usleep(20 * 1000);
	syscall(SYS_exit, 0);
	return x;
}

// forged_vfork makes children that look as if they used the memory of their parents: the first
// thread waits for a vfork child and inherits the child of a thread that ends.
static void forged_vfork(void) {
	many(3);
	pthread_t t;
	pthread_create(&t, 0, parent_of_copy, 0);
	if (!vfork())
		for (;;) {}
}

static const struct { const char *name; void (*run)(void); long size; } ways[] = {
	{"page-tables", page_tables, 400}, {"page-tables-shared", page_tables_shared, 400}, {"sockets", sockets, 0},
	{"packets", packets, 0}, {"mappings", mappings, 0}, {"dead-leader", dead_leader, 200},
	{"dead-leader-child", dead_leader_child, 200}, {"dead-leaders", dead_leaders, 200}, {"lost-children", lost_children, 4},
	{"lost-short-children", lost_short_children, 4}, {"lost-no-wait", lost_no_wait, 4}, {"lost-grandchildren", lost_grandchildren, 4},
	{"lost-pairs", lost_pairs, 4}, {"hold-lock", hold_lock, 0}, {"lock-and-fill", lock_and_fill, 400},
	{"unlinked-mapped", unlinked_mapped, 128}, {"clone-storm", clone_storm, 3000}, {"fork-storm", fork_storm, 3000},
	{"private-descriptors", private_descriptors, 0}, {"forged-vfork", forged_vfork, 0}, {"vfork-shares", vfork_shares, 0}, {"fork-copies", fork_copies, 0}, {"threads-again", threads_again, 0},
};

int main(int argc, char **argv) {
	for (unsigned i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++) {
		if (strcmp(ways[i].name, argv[1])) continue;
		size = argc > 2 ? atol(argv[2]) : ways[i].size;
		ways[i].run();
		return 0;
	}
	fprintf(stderr, "unknown way %s\n", argc > 1 ? argv[1] : "");
	return 2;
}
