def run(n):
    xs = []
    for i in range(n):
        xs.append(i * 2)
    ys = [x + 1 for x in xs if x % 3 == 0]
    total = 0
    for y in ys:
        total += y
    return total + len(xs)
print(run(2000000))
