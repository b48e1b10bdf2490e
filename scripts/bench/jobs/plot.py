"""A figure of four curves with 1,000 points each, 1600 by 1000 pixels; the whole process."""
import math
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(8, 5), dpi=200)
for k, label in enumerate("abcd"):
    ax.plot([1.0 / (1 + 0.01 * i) + 0.05 * k + 0.02 * math.sin(0.3 * i * (k + 1)) for i in range(1000)], label=label)
ax.set_title("Four curves")
ax.legend()
fig.savefig("/tmp/matplotlib-bench-plot.png")
