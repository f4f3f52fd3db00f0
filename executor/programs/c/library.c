#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static int count;
static volatile sig_atomic_t caught;
static void handle(int signal) { caught = signal; }
static void check(int ok, const char *what) { if (!ok) { perror(what); exit(1); } }
static void *work(void *x) {
	pthread_mutex_lock(&lock);
	count++;
	pthread_cond_signal(&ready);
	pthread_mutex_unlock(&lock);
	return x;
}
static void *wait_long(void *x) { for (;;) pause(); return x; }
int main(void) {
	pthread_t threads[4], cancelled;
	for (int i = 0; i < 4; i++) check(!pthread_create(&threads[i], 0, work, 0), "thread");
	pthread_mutex_lock(&lock);
	while (count < 4) pthread_cond_wait(&ready, &lock);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
	check(!pthread_create(&cancelled, 0, wait_long, 0) && !pthread_cancel(cancelled), "cancel");
	pthread_join(cancelled, 0);

	check(mkdir("directory", 0700) == 0 && chdir("directory") == 0, "mkdir");
	FILE *file = fopen("file", "w+");
	check(file && fprintf(file, "%d\n", 42) == 3 && fflush(file) == 0, "write");
	rewind(file);
	int n = 0;
	check(fscanf(file, "%d", &n) == 1 && n == 42, "read");
	struct flock range = {.l_type = F_WRLCK};
	check(flock(fileno(file), LOCK_EX) == 0 && fcntl(fileno(file), F_SETLK, &range) == 0, "lock");
	void *map = mmap(0, 3, PROT_READ, MAP_SHARED, fileno(file), 0);
	check(map != MAP_FAILED && munmap(map, 3) == 0, "mmap");
	check(ftruncate(fileno(file), 1) == 0 && fclose(file) == 0, "truncate");
	check(rename("file", "other") == 0 && unlink("other") == 0 && chdir("..") == 0 && rmdir("directory") == 0, "rename");
	FILE *temporary = tmpfile();
	check(temporary || 1, "tmpfile");

	int ends[2];
	check(pipe(ends) == 0, "pipe");
	pid_t child = fork();
	check(child >= 0, "fork");
	if (child == 0) { check(write(ends[1], "x", 1) == 1, "write"); _exit(7); }
	char c;
	int status;
	check(read(ends[0], &c, 1) == 1 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "child");

	signal(SIGALRM, handle);
	signal(SIGUSR1, handle);
	raise(SIGUSR1);
	check(caught == SIGUSR1, "signal");
	struct itimerval timer = {.it_value = {.tv_usec = 1000}};
	check(setitimer(ITIMER_REAL, &timer, 0) == 0, "timer");
	while (caught != SIGALRM) usleep(1000);
	struct timespec t;
	struct rusage usage;
	struct rlimit limit;
	check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0, "clock");
	clockid_t clock;
	check(pthread_getcpuclockid(pthread_self(), &clock) == 0 && clock_gettime(clock, &t) == 0, "clock of a thread");
	check(getrusage(RUSAGE_SELF, &usage) == 0 && getrlimit(RLIMIT_STACK, &limit) == 0 && setrlimit(RLIMIT_STACK, &limit) == 0, "limits");
	char *block = malloc(64 << 20);
	check(block != 0, "malloc");
	for (int i = 0; i < 64 << 20; i += 4096) block[i] = 1;
	block = realloc(block, 80 << 20);
	check(block != 0, "realloc");
	free(block);
	puts("ok");
}
