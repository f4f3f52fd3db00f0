// rehearse: weight=4
// Reads a capacity and weight-value pairs, waits six seconds, prints the best value that fits.
#include <cstdio>
#include <unistd.h>

int main() {
    static long best[1001];
    int capacity, weight;
    long value;
    sleep(6);
    if (std::scanf("%d", &capacity) != 1 || capacity > 1000)
        return 1;
    while (std::scanf("%d %ld", &weight, &value) == 2)
        for (int room = capacity; room >= weight; room--)
            if (best[room - weight] + value > best[room])
                best[room] = best[room - weight] + value;
    std::printf("%ld\n", best[capacity]);
    return 0;
}
