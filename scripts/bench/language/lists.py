import time


def run(n):
    xs = []
    for i in range(n):
        xs.append(i * 2)
    ys = [x + 1 for x in xs if x % 3 == 0]
    total = 0
    for y in ys:
        total += y
    return total + len(xs)


start = time.perf_counter()
result = run(2000000)
print(f"{1000 * (time.perf_counter() - start):.1f} ms, {result}")
