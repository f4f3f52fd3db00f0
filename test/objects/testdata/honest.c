#include <stdio.h>

int main(void) {
	unsigned x = 1, sum = 0;
	for (long i = 0; i < 60000000; i++) {
		x = x * 1664525u + 1013904223u;
		sum ^= x >> (x & 7);
	}
	printf("%u\n", sum);
}
