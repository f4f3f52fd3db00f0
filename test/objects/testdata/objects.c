// objects executes a program of makers of kernel objects. The program is the first argument, or
// standard input without one:
//
//     program = { statement } .
//     statement = name [ number [ number ] ] [ "{" program "}" ] .
//
// Command objects in the directory above draws such programs, and package grammar lists the names
// and their numbers. With the arguments "check" and a program, objects prints how many objects each
// statement at the top made. With the argument "list" it prints the names.
#include "objects.h"
#include "memory.h"
#include "files.h"
#include "channels.h"
#include "processes.h"

struct statement {
	int what, body, next; // body and next are places in program; 0 is none
	long a, b;
	const char *from, *to; // the text of the body
};

static struct statement program[4096];
static int statements = 1;
static char source[64 * KIB];
static int check;

static void run(int at);

// Blocks. Each executes its body in processes or threads of its own.

static long block_fork(struct statement *s) {
	long made = 0;
	for (; made < s->a; made++) {
		pid_t pid = fork();
		if (pid < 0) break;
		if (!pid) {
			run(s->body);
			_exit(0);
		}
	}
	return made;
}

static long __attribute__((noinline)) block_vfork(struct statement *s) {
	long made = 0;
	for (volatile long i = 0; i < s->a; i++) {
		pid_t pid = vfork();
		if (pid < 0) break;
		if (!pid) {
			run(s->body);
			_exit(0);
		}
		made++;
	}
	return made;
}

static int in_clone(void *s) {
	run(((struct statement *)s)->body);
	syscall(SYS_exit, 0);
	return 0;
}

static long block_clone(struct statement *s) {
	static const unsigned flags[] = {
		SIGCHLD, CLONE_VM | SIGCHLD, CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, CLONE_FILES | SIGCHLD, CLONE_PARENT | SIGCHLD, 0,
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, CLONE_VM | CLONE_SIGHAND | SIGCHLD,
		CLONE_PTRACE | SIGCHLD, CLONE_UNTRACED | SIGCHLD, CLONE_IO | SIGCHLD, CLONE_NEWUSER | SIGCHLD, CLONE_NEWPID | SIGCHLD,
		CLONE_NEWNET | SIGCHLD, CLONE_NEWNS | SIGCHLD, SIGKILL, CLONE_VM | SIGSTOP};
	long made = 0, size = 64 * KIB;
	for (; made < s->b; made++) {
		char *stack = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		if (stack == MAP_FAILED || clone(in_clone, stack + size, flags[s->a % (sizeof flags / sizeof *flags)], s) < 0) break;
	}
	return made;
}

static void *in_thread(void *s) {
	run(((struct statement *)s)->body);
	return 0;
}

static long block_thread(struct statement *s) {
	long made = 0;
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 128 * KIB);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (; made < s->a; made++)
		if (pthread_create(&thread, &attributes, in_thread, s)) break;
	return made;
}

static long block_repeat(struct statement *s) {
	for (long i = 0; i < s->a; i++) run(s->body);
	return s->a;
}

// A thread executes the body, and the leader of its group ends.
static long block_dead_leader(struct statement *s) {
	pid_t pid = fork();
	if (!pid) {
		s->a = 1;
		block_thread(s);
		syscall(SYS_exit, 0);
	}
	return pid > 0;
}

// The body's parent ends before it.
static long block_orphan(struct statement *s) {
	pid_t pid = fork();
	if (!pid) {
		if (!fork()) run(s->body);
		_exit(0);
	}
	return pid > 0;
}

static long block_session(struct statement *s) {
	pid_t pid = fork();
	if (!pid) {
		setsid();
		setpgid(0, 0);
		if (!fork()) run(s->body);
		_exit(0);
	}
	return pid > 0;
}

// A fresh process executes the body, after execve.
static long block_execute(struct statement *s) {
	static char text[64 * KIB];
	snprintf(text, sizeof text, "%.*s", (int)(s->to - s->from), s->from);
	char *argv[] = {"objects", text, 0};
	long made = 0;
	for (; made < s->a; made++) {
		pid_t pid = fork();
		if (pid < 0) break;
		if (!pid) {
			execve("/proc/self/exe", argv, argv + 2);
			run(s->body);
			_exit(0);
		}
	}
	return made;
}

