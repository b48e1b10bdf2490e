"""
Writes the files of Tests/DataTests/Fixtures with the tools they come from: NumPy's .npy and .npz, safetensors with and
without PyTorch. Needs numpy, torch and safetensors:

    python3 scripts/golden/files.py
"""

import json
import pathlib
import struct

import numpy as np
import safetensors.torch
import torch

folder = pathlib.Path(__file__).parents[2] / "Tests/DataTests/Fixtures"
folder.mkdir(exist_ok=True)

# Every dtype with the numbers -2, 0.5, 3 (or their like) in both byte orders.
numbers = {}
for kind in ["<f2", "<f4", ">f4", "<f8", ">f8", "|i1", "<i2", ">i2", "<i4", "<i8", ">i8", "|u1", "<u2", ">u4", "<u8", "|b1"]:
    values = [0, 1, 1] if kind == "|b1" else [2, 0, 3] if "u" in kind else [-2, 1, 3] if "i" in kind else [-2, 0.5, 3]
    name = kind[1:] + ("_big" if kind[0] == ">" else "")
    numbers[name] = np.array(values, dtype=kind)
np.savez(folder / "dtypes.npz", **numbers)

np.save(folder / "fortran.npy", np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)))
np.save(folder / "scalar.npy", np.float64(2.5))
np.save(folder / "empty.npy", np.zeros((0, 3), np.float32))
np.save(folder / "object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
np.savez_compressed(folder / "deflated.npz", ramp=np.arange(1000, dtype=np.int64), zeros=np.zeros((50, 20), np.float32))

torch.manual_seed(0)
safetensors.torch.save_file(
    {
        "half": torch.tensor([-2, 0.5, 65504], dtype=torch.float16),
        "bfloat": torch.tensor([-2, 0.5, 3.0e38], dtype=torch.bfloat16),
        "float": torch.tensor([[-2, 0.5], [3, 1e-30]]),
        "double": torch.tensor([0.1], dtype=torch.float64),
        "int8": torch.tensor([-128, 127], dtype=torch.int8),
        "int32": torch.tensor([-70000], dtype=torch.int32),
        "long": torch.tensor(7),
        "bool": torch.tensor([True, False]),
    },
    folder / "dtypes.safetensors",
    metadata={"format": "pt"},
)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 4, 3, padding=1)
        self.bn = torch.nn.BatchNorm2d(4)
        self.lstm = torch.nn.LSTM(16, 6, batch_first=True, bidirectional=True)
        self.encoder = torch.nn.TransformerEncoderLayer(12, 2, 16, batch_first=True)
        self.head = torch.nn.Sequential(torch.nn.Linear(12, 5), torch.nn.GELU(), torch.nn.Linear(5, 3))

    def forward(self, x):
        h = torch.relu(self.bn(self.conv(x)))
        h, _ = self.lstm(h.flatten(2))
        return self.head(self.encoder(h).mean(1))


net = Net()
with torch.no_grad():
    for _ in range(3):
        net(torch.randn(8, 1, 4, 4))
net.eval()
x = torch.randn(2, 1, 4, 4)
state = {"module." + name: value.contiguous() for name, value in net.state_dict().items()}
state["x"], state["y"] = x, net(x).detach()
safetensors.torch.save_file(state, folder / "teacher.safetensors")


# Headers that lie, as the format's own reader refuses them.
def lying(name, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    (folder / f"lying_{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    try:
        safetensors.torch.load_file(folder / f"lying_{name}.safetensors")
    except Exception:
        return
    raise SystemExit(f"safetensors accepts {name}")


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


lying("overlap", {"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, bytes(12))
lying("hole", {"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, bytes(12))
lying("beyond", {"a": entry([4], 0, 16)}, bytes(8))
lying("shape", {"a": entry([3], 0, 8)}, bytes(8))
lying("huge", {"a": entry([1 << 40, 1 << 40], 0, 8)}, bytes(8))
lying("trailing", {"a": entry([1], 0, 4)}, bytes(8))
lying("dtype", {"a": entry([1], 0, 4, "Q7")}, bytes(4))
lying("text", b"{not json}")
(folder / "lying_length.safetensors").write_bytes(struct.pack("<Q", 1 << 62) + b"{}")
