import time


def run(n):
    counts = {}
    for i in range(n):
        key = f"k{i % 1000}"
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
    return counts["k7"] + len(counts)


start = time.perf_counter()
result = run(500000)
print(f"{1000 * (time.perf_counter() - start):.1f} ms, {result}")
