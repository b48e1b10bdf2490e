"""Writes the names, shapes and outputs of torchvision's networks, and of EfficientNet-Lite0, for BuiltinsTests.

usage: python3 scripts/golden/torchvision.py [efficientnet-lite0-57934424.pth]

Names and shapes come from the meta device. Outputs are those of ten classes with numbers that the tests compute as well:
element i of the k-th tensor in the order of names is ((37 i + 11 k) mod 251 - 125) / 125, scaled to keep the size of what
goes through. With the published weights of EfficientNet-Lite0 their logits are written too.
"""
import math
import pathlib
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path = [place for place in sys.path if pathlib.Path(place).resolve() != HERE]
# Operators that only a torchvision built for this very PyTorch would register; no network needs them.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as models

OUT = HERE.parents[1] / "Tests/BuiltinsTests/Fixtures"
NAMES = """resnet18 resnet34 resnet50 resnet101 vgg11_bn vgg13_bn vgg16_bn vgg19_bn mobilenet_v2 mobilenet_v3_small
mobilenet_v3_large efficientnet_b0 densenet121 squeezenet1_1 shufflenet_v2_x1_0 convnext_tiny vit_b_16""".split()


class Same(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding."""

    def forward(self, x):
        pads = []
        for size, kernel, stride in zip(reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride)):
            missing = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            pads += [missing // 2, missing - missing // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, 1, self.groups)


class LiteBlock(nn.Module):
    def __init__(self, cin, cout, kernel, stride, expansion):
        super().__init__()
        inner = cin * expansion
        self.expands, self.residual = expansion != 1, stride == 1 and cin == cout
        if self.expands:
            self._expand_conv = Same(cin, inner, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(inner, eps=1e-3)
        self._depthwise_conv = Same(inner, inner, kernel, stride, groups=inner, bias=False)
        self._bn1 = nn.BatchNorm2d(inner, eps=1e-3)
        self._project_conv = Same(inner, cout, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(cout, eps=1e-3)

    def forward(self, x):
        h = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        h = self._bn2(self._project_conv(F.relu6(self._bn1(self._depthwise_conv(h)))))
        return x + h if self.residual else h


class EfficientNetLite0(nn.Module):
    """EfficientNet-B0 (Tan and Le, 2019) without squeeze and excitation, with ReLU6; names of EfficientNet-PyTorch."""

    def __init__(self, num_classes=1000):
        super().__init__()
        stages = [(1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3),
                  (6, 5, 1, 80, 112, 3), (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1)]
        self._conv_stem, self._bn0 = Same(3, 32, 3, 2, bias=False), nn.BatchNorm2d(32, eps=1e-3)
        self._blocks = nn.ModuleList(
            LiteBlock(cin if i == 0 else cout, cout, kernel, stride if i == 0 else 1, expansion)
            for expansion, kernel, stride, cin, cout, count in stages for i in range(count))
        self._conv_head, self._bn1 = Same(320, 1280, 1, bias=False), nn.BatchNorm2d(1280, eps=1e-3)
        self._fc = nn.Linear(1280, num_classes)

    def forward(self, x):
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return self._fc(F.relu6(self._bn1(self._conv_head(x))).mean((2, 3)))


def make(name, num_classes=1000):
    return EfficientNetLite0(num_classes) if name == "efficientnet_lite0" else getattr(models, name)(num_classes=num_classes)


def pattern(shape, k):
    count = math.prod(shape)
    return (((37 * torch.arange(count) + 11 * k) % 251 - 125).double() / 125).reshape(shape)


def fill(net):
    """Numbers that both sides compute: spread like trained ones, so that outputs neither vanish nor explode."""
    for k, (name, tensor) in enumerate(sorted(net.state_dict().items())):
        if name.endswith("num_batches_tracked"):
            continue
        wave = pattern(tensor.shape, k)
        if name.endswith("running_var"):
            wave = 1 + wave / 4
        elif tensor.ndim < 2 or name.endswith("layer_scale"):
            wave = (1 if name.endswith(("weight", "layer_scale")) else 0) + wave / 4
        else:
            wave = wave * math.sqrt(3 / math.prod(tensor.shape[1:]))
        with torch.no_grad():
            tensor.copy_(wave)


def image(name):
    size = 224 if name == "vit_b_16" else 64
    return pattern((1, 3, size, size), 3).float()


def write_shapes():
    with open(OUT / "torchvision.txt", "w") as file:
        for name in NAMES + ["efficientnet_lite0"]:
            with torch.device("meta"):
                state = make(name).state_dict()
            print(f"# {name} {len(state)} {sum(p.numel() for p in make_meta(name).parameters())}", file=file)
            for key, tensor in sorted(state.items()):
                print(key, *tensor.shape, file=file)


def make_meta(name):
    with torch.device("meta"):
        return make(name)


def write_outputs():
    with open(OUT / "torchvision_outputs.txt", "w") as file:
        for name in NAMES + ["efficientnet_lite0"]:
            net = make(name, num_classes=10).eval()
            fill(net)
            with torch.no_grad():
                y = net(image(name))[0]
            print(name, *(f"{v:.9g}" for v in y.tolist()), file=file)
            print(name, y.abs().max().item())


def write_published(path):
    net = EfficientNetLite0().eval()
    net.load_state_dict(torch.load(path, weights_only=True))
    with torch.no_grad():
        y = net(pattern((1, 3, 224, 224), 3).float())[0]
    with open(OUT / "efficientnet_lite0.txt", "w") as file:
        print(*(f"{v:.9g}" for v in y.tolist()), file=file)
    print("published", y.abs().max().item(), y.argmax().item())


torch.set_num_threads(1)
write_shapes()
write_outputs()
if len(sys.argv) > 1:
    write_published(sys.argv[1])
