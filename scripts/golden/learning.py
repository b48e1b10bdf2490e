"""Writes Tests/LearningTests/Fixtures/optimizers.json: 50 steps of PyTorch's optimizers and schedules in float64."""
import json, pathlib
import torch
from torch.optim import SGD, Adam, AdamW, RMSprop, Adagrad
from torch.optim import lr_scheduler as S

torch.set_default_dtype(torch.float64)
optimizers = {
    "sgd": lambda p: SGD(p, lr=0.05), "sgd_momentum": lambda p: SGD(p, lr=0.02, momentum=0.9, weight_decay=0.01),
    "sgd_nesterov": lambda p: SGD(p, lr=0.02, momentum=0.9, nesterov=True),
    "sgd_dampening": lambda p: SGD(p, lr=0.02, momentum=0.9, dampening=0.5),
    "adam": lambda p: Adam(p, lr=0.05), "adam_decay_amsgrad": lambda p: Adam(p, lr=0.05, weight_decay=0.1, amsgrad=True),
    "adamw": lambda p: AdamW(p, lr=0.05), "rmsprop": lambda p: RMSprop(p, lr=0.01),
    "rmsprop_centered": lambda p: RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "adagrad": lambda p: Adagrad(p, lr=0.1, lr_decay=0.01)}
result = {"optimizers": [], "schedules": []}
for name, make in optimizers.items():
    p = torch.tensor([1.0, -2, 0.5], requires_grad=True)
    scale = torch.tensor([1.0, 3, 0.2])
    optimizer, path = make([p]), []
    for _ in range(50):
        optimizer.zero_grad()
        ((p * p * scale).sum() + p.sin().sum()).backward()
        optimizer.step()
        path.append(p.detach().tolist())
    result["optimizers"].append({"name": name, "path": path})
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
