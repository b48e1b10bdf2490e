"""Writes Tests/LearningTests/Fixtures/optimizers.json: PyTorch's optimizers and schedules in float64.

Each optimizer makes 50 steps; the parameters are p_i = sin(i) for i in 0 ..< 12 in two tensors of 5 and 7 elements, the
gradient at step s (from 1) is cos(i + 0.3 s) + 0.1 p_i. Kept are the parameters after the steps in `kept`."""
import json, math, pathlib
import torch
from torch import optim
from torch.optim import SGD
from torch.optim import lr_scheduler as S

torch.set_default_dtype(torch.float64)


class Lion(optim.Optimizer):
    """Algorithm 2 of 2302.06675, which PyTorch has not."""

    def __init__(self, parameters, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(parameters, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = b1 * m + (1 - b1) * p.grad
                p -= group["lr"] * (c.sign() + group["weight_decay"] * p)
                m.copy_(b2 * m + (1 - b2) * p.grad)


rules = {name: getattr(optim, name) for name in
         ["SGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta"]} | {"Lion": Lion}
optimizers = [
    ("SGD", {}), ("SGD", dict(lr=0.1, momentum=0.9, weight_decay=0.05)), ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True)),
    ("SGD", dict(lr=0.1, momentum=0.8, dampening=0.3, maximize=True)),
    ("Adam", {}), ("Adam", dict(lr=0.05, betas=[0.8, 0.9], eps=1e-3)), ("Adam", dict(lr=0.01, weight_decay=0.1, amsgrad=True)),
    ("AdamW", {}), ("AdamW", dict(lr=0.01, weight_decay=0.1, maximize=True)),
    ("AdamW", dict(lr=0.01, weight_decay=0.1, amsgrad=True)),
    ("NAdam", {}), ("NAdam", dict(lr=0.05, betas=[0.8, 0.95], weight_decay=0.1, momentum_decay=0.02)),
    ("NAdam", dict(lr=0.02, weight_decay=0.1, decoupled_weight_decay=True, maximize=True)),
    ("RAdam", {}), ("RAdam", dict(lr=0.05, betas=[0.8, 0.95], eps=1e-4, weight_decay=0.1)),
    ("RAdam", dict(lr=0.02, weight_decay=0.1, decoupled_weight_decay=True, maximize=True)),
    ("RMSprop", {}), ("RMSprop", dict(lr=0.01, momentum=0.9, weight_decay=0.1)),
    ("RMSprop", dict(lr=0.01, alpha=0.9, centered=True, momentum=0.5, maximize=True)), ("RMSprop", dict(centered=True)),
    ("Adagrad", {}), ("Adagrad", dict(lr=0.1, weight_decay=0.1, lr_decay=0.01, maximize=True)),
    ("Adagrad", dict(lr=0.1, initial_accumulator_value=0.5, eps=1e-3)),
    ("Adadelta", {}), ("Adadelta", dict(lr=0.5, rho=0.8, eps=1e-4, weight_decay=0.1, maximize=True)),
    ("Lion", {}), ("Lion", dict(lr=0.01, betas=[0.8, 0.95], weight_decay=0.1)),
]
kept = [1, 2, 7, 50]
result = {"kept": kept, "optimizers": [], "schedules": []}
for name, options in optimizers:
    start = torch.tensor([math.sin(i) for i in range(12)])
    parameters = [start[:5].clone().requires_grad_(), start[5:].clone().requires_grad_()]
    optimizer, path = rules[name](parameters, **options), []
    for step in range(1, 51):
        first = 0
        for p in parameters:
            p.grad = torch.cos(torch.arange(first, first + len(p)) + 0.3 * step) + 0.1 * p.detach()
            first += len(p)
        optimizer.step()
        if step in kept:
            path.append([float(format(v, ".14g")) for p in parameters for v in p.tolist()])
    result["optimizers"].append({"rule": name, "options": options, "path": path})
for name, make in {
    "StepLR": lambda o: S.StepLR(o, 7, 0.5), "MultiStepLR": lambda o: S.MultiStepLR(o, [5, 20], 0.2),
    "CosineAnnealingLR": lambda o: S.CosineAnnealingLR(o, 30, 0.001),
    "OneCycleLR": lambda o: S.OneCycleLR(o, 0.3, total_steps=50),
    "LinearLR": lambda o: S.LinearLR(o, 0.25, 1, 8), "ExponentialLR": lambda o: S.ExponentialLR(o, 0.95)}.items():
    p = torch.tensor([1.0], requires_grad=True)
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    scheduler, rates = make(optimizer), []
    for step in range(30 if name == "CosineAnnealingLR" else 49):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    result["schedules"].append({"name": name, "rates": rates})
path = pathlib.Path(__file__).parents[2] / "Tests/LearningTests/Fixtures/optimizers.json"
path.write_text(json.dumps(result))
print(path.stat().st_size, "bytes")
