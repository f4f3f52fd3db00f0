// Declarations that all parts share. A maker returns the number of kernel objects that it made, and
// keeps them until its process ends.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KIB 1024L
#define MIB (1024L * 1024)
#define PAGE 4096L
#define HUGE (2 * MIB)

// The mapping that the last maker of mappings of this thread made.
static __thread char *last;
static __thread long last_size;

static char block[64 * KIB];

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static long times(long n, long (*make)(long), long b) {
	long made = 0;
	for (long i = 0; i < n; i++) {
		long got = make(b);
		if (got <= 0) break;
		made += got;
	}
	return made;
}

static long keep(char *p, long size) {
	if (p == MAP_FAILED) return 0;
	last = p;
	last_size = size;
	return 1;
}

static long touch(char *p, long size, long step) {
	for (long i = 0; i < size; i += step) ((volatile char *)p)[i] = 1;
	return size;
}

// A name that no other process of the run uses.
static const char *name(void) {
	static __thread char text[48];
	static long counter;
	snprintf(text, sizeof text, "f%d.%ld", (int)syscall(SYS_gettid), __sync_fetch_and_add(&counter, 1));
	return text;
}
