"""Writes the teachers of examples/pretrained.dist: a checkpoint of PyTorch's and a model of ONNX.

usage: python3 scripts/golden/pretrained.py

Both are trained on the forms that the example draws, by the same formula and with other random numbers. The first is a
residual network of torchvision's blocks and names, saved as training loops save it (under "model_state_dict", each name
behind DataParallel's "module."). The second is a convolutional network with squeeze and excitation and HardSwish, exported
with a free number of examples. Tests/BuiltinsTests/Fixtures/pretrained.txt holds what they say of four images that the tests
compute as well, and their accuracy on new forms.
"""
import pathlib
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path = [place for place in sys.path if pathlib.Path(place).resolve() != HERE]
# Operators that only a torchvision built for this very PyTorch would register; no network needs them.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import torch
import torch.nn as nn
from torchvision.models.resnet import BasicBlock

ROOT = HERE.parent.parent
DATA, FIXTURES = ROOT / "examples/data", ROOT / "Tests/BuiltinsTests/Fixtures"
CLASSES = ["disc", "square", "triangle", "cross"]
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
SIZE = 32


def forms(count):
    """Images [N, 3, 32, 32] in 0…1 and classes: one form each, turned, on a ground of another colour, with noise."""
    grid = torch.arange(SIZE).float()
    y = torch.randint(4, (count,))
    across, down = (torch.rand(count, 1, 1) * 12 + 10 for _ in range(2))
    radius, angle = torch.rand(count, 1, 1) * 4 + 5, torch.rand(count, 1, 1) * 6.2832
    u, v = grid.reshape(1, 1, SIZE) - across, grid.reshape(1, SIZE, 1) - down
    a, b = u * angle.cos() + v * angle.sin(), v * angle.cos() - u * angle.sin()
    reach = [
        (a**2 + b**2) ** 0.5,
        torch.maximum(a.abs(), b.abs()) * 1.15,
        torch.maximum(b, a.abs() * 0.866 - b * 0.5) * 1.6,
        torch.minimum(torch.maximum(a.abs() * 2.5, b.abs()), torch.maximum(a.abs(), b.abs() * 2.5)),
    ]
    reach = torch.stack(reach, 1)[torch.arange(count), y]
    inside = (radius - reach + 0.5).clamp(0, 1).unsqueeze(1)
    front, ground = torch.rand(count, 3, 1, 1) * 0.5 + 0.5, torch.rand(count, 3, 1, 1) * 0.4
    x = inside * front + (1 - inside) * ground + 0.1 * torch.randn(count, 3, SIZE, SIZE)
    return x.clamp(0, 1), y


def normalized(x):
    return (x - MEAN.reshape(3, 1, 1)) / STD.reshape(3, 1, 1)


class Residual(nn.Module):
    """torchvision's ResNet with one block a stage and an eighth of the width, for small images."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.relu = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
        for index, (cin, cout) in enumerate([(8, 8), (8, 16), (16, 32)]):
            down = None if cin == cout else nn.Sequential(nn.Conv2d(cin, cout, 1, 2, bias=False), nn.BatchNorm2d(cout))
            block = BasicBlock(cin, cout, 1 if cin == cout else 2, down)
            setattr(self, f"layer{index + 1}", nn.Sequential(block))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(32, 4)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.relu(self.bn1(self.conv1(x))))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Squeeze(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.down, self.up = nn.Conv2d(width, width // 4, 1), nn.Conv2d(width // 4, width, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3), keepdim=True)))))


def squeezing():
    def stage(cin, cout, stride):
        return [nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout), nn.Hardswish(), Squeeze(cout)]

    layers = [nn.Conv2d(3, 12, 3, 2, 1), nn.Hardswish()] + stage(12, 24, 1) + stage(24, 32, 2) + stage(32, 48, 2)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 4))


def train(net, steps, rate, seed):
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    for _ in range(steps):
        x, y = forms(128)
        loss = nn.functional.cross_entropy(net(normalized(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    net.eval()
    x, y = forms(4000)
    with torch.no_grad():
        accuracy = (net(normalized(x)).argmax(1) == y).float().mean().item()
    return optimizer, accuracy


def pattern():
    """Images that the tests compute as well."""
    count = 4 * 3 * SIZE * SIZE
    return ((37 * torch.arange(count) + 11) % 251).float().reshape(4, 3, SIZE, SIZE) / 250


torch.set_num_threads(2)
torch.manual_seed(0)
residual = Residual()
optimizer, first = train(residual, 900, 4e-3, 1)
state = {"module." + name: tensor for name, tensor in residual.state_dict().items()}
torch.save(
    {"epoch": 900, "arch": "resnet8", "model_state_dict": state, "accuracy": first, "classes": CLASSES},
    DATA / "forms-resnet.pth")
torch.manual_seed(0)
squeeze = squeezing()
_, second = train(squeeze, 1200, 3e-3, 2)
torch.onnx.export(
    squeeze, (torch.zeros(2, 3, SIZE, SIZE),), str(DATA / "forms-squeeze.onnx"), dynamo=False, opset_version=17,
    input_names=["image"], output_names=["logits"], dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})
with open(FIXTURES / "pretrained.txt", "w") as file, torch.no_grad():
    for name, net, accuracy in [("forms-resnet.pth", residual, first), ("forms-squeeze.onnx", squeeze, second)]:
        logits = net(normalized(pattern()))
        print(name, f"{accuracy:.4f}", *(f"{v:.6g}" for v in logits.flatten().tolist()), file=file)
        print(name, f"{accuracy:.4f}", sum(p.numel() for p in net.parameters()))
