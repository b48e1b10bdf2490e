"""Job a: teacher and student on the digits, the whole process. PyTorch as an experienced user writes it."""
import sys
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
torch.manual_seed(0)
table = np.loadtxt(sys.argv[2], delimiter=",", skiprows=1, dtype=np.float32)
x = torch.from_numpy(table[:, :64] / 16)
y = torch.from_numpy(table[:, 64].astype(np.int64))
order = torch.randperm(len(x))
test, train = order[:359], order[359:]
xt, yt, xv, yv = x[train], y[train], x[test], y[test]


def accuracy(net):
    net.eval()
    with torch.no_grad():
        result = (net(xv).argmax(1) == yv).float().mean().item()
    net.train()
    return result


def epochs(net, count, loss):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused="fused" in sys.argv or None)
    for _ in range(count):
        order = torch.randperm(len(xt))
        for start in range(0, len(xt), 64):
            rows = order[start:start + 64]
            optimizer.zero_grad()
            loss(net, rows).backward()
            optimizer.step()
        last = accuracy(net)
    return last


teacher = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
student = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
first = epochs(teacher, 30, lambda net, rows: F.cross_entropy(net(xt[rows]), yt[rows]))
teacher.eval()
with torch.no_grad():
    targets = F.softmax(teacher(xt) / 4, dim=1)


def kd(net, rows):
    logits = net(xt[rows])
    soft = 16 * F.kl_div(F.log_softmax(logits / 4, dim=1), targets[rows], reduction="batchmean")
    return 0.9 * soft + 0.1 * F.cross_entropy(logits, yt[rows])


second = epochs(student, 60, kd)
print(f"teacher {first:.4f} student {second:.4f}")