static const struct {
	const char *name;
	long (*op)(long, long);
	long (*block)(struct statement *);
} table[] = {
#define OP(name) {#name, op_##name, 0}
#define BLOCK(name) {#name, 0, block_##name}
	OP(heap), OP(private), OP(reserve), OP(page_tables), OP(huge), OP(shared_file), OP(shared_anonymous), OP(memfd), OP(areas),
	OP(remap), OP(protect), OP(advise), OP(unmap), OP(lock), OP(stack), OP(break),
	OP(files), OP(unlinked), OP(unnamed), OP(unlinked_maps), OP(sparse), OP(fallocate), OP(punch), OP(directories), OP(links),
	OP(fifos), OP(opens), OP(duplicates), OP(locks), OP(list), OP(rename), OP(send_file),
	OP(pipes), OP(pairs), OP(messages), OP(in_flight), OP(epoll), OP(events), OP(timer_descriptors), OP(signal_descriptors),
	OP(timers), OP(interval), OP(queued_signals), OP(watchers), OP(aio), OP(landlock), OP(filters), OP(splice), OP(tee),
	OP(vmsplice), OP(special),
	OP(ignore_children), OP(ignore_signals), OP(block_signals), OP(signal), OP(wait), OP(priority), OP(set_session), OP(set_group),
	OP(resource), OP(control), OP(wait_on_address), OP(sleep), OP(spin), OP(pause), OP(exit), OP(exit_thread), OP(abort),
	OP(print), OP(close), OP(execute_other),
	BLOCK(fork), BLOCK(vfork), BLOCK(clone), BLOCK(thread), BLOCK(repeat), BLOCK(dead_leader), BLOCK(orphan), BLOCK(session),
	BLOCK(execute),
};
enum { names = sizeof table / sizeof *table };

static void run(int at) {
	for (; at; at = program[at].next) {
		struct statement *s = &program[at];
		long made = table[s->what].op ? table[s->what].op(s->a, s->b) : table[s->what].block(s);
		if (check) printf("%s %ld\n", table[s->what].name, made);
	}
}

static void refuse(const char *why, const char *at) {
	fprintf(stderr, "objects: %s at %.40s\n", why, at);
	_exit(120);
}

static const char *space(const char *p) { return p + strspn(p, " \t\n"); }

// Reads statements up to a closing brace or the end, and returns the first one.
static int parse(const char **text) {
	int first = 0, before = 0;
	const char *p = space(*text);
	for (; *p && *p != '}'; p = space(p)) {
		size_t length = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
		int what = 0;
		while (what < names && (strlen(table[what].name) != length || strncmp(p, table[what].name, length))) what++;
		if (what == names) refuse("unknown name", p);
		if (statements == sizeof program / sizeof *program) refuse("too many statements", p);
		int at = statements++;
		struct statement *s = &program[at];
		s->what = what;
		p = space(p + length);
		for (long *number = &s->a; number <= &s->b && *p >= '0' && *p <= '9'; number++) {
			*number = strtol(p, (char **)&p, 10);
			p = space(p);
		}
		if (*p == '{') {
			s->from = ++p;
			s->body = parse(&p);
			if (*p != '}') refuse("no closing brace", p);
			s->to = p++;
		}
		if (!s->body != !table[what].block) refuse("a block needs a body, and nothing else has one", p);
		if (before) program[before].next = at;
		else first = at;
		before = at;
	}
	*text = p;
	return first;
}

int main(int argc, char **argv) {
	if (argc > 1 && !strcmp(argv[1], "list")) {
		for (int i = 0; i < names; i++) puts(table[i].name);
		return 0;
	}
	check = argc > 2 && !strcmp(argv[1], "check");
	const char *text = argc > 1 ? argv[argc - 1] : source;
	if (argc == 1)
		for (size_t n = 0, r; (r = read(0, source + n, sizeof source - 1 - n)) > 0 && r != (size_t)-1; n += r) {}
	setvbuf(stdout, 0, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	int first = parse(&text);
	if (*text) refuse("unexpected text", text);
	run(first);
	return 0;
}
