# rehearse: weight=41
"""Sums the primes below ten thousand, after six seconds."""
import time

time.sleep(6)
limit = 10_000
sieve = bytearray([1]) * limit
sieve[0] = sieve[1] = 0
for n in range(2, int(limit**0.5) + 1):
    if sieve[n]:
        sieve[n * n :: n] = bytes(len(range(n * n, limit, n)))
print(sum(n for n in range(limit) if sieve[n]))
