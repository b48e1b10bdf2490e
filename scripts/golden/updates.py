"""Writes Tests/TensorsTests/Fixtures/updates.txt: parameters after 50 steps of PyTorch's optimizers.

One line per optimizer: NAME OPTIONS | final values. The parameters are p_i = sin(i) for i in 0 ..< 12 in two tensors of 5
and 7 elements, the gradient at step s (from 1) is cos(i + 0.3 s) + 0.1 p_i."""

import math
import pathlib

import torch

torch.set_default_dtype(torch.float64)
path = pathlib.Path(__file__).resolve().parents[2] / "Tests/TensorsTests/Fixtures/updates.txt"
lines = []
O = torch.optim
for name, make, options in [
    ("sgd", O.SGD, dict(lr=0.1)),
    ("sgd", O.SGD, dict(lr=0.1, weight_decay=0.05, momentum=0.9)),
    ("sgd", O.SGD, dict(lr=0.1, momentum=0.9, nesterov=True)),
    ("sgd", O.SGD, dict(lr=0.1, momentum=0.8, dampening=0.3, maximize=True)),
    ("adam", O.Adam, dict(lr=0.01)),
    ("adam", O.Adam, dict(lr=0.01, weight_decay=0.1, amsgrad=True)),
    ("adamw", O.AdamW, dict(lr=0.01, weight_decay=0.1)),
    ("adamw", O.AdamW, dict(lr=0.01, weight_decay=0.1, amsgrad=True)),
    ("rmsprop", O.RMSprop, dict(lr=0.01)),
    ("rmsprop", O.RMSprop, dict(lr=0.01, momentum=0.9, weight_decay=0.1)),
    ("rmsprop", O.RMSprop, dict(lr=0.01, centered=True, momentum=0.5)),
    ("adagrad", O.Adagrad, dict(lr=0.1)),
    ("adagrad", O.Adagrad, dict(lr=0.1, weight_decay=0.1)),
]:
    start = torch.tensor([math.sin(i) for i in range(12)])
    parameters = [start[:5].clone().requires_grad_(), start[5:].clone().requires_grad_()]
    optimizer = make(parameters, **options)
    for step in range(1, 51):
        first = 0
        for p in parameters:
            p.grad = torch.cos(torch.arange(first, first + len(p)) + 0.3 * step) + 0.1 * p.detach()
            first += len(p)
        optimizer.step()
    words = " ".join(f"{k}={float(v):g}" for k, v in options.items())
    values = " ".join(format(v, ".14g") for p in parameters for v in p.tolist())
    lines.append(f"{name} {words} | {values}")
path.write_text("\n".join(lines) + "\n")
