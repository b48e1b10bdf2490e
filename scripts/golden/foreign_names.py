"""Writes names, shapes and outputs of networks that timm and transformers have under other names than torchvision, for
BuiltinsTests.

usage: python3 scripts/golden/foreign_names.py

Every network has ten classes and the numbers of scripts/golden/torchvision.py: element i of the k-th tensor in the order of
names is ((37 i + 11 k) mod 251 - 125) / 125, scaled to keep the size of what goes through.
"""
import math
import pathlib
import sys
import tempfile
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path = [place for place in sys.path if pathlib.Path(place).resolve() != HERE]
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import timm
import torch
import transformers as hf
from safetensors.torch import load_file, save_file

OUT = HERE.parents[1] / "Tests/BuiltinsTests/Fixtures/foreign_names.txt"
TIMM = {"efficientnet_b0": "efficientnet_b0", "mobilenetv2_100": "mobilenet_v2", "convnext_tiny": "convnext_tiny",
        "vit_base_patch16_224": "vit_b_16", "vgg11_bn": "vgg11_bn", "resnet50": "resnet50", "densenet121": "densenet121"}


def pattern(shape, k):
    count = math.prod(shape)
    return (((37 * torch.arange(count) + 11 * k) % 251 - 125).double() / 125).reshape(shape)


def fill(state):
    for k, (name, tensor) in enumerate(sorted(state.items())):
        if name.endswith("num_batches_tracked"):
            continue
        wave = pattern(tensor.shape, k)
        if name.endswith("running_var"):
            wave = 1 + wave / 4
        elif tensor.ndim < 2:
            wave = (1 if name.endswith("weight") else 0) + wave / 4
        else:
            wave = wave * math.sqrt(3 / math.prod(tensor.shape[1:]))
        with torch.no_grad():
            tensor.copy_(wave)


def networks():
    for name, ours in TIMM.items():
        yield f"timm/{name}", ours, timm.create_model(name, num_classes=10), lambda y: y
    config = hf.ResNetConfig(depths=[2, 2, 2, 2], layer_type="basic", hidden_sizes=[64, 128, 256, 512], num_labels=10)
    yield "hf/resnet-18", "resnet18", hf.ResNetForImageClassification(config), lambda y: y.logits
    config = hf.ResNetConfig(num_labels=10)
    yield "hf/resnet-50", "resnet50", hf.ResNetForImageClassification(config), lambda y: y.logits
    yield "hf/vit-base", "vit_b_16", hf.ViTForImageClassification(hf.ViTConfig(num_labels=10)), lambda y: y.logits
    config = hf.ConvNextConfig(num_labels=10)
    yield "hf/convnext-tiny", "convnext_tiny", hf.ConvNextForImageClassification(config), lambda y: y.logits


torch.set_num_threads(1)
with open(OUT, "w") as file:
    for name, ours, net, logits in networks():
        if name.startswith("hf"):
            # Files keep the names of before transformers 5, which has others in memory.
            with tempfile.TemporaryDirectory() as folder:
                net.save_pretrained(folder)
                state = load_file(folder + "/model.safetensors")
                fill(state)
                save_file(state, folder + "/model.safetensors", {"format": "pt"})
                net = type(net).from_pretrained(folder)
        else:
            state = net.state_dict()
            fill(state)
        net.eval()
        size = 224 if "vit" in name else 64
        with torch.no_grad():
            y = logits(net(pattern((1, 3, size, size), 3).float()))[0]
        print("#", name, ours, *(f"{v:.9g}" for v in y.tolist()), file=file)
        for key, tensor in sorted(state.items()):
            print(key, *tensor.shape, file=file)
        print(name, y.abs().max().item())
