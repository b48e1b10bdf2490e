import time


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


start = time.perf_counter()
result = fib(27)
print(f"{1000 * (time.perf_counter() - start):.1f} ms, {result}")
