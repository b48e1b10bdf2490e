"""Job e: the student loop of job a, microseconds a step."""
import sys, time
import numpy as np, torch
from torch import nn
import torch.nn.functional as F
torch.set_num_threads(int(sys.argv[1])); torch.manual_seed(0)
table = np.loadtxt(sys.argv[2], delimiter=",", skiprows=1, dtype=np.float32)
x = torch.from_numpy(table[:1438, :64] / 16); y = torch.from_numpy(table[:1438, 64].astype(np.int64))
teacher = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)).eval()
student = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.Adam(student.parameters(), lr=1e-3, fused="fused" in sys.argv or None)
kl = nn.KLDivLoss(reduction="batchmean"); ce = nn.CrossEntropyLoss()
T, alpha, steps = 4, 0.9, 0
start = time.perf_counter()
for epoch in range(30):
    order = torch.randperm(len(x))
    for at in range(0, len(x), 64):
        rows = order[at:at + 64]; xb, yb = x[rows], y[rows]
        with torch.no_grad():
            t = teacher(xb)
        s = student(xb)
        loss = alpha * T ** 2 * kl(F.log_softmax(s / T, dim=1), F.softmax(t / T, dim=1)) + (1 - alpha) * ce(s, yb)
        optimizer.zero_grad(); loss.backward(); optimizer.step(); steps += 1
print(f"{1e6 * (time.perf_counter() - start) / steps:.1f} us a step, loss {loss.item():.4f}")
