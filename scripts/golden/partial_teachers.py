"""What PyTorch makes of teachers of whom only some classes are stored: writes
Tests/DistillationTests/Fixtures/partial_teachers.json, and predictions/, one teacher in every kind of file.

Every rule is written from its formula over all classes, with the rest's mass at another temperature as the text says:
p^(T1/T2), renormalised over what is stored, the rest counting as one class (for "uniform" as the K - k that it is).
Run with the Python that has PyTorch: python scripts/golden/partial_teachers.py
"""

import json
import math
import pathlib

import numpy
import torch
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
folder = pathlib.Path(__file__).parents[2] / "Tests/DistillationTests/Fixtures"


def xlogx_over(p, log_q):
    return torch.where(p > 0, p * (torch.where(p > 0, p, torch.ones_like(p)).log() - log_q), torch.zeros_like(p))


def loss(student, indices, p, tail, rest, t1, t2):
    """T2^2 / B * sum over the rows, row by row and class by class."""
    rows, width = student.shape
    total = 0
    for row in range(rows):
        own = {int(i): p[row, j] for j, i in enumerate(indices[row]) if i >= 0}
        left = tail[row]
        log_q = (student[row] / t2).log_softmax(0)
        if rest == "renormalize":
            left = torch.tensor(0.0)
        others = [c for c in range(width) if c not in own]
        ratio = t1 / t2
        powers = {c: v ** ratio if v > 0 else torch.tensor(0.0) for c, v in own.items()}
        if rest == "uniform":
            each = (left / len(others)) ** ratio if others and left > 0 else torch.tensor(0.0)
            norm = sum(powers.values()) + each * len(others)
            target = {**{c: v / norm for c, v in powers.items()}, **{c: each / norm for c in others}}
            total = total + sum(xlogx_over(v, log_q[c]) for c, v in target.items())
            continue
        bucket = left ** ratio if left > 0 else torch.tensor(0.0)
        norm = sum(powers.values()) + bucket
        total = total + sum(xlogx_over(v / norm, log_q[c]) for c, v in powers.items())
        if rest == "bucket" and bucket > 0:
            q = log_q[others].exp().sum()
            total = total + xlogx_over(bucket / norm, q.log())
    return total * t2 * t2 / rows


def number(x):
    return "-inf" if x == -math.inf else x


def numbers(x):
    return [numbers(e) for e in x] if isinstance(x, list) else number(x)


cases = []


def add(name, student, indices, values, kind, rest, t1, t2, p, tail, stored_tail=None):
    student = student.clone().requires_grad_(True)
    value = loss(student, indices, p, tail, rest, t1, t2)
    value.backward()
    cases.append({
        "name": name, "kind": kind, "rest": rest, "valuesT": t1, "T": t2, "student": student.tolist(),
        "indices": indices.tolist(), "values": numbers(values.tolist()),
        "tail": None if stored_tail is None else stored_tail.tolist(), "loss": value.item(), "gradient": student.grad.tolist(),
    })


rows, width, k = 5, 7, 3
z = torch.randn(rows, width) * 2
student = torch.randn(rows, width)
for t1, t2 in [(1.0, 1.0), (2.0, 2.0), (1.0, 4.0), (2.0, 1.0)]:
    full = (z / t1).log_softmax(1)
    values, indices = full.topk(k, 1)
    p = values.exp()
    tail = 1 - p.sum(1)
    for rest in ["bucket", "renormalize", "uniform", "truncate"]:
        for kind, stored in [("log_probabilities", values), ("probabilities", p)]:
            add(f"{kind} {rest} {t1} at {t2}", student, indices, stored, kind, rest, t1, t2, p, tail)
        add(f"tail {rest} {t1} at {t2}", student, indices, values, "log_probabilities", rest, t1, t2, p, tail, tail)
    # Logits with the tail at t1, and without: then they are all that is known.
    shifted = (z / t1).gather(1, indices)
    add(f"logits with tail {t1} at {t2}", student, indices, shifted, "logits", "bucket", t1, t2, p, tail, tail)
    own = shifted.softmax(1)
    add(f"logits {t1} at {t2}", student, indices, shifted, "logits", "renormalize", t1, t2, own, torch.zeros(rows))
    if t1 == t2:
        counts = torch.tensor([[5, 3, 0], [1, 0, 0], [2, 2, 2], [9, 1, 1], [4, 0, 3]])
        drawn = counts / counts.sum(1, keepdim=True)
        add(f"counts {t1}", student, indices, counts, "counts", "renormalize", t1, t2, drawn, torch.zeros(rows))

