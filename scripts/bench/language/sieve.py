import time


def sieve(n):
    prime = [True] * (n + 1)
    i = 2
    while i * i <= n:
        if prime[i]:
            for j in range(i * i, n + 1, i):
                prime[j] = False
        i += 1
    count = 0
    for k in range(2, n + 1):
        if prime[k]:
            count += 1
    return count


start = time.perf_counter()
result = sieve(2000000)
print(f"{1000 * (time.perf_counter() - start):.1f} ms, {result}")
