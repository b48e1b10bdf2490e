import time


def run(n):
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += (i * j) % 7 * 0.5
    return total


start = time.perf_counter()
result = run(1500)
print(f"{1000 * (time.perf_counter() - start):.1f} ms, {result}")
