def run(n):
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += (i * j) % 7 * 0.5
    return total
print(run(1500))
