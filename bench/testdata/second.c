#include <stdio.h>
int main(void) {
	volatile unsigned n = 0;
	while (n < 2300000000u) n++;
	printf("%u\n", n);
}
