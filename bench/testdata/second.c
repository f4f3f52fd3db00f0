// second always executes the same instructions, only on registers, so that differences of its CPU
// time are those of the measurement. With a counter in memory it took 0.65 to 1.18 s instead of
// 0.54 to 0.56 s, also without a sandbox: on new processors the time to load a value that was just
// stored depends on the address of the stack.
//
// The second number of the output is the median time of its parts in nanoseconds. Each part
// consists of the same 900,000 operations, each of which needs the result of the one before, so the
// median shows the speed of the processor's clock. An interrupted part takes longer and is not the
// median.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
enum { PARTS = 4000, STEPS = 150000 };
static long took[PARTS];
static long now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}
static int compare(const void *a, const void *b) {
	long x = *(const long *)a, y = *(const long *)b;
	return (x > y) - (x < y);
}
int main(void) {
	unsigned long long x = 88172645463325252ull;
	for (int part = 0; part < PARTS; part++) {
		long begun = now();
		for (int n = 0; n < STEPS; n++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
		}
		took[part] = now() - begun;
	}
	qsort(took, PARTS, sizeof took[0], compare);
	printf("%llu %ld\n", x, took[PARTS / 2]);
}
