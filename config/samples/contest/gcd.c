// rehearse: weight=8
// Reads pairs of numbers, waits six seconds, prints the greatest common divisor of each pair.
#include <stdio.h>
#include <unistd.h>

static long gcd(long a, long b) { return b == 0 ? a : gcd(b, a % b); }

int main(void) {
    long a, b;
    sleep(6);
    while (scanf("%ld %ld", &a, &b) == 2)
        printf("%ld\n", gcd(a, b));
    return 0;
}
