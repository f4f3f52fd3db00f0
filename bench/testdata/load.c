// load sends one request COUNT times over CONNECTIONS connections, with one thread each, and waits
// for every answer. It shares the cores with the executor that it measures, so it does little work
// itself. It prints the number of answers per second and the median time of an answer in
// nanoseconds.
//
// load PORT CONNECTIONS COUNT FILE     FILE holds the complete HTTP request, headers included
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 20 };

static int port, count, sent;
static char request[MOST];
static size_t length;
static double *took;

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void fail(const char *what, const char *answer) {
	fprintf(stderr, "load: %s: %.600s\n", what, answer);
	exit(1);
}

static void exchange(int s, char *answer) {
	if (write(s, request, length) != (ssize_t)length) fail("the request could not be written", "");
	size_t have = 0, whole = 0;
	while (whole == 0 || have < whole) {
		ssize_t n = read(s, answer + have, MOST - 1 - have);
		if (n <= 0) fail("the answer ended early", answer);
		answer[have += n] = 0;
		char *body = whole ? NULL : strstr(answer, "\r\n\r\n");
		if (body) {
			char *field = strcasestr(answer, "\r\ncontent-length:");
			if (!field || field > body) fail("the answer has no Content-Length", answer);
			whole = body + 4 - answer + atoi(field + 17);
		}
	}
	if (!strstr(answer, "\"verdict\":\"OK\"") || strncmp(answer, "HTTP/1.1 200 ", 13)) fail("the verdict is not OK", answer);
}

// client sends requests until all connections together have sent COUNT. The connections share one
// counter, so that all of them are busy until the end.
static void *client(void *unused) {
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	if (connect(s, (struct sockaddr *)&to, sizeof to)) fail("cannot connect", "");
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	char *answer = malloc(MOST);
	for (int i; (i = __atomic_fetch_add(&sent, 1, __ATOMIC_RELAXED)) < count;) {
		double begin = now();
		exchange(s, answer);
		took[i] = now() - begin;
	}
	free(answer);
	close(s);
	return unused;
}

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv) {
	if (argc != 5) return 2;
	port = atoi(argv[1]);
	int connections = atoi(argv[2]);
	count = atoi(argv[3]);
	FILE *f = fopen(argv[4], "r");
	if (!f || connections < 1 || count < 1) return 2;
	length = fread(request, 1, sizeof request, f);
	took = calloc((size_t)count, sizeof *took);
	pthread_t threads[connections];
	double begin = now();
	for (int i = 0; i < connections; i++) pthread_create(threads + i, NULL, client, NULL);
	for (int i = 0; i < connections; i++) pthread_join(threads[i], NULL);
	double all = now() - begin;
	qsort(took, count, sizeof *took, ascending);
	printf("%.3f %.0f\n", count / all * 1e9, took[count / 2]);
}