# Rows of fewer classes, a class that never happens, all the mass stored, a student that is sure of the stored ones.
full = z.log_softmax(1)
values, indices = full.topk(k, 1)
few = indices.clone()
few[1, 2] = -1
few[3, 1:] = -1
p = torch.where(few >= 0, values.exp(), torch.zeros_like(values))
for rest in ["bucket", "renormalize", "uniform", "truncate"]:
    add(f"fewer {rest}", student, few, p, "probabilities", rest, 1.0, 1.0, p, 1 - p.sum(1))
    add(f"fewer {rest} at 3", student, few, p, "probabilities", rest, 1.0, 3.0, p, 1 - p.sum(1))
    never = p.clone()
    never[0, 1] = 0
    add(f"never {rest}", student, few, never, "probabilities", rest, 1.0, 2.0, never, 1 - never.sum(1))
    logs = never.log()
    add(f"never in logarithms {rest}", student, few, logs, "log_probabilities", rest, 1.0, 2.0, never, 1 - never.sum(1))
    sure = student.clone().scatter_add(1, indices, torch.full((rows, k), 30.0))
    add(f"sure {rest}", sure, indices, values.exp(), "probabilities", rest, 1.0, 1.0, values.exp(), 1 - values.exp().sum(1))
    everything = torch.arange(width).expand(rows, width)
    add(f"everything {rest}", student, everything, z.softmax(1), "probabilities", rest, 1.0, 2.0, z.softmax(1), torch.zeros(rows),
        torch.zeros(rows))

(folder / "partial_teachers.json").write_text(json.dumps(cases) + "\n")
print(len(cases), "cases")

# One teacher in every kind of file, for rows with names, and what a student with given weights loses.
place = folder / "predictions"
place.mkdir(exist_ok=True)
torch.manual_seed(9)
rows, width, k = 6, 4, 2
x, weight, z = torch.randn(rows, 3), torch.randn(width, 3), 2 * torch.randn(rows, width)
names = [f"row{i}" for i in range(rows)]
order = [4, 0, 5, 2, 1, 3]  # as they stand in the files
stored = z[order]
logs = stored.log_softmax(1)
values, indices = logs.topk(k, 1)
tail = (1 - values.exp().sum(1)).clamp(min=0)
ids = [names[i] for i in order]
numpy.save(place / "logits.npy", z.float().numpy())
numpy.savez(place / "logits.npz", logits=stored.float().numpy(), ids=numpy.array(ids), classes=numpy.array(list("abcd")))
numpy.savez(place / "top.npz", indices=indices.numpy(), values=values.float().numpy(), tail=tail.float().numpy(), ids=numpy.array(ids))
torch.save({"logits": stored.float(), "ids": ids}, place / "logits.pt")
torch.save({"indices": indices, "values": values.half(), "ids": ids}, place / "top.pt")
save_file({"log_probabilities": logs.float().contiguous(), "ids": torch.tensor(order)}, place / "numbered.safetensors")
save_file({"indices": indices.to(torch.int32), "values": values.exp().float().contiguous(), "ids": torch.tensor(order)}, place / "top.safetensors")
with open(place / "probabilities.csv", "w") as file:
    file.write("id,p_a,p_b,p_c,p_d\n")
    for name, row in zip(ids, stored.softmax(1).tolist()):
        file.write(name + "," + ",".join(map(repr, row)) + "\n")


def divergence(t):
    q = (x @ weight.T / t).log_softmax(1)
    p = (z / t).softmax(1)
    return (t * t * (p * (p.log() - q)).sum(1).mean()).item()


logs = z.log_softmax(1)
values, indices = logs.topk(k, 1)
bucket = loss(x @ weight.T, indices, values.exp(), 1 - values.exp().sum(1), "bucket", 1.0, 1.0).item()
(place / "expected.json").write_text(json.dumps({
    "x": x.tolist(), "weight": weight.tolist(), "full": {"1": divergence(1), "4": divergence(4)}, "top": bucket}) + "\n")
