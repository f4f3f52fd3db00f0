// What processes do to themselves, to each other, and in the middle of something.
#include <linux/futex.h>

static long op_ignore_children(long no_wait, long b) {
	struct sigaction a = {.sa_handler = no_wait ? SIG_DFL : SIG_IGN, .sa_flags = no_wait ? SA_NOCLDWAIT : 0};
	return !sigaction(SIGCHLD, &a, 0);
}

static long op_ignore_signals(long b, long c) {
	for (int s = 1; s < 32; s++)
		if (s != SIGCHLD) signal(s, SIG_IGN);
	return 1;
}

static long op_block_signals(long b, long c) {
	sigset_t set;
	sigfillset(&set);
	return !sigprocmask(SIG_BLOCK, &set, 0);
}

static long op_signal(long which, long target) {
	static const int signals[] = {SIGSTOP, SIGCONT, SIGTERM, SIGKILL, SIGUSR1, SIGTSTP, SIGCHLD, SIGSEGV};
	int s = signals[which % 8];
	switch (target % 4) {
	case 0: return !kill(getpid(), s);
	case 1: return !kill(0, s);
	case 2: return !kill(getppid(), s);
	default: return !kill(-1, s);
	}
}

static long op_wait(long ms, long b) {
	long made = 0;
	for (double end = now() + ms / 1e3; now() < end; usleep(1000)) {
		pid_t pid;
		while ((pid = waitpid(-1, 0, WNOHANG)) > 0) made++;
		if (pid < 0) break;
	}
	return made;
}

static long op_priority(long which, long value) {
	struct sched_param p = {0};
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	switch (which % 6) {
	case 0: return !setpriority(PRIO_PROCESS, 0, value);
	case 1: return !setpriority(PRIO_PGRP, 0, value);
	case 2: return !setpriority(PRIO_USER, 0, value);
	case 3: return !sched_setscheduler(0, SCHED_BATCH, &p);
	case 4: return !sched_setaffinity(0, sizeof set, &set);
	default: return !setpriority(PRIO_PROCESS, getppid(), value);
	}
}

static long op_set_session(long b, long c) { return setsid() > 0; }
static long op_set_group(long own, long b) { return !setpgid(0, own ? 0 : getppid()); }

static long op_resource(long which, long value) {
	struct rlimit l = {value, value};
	return !setrlimit(which % RLIM_NLIMITS, &l);
}

static long op_control(long which, long b) {
	switch (which % 6) {
	case 0: return !prctl(PR_SET_CHILD_SUBREAPER, 1);
	case 1: return !prctl(PR_SET_PDEATHSIG, SIGKILL);
	case 2: return !prctl(PR_SET_DUMPABLE, 0);
	case 3: return !prctl(PR_SET_NAME, "1 (objects) R 1");
	case 4: return !prctl(PR_SET_TIMERSLACK, 1);
	default: return !prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	}
}

static long op_wait_on_address(long ms, long b) {
	int word = 0;
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, 0, 0) && errno == ETIMEDOUT;
}

static long op_sleep(long ms, long b) { return !usleep(ms * 1000); }

static long op_spin(long ms, long b) {
	for (double end = now() + ms / 1e3; now() < end;) {}
	return 1;
}

static long op_pause(long b, long c) { return pause(); }

static long op_exit(long code, long b) { _exit(code); }
static long op_exit_thread(long b, long c) { syscall(SYS_exit, 0); return 1; }
static long op_abort(long b, long c) { abort(); }

static long op_print(long kib, long to) { return fill(1 + to % 2, kib) > 0; }
static long op_close(long fd, long b) { return !close(fd % 3); }

static long op_execute_other(long b, long c) {
	char *argv[] = {"true", 0};
	pid_t pid = fork();
	if (!pid) {
		execve("/bin/true", argv, argv + 1);
		_exit(0);
	}
	return pid > 0;
}
