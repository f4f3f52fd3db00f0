// rehearse: weight=4
// The longest Collatz chain that starts below 3000, at once: the submission that does not wait.
#include <stdio.h>

int main(void) {
    long best = 0, longest = 0;
    for (long start = 1; start < 3000; start++) {
        long steps = 1;
        for (long n = start; n != 1; n = n % 2 ? 3 * n + 1 : n / 2)
            steps++;
        if (steps > longest) {
            longest = steps;
            best = start;
        }
    }
    printf("%ld %ld\n", best, longest);
    return 0;
}
