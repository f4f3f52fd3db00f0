x, total = 1, 0
for i in range(500000):
    x = (x * 1664525 + 1013904223) % 4294967296
    total ^= x >> (x & 7)
print(total)
