def run(n):
    counts = {}
    for i in range(n):
        key = f"k{i % 1000}"
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
    return counts["k7"] + len(counts)
print(run(500000))
