// load sends one request again and again over so many connections, each its own thread, and waits for every answer. It shares the
// cores with the executor it measures, so it does as little as it can. It prints the answers a second and the median time of
// one in nanoseconds.
//
// load PORT CONNECTIONS COUNT FILE     FILE holds the whole HTTP request, headers included
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

static int port, count;
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
	if (write(s, request, length) != (ssize_t)length) fail("the request was not taken", "");
	size_t have = 0, whole = 0;
	while (whole == 0 || have < whole) {
		ssize_t n = read(s, answer + have, MOST - 1 - have);
		if (n <= 0) fail("the answer ended early", answer);
		answer[have += n] = 0;
		char *body = whole ? NULL : strstr(answer, "\r\n\r\n");
		if (body) {
			char *field = strcasestr(answer, "\r\ncontent-length:");
			if (!field || field > body) fail("an answer without a length", answer);
			whole = body + 4 - answer + atoi(field + 17);
		}
	}
	if (!strstr(answer, "\"verdict\":\"OK\"") || strncmp(answer, "HTTP/1.1 200 ", 13)) fail("not OK", answer);
}

static void *client(void *own) {
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	if (connect(s, (struct sockaddr *)&to, sizeof to)) fail("cannot connect", "");
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	char *answer = malloc(MOST);
	for (int i = 0; i < count; i++) {
		double begin = now();
		exchange(s, answer);
		((double *)own)[i] = now() - begin;
	}
	free(answer);
	close(s);
	return NULL;
}

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv) {
	if (argc != 5) return 2;
	port = atoi(argv[1]);
	int connections = atoi(argv[2]);
	count = atoi(argv[3]) / connections;
	FILE *f = fopen(argv[4], "r");
	if (!f || connections < 1 || count < 1) return 2;
	length = fread(request, 1, sizeof request, f);
	took = calloc((size_t)connections * count, sizeof *took);
	pthread_t threads[connections];
	double begin = now();
	for (int i = 0; i < connections; i++) pthread_create(threads + i, NULL, client, took + (size_t)i * count);
	for (int i = 0; i < connections; i++) pthread_join(threads[i], NULL);
	double all = now() - begin;
	int n = connections * count;
	qsort(took, n, sizeof *took, ascending);
	printf("%.3f %.0f\n", n / all * 1e9, took[n / 2]);
}
