"""Writes whole networks of ONNX with inputs and ONNX Runtime's outputs: the light ones of the onnx package, exports of PyTorch.

usage: python3 scripts/golden/onnx_networks.py FOLDER

The light networks are AlexNet, DenseNet-121, Inception 1 and 2, ResNet-50, ShuffleNet, SqueezeNet, VGG-19 and ZFNet in opset 9.
PyTorch's are torchvision's with random weights and statistics (both exporters where both can), an LSTM and a transformer's
encoder. Each is NAME.onnx with NAME.npz, as scripts/golden/onnx_cases.py writes them. Needs torch, torchvision, onnx and
onnxruntime; networks of exporters that are not installed are left out, with a line.
"""
import pathlib
import shutil
import sys
import types
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path = [place for place in sys.path if pathlib.Path(place).resolve() != HERE]
# Operators that only a torchvision built for this very PyTorch would register; no network needs them.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision.models as models

warnings.filterwarnings("ignore")
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


class Sequence(torch.nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.embed, self.layer, self.head = torch.nn.Embedding(50, 16), layer, torch.nn.Linear(16, 3)

    def forward(self, x):
        y = self.layer(self.embed(x))
        return self.head((y[0] if isinstance(y, tuple) else y).mean(1))


def write(name, feeds):
    session = onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), providers=["CPUExecutionProvider"])
    outputs = session.run(None, feeds)
    arrays = {"in_" + k: v for k, v in feeds.items()}
    arrays |= {"out_" + o.name: v for o, v in zip(session.get_outputs(), outputs)}
    np.savez(folder / f"{name}.npz", **arrays)
    print(name, file=sys.stderr)


for path in sorted((pathlib.Path(onnx.__file__).parent / "backend/test/data/light").glob("*.onnx")):
    shutil.copy(path, folder / path.name)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    write(path.stem, {
        i.name: rng.standard_normal([d if isinstance(d, int) else 1 for d in i.shape]).astype(np.float32)
        for i in session.get_inputs()})

torch.manual_seed(0)
small, whole = torch.randn(2, 3, 64, 64), torch.randn(1, 3, 224, 224)
tokens = torch.randint(0, 50, (2, 7))
names = """resnet18 resnet50 vgg11_bn mobilenet_v2 mobilenet_v3_small efficientnet_b0 densenet121 squeezenet1_1
shufflenet_v2_x1_0 convnext_tiny swin_t regnet_y_400mf mnasnet0_5 googlenet""".split()
networks = {name: (getattr(models, name)(num_classes=10), small) for name in names}
networks["vit_b_16"] = (models.vit_b_16(num_classes=10), whole)
layer = torch.nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, activation="gelu")
networks["lstm"] = (Sequence(torch.nn.LSTM(16, 16, batch_first=True)), tokens)
networks["gru"] = (Sequence(torch.nn.GRU(16, 8, bidirectional=True, batch_first=True)), tokens)
networks["encoder"] = (Sequence(torch.nn.TransformerEncoder(layer, 2)), tokens)
for name, (net, x) in networks.items():
    net.eval()
    for buffer in net.buffers():
        if buffer.dtype.is_floating_point and buffer.dim() == 1:
            buffer.data.add_(torch.rand_like(buffer) * 0.1)
    for exporter, options in {
        "traced": dict(dynamo=False, opset_version=17, dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}}),
        "exported": dict(dynamo=True, verbose=False),
    }.items():
        path = folder / f"{name}-{exporter}.onnx"
        try:
            torch.onnx.export(net, (x,), str(path), input_names=["input"], output_names=["logits"], **options)
            write(path.stem, {"input": x.numpy()})
        except Exception as error:
            path.unlink(missing_ok=True)
            print(f"{path.stem} is left out: {str(error).splitlines()[0][:120]}", file=sys.stderr)
