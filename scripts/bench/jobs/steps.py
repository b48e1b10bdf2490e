"""Jobs b, c, d: one training step of distillation, milliseconds a step, as an experienced PyTorch user writes it.

usage: steps.py JOB THREADS [cached] [fused]   with JOB one of mlp, cnn, cnn_channels_last, resnet, resnet_channels_last
"""
import sys
import time
import statistics
import torch
from torch import nn
import torch.nn.functional as F

job, threads, cached = sys.argv[1], int(sys.argv[2]), "cached" in sys.argv[3:]
torch.set_num_threads(threads)
torch.manual_seed(0)
last = job.endswith("channels_last")
kind = job.removesuffix("_channels_last")


class Block(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.short = nn.Identity() if stride == 1 and cin == cout else nn.Sequential(
            nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        h = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(h)) + self.short(x), inplace=True)


def resnet(depth):
    n = (depth - 2) // 6
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    cin = 16
    for cout, stride in ((16, 1), (32, 2), (64, 2)):
        for i in range(n):
            layers.append(Block(cin, cout, stride if i == 0 else 1))
            cin = cout
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Conv(nn.Module):
    def __init__(self, a, b, c):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, a, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(a, b, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.fc = nn.Linear(c * 49, 10)

    def forward(self, x):
        h = self.trunk(x)
        return self.fc(h.flatten(1)), h


def mlp(*sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


if kind == "mlp":
    batch, shape = 128, (784,)
    teacher, student = mlp(784, 1200, 1200, 10), mlp(784, 800, 800, 10)
elif kind == "cnn":
    batch, shape = 128, (1, 28, 28)
    teacher, student = Conv(32, 64, 128), Conv(8, 16, 32)
else:
    batch, shape = 64, (3, 32, 32)
    teacher, student = resnet(20), resnet(8)
teacher.eval()
for p in teacher.parameters():
    p.requires_grad_(False)
adapter = nn.Conv2d(32, 128, 1) if kind == "cnn" else None
params = list(student.parameters()) + (list(adapter.parameters()) if adapter else [])
fused = "fused" in sys.argv or None
optimizer = (torch.optim.Adam(params, lr=1e-3, fused=fused) if kind == "cnn"
             else torch.optim.SGD(params, lr=0.05, momentum=0.9, fused=fused))
x = torch.randn(batch * 4, *shape)
y = torch.randint(0, 10, (batch * 4,))
if last:
    teacher, student, x = (v.to(memory_format=torch.channels_last) for v in (teacher, student, x))
    if adapter:
        adapter = adapter.to(memory_format=torch.channels_last)
with torch.no_grad():
    table = teacher(x)
    table = table[0] if kind == "cnn" else table


def step(i):
    rows = slice((i % 4) * batch, (i % 4 + 1) * batch)
    xb, yb = x[rows], y[rows]
    if cached:
        t = table[rows]
    else:
        with torch.no_grad():
            t = teacher(xb)
    s = student(xb)
    extra = 0.0
    if kind == "cnn":
        (s, hs), (t, ht) = s, t
        extra = 10 * F.mse_loss(adapter(hs), ht)
    loss = 0.9 * 16 * F.kl_div(F.log_softmax(s / 4, 1), F.softmax(t / 4, 1), reduction="batchmean")
    loss = loss + 0.1 * F.cross_entropy(s, yb) + extra
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


for i in range(5):
    step(i)
times = []
for i in range(30):
    t0 = time.perf_counter()
    value = step(i)
    times.append(time.perf_counter() - t0)
print(f"{1000 * statistics.median(times):.3f} ms a step, loss {value:.4f}")
