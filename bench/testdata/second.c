// A program that always does the same, in registers alone: what is to be seen is how well CPU time is measured. A counter in
// memory took 0.65 to 1.18 s where this took 0.54 to 0.56, with no sandbox near: on new processors the time of a store that is
// read again depends on where the stack happens to lie.
#include <stdio.h>
int main(void) {
	unsigned long long x = 88172645463325252ull;
	for (unsigned n = 0; n < 600000000u; n++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	printf("%llu\n", x);
}
