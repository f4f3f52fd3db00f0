// bare starts a program COUNT times in sequence, without executor and sandbox: fork or vfork, exec,
// read the output from a pipe, wait. It prints the mean time of a start in nanoseconds.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

// bare fork|vfork COUNT PROGRAM [ARGUMENT]...
int main(int argc, char **argv) {
	if (argc < 4) return 2;
	int copies = strcmp(argv[1], "fork") == 0, n = atoi(argv[2]);
	double begin = now();
	for (int i = 0; i < n; i++) {
		int ends[2], status;
		char buffer[4096];
		if (pipe2(ends, O_CLOEXEC)) return 1;
		pid_t pid = copies ? fork() : vfork();
		if (pid == 0) {
			dup2(ends[1], 1);
			execve(argv[3], argv + 3, environ);
			_exit(127);
		}
		close(ends[1]);
		while (read(ends[0], buffer, sizeof buffer) > 0) {}
		close(ends[0]);
		if (waitpid(pid, &status, 0) != pid || status) return 1;
	}
	printf("%.0f\n", (now() - begin) / n);
}
