// rehearse: weight=2 verdict=RuntimeError
// A contestant's mistake: aborts when its input is not what it expects. The right verdict is RuntimeError.
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    int count;
    if (scanf("%d", &count) != 1)
        abort();
    printf("%d\n", count);
    return 0;
}
