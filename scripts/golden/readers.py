"""Writes the files that DataTests reads, with NumPy, Pillow, PyTorch, SciPy, scikit-learn and Python's csv and gzip.

usage: python3 scripts/golden/readers.py

Element i of an array is (37 i + 11) mod 251, which the tests compute as well; what other libraries computed from it is
stored in the IDX format.
"""
import csv
import gzip
import pathlib
import shutil
import struct

import numpy as np
import scipy.ndimage
import torch
from PIL import Image
from sklearn.utils.class_weight import compute_class_weight

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/DataTests/Fixtures"
TYPES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def pattern(*shape):
    return ((37 * np.arange(np.prod(shape)) + 11) % 251).reshape(shape)


def idx(array):
    header = struct.pack(">BBBB", 0, 0, TYPES[array.dtype.name], array.ndim)
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return header + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(name, array):
    (OUT / f"{name}.idx").write_bytes(idx(array))


shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir(parents=True)

# IDX in every type, plain and compressed.
for name in TYPES:
    values = pattern(5, 4, 3)
    if name != "uint8":
        values = values - 125
    if name.startswith("float"):
        values = values / 8
    write(name, values.astype(name))
images = pattern(6, 5, 7).astype(np.uint8)
with gzip.GzipFile(OUT / "images.idx.gz", "wb", mtime=0) as file:
    file.write(idx(images))
# More behind the header than it says (64 MiB of zeros), and less.
with gzip.GzipFile(OUT / "bomb.idx.gz", "wb", mtime=0) as file:
    file.write(struct.pack(">BBBBII", 0, 0, 8, 2, 4, 4) + bytes(64 << 20))
with gzip.GzipFile(OUT / "lie.idx.gz", "wb", mtime=0) as file:
    file.write(struct.pack(">BBBBII", 0, 0, 8, 2, 1 << 16, 1 << 15))
write("labels", np.array([0, 2, 1, 2, 2, 0], np.uint8))

# CIFAR: one or two label bytes, then three planes.
pixels = pattern(4, 3, 32, 32).astype(np.uint8)
(OUT / "cifar10.bin").write_bytes(b"".join(bytes([3 * i % 10]) + p.tobytes() for i, p in enumerate(pixels)))
(OUT / "cifar100.bin").write_bytes(b"".join(bytes([i, 33 * i % 100]) + p.tobytes() for i, p in enumerate(pixels)))

# Folders of PNG as Pillow writes them, and what Pillow says is in them.
colour, grey = OUT / "colour", OUT / "grey"
H, W = 5, 6
rgb = pattern(H, W, 3).astype(np.uint8)
kinds = {
    "cat/rgb": Image.fromarray(rgb),
    "cat/rgba": Image.fromarray(pattern(H, W, 4).astype(np.uint8), "RGBA"),
    "dog/grey": Image.fromarray(pattern(H, W).astype(np.uint8)),
    "dog/palette": Image.fromarray(rgb).quantize(7),
    "dog/palette-transparent": Image.fromarray(rgb).quantize(5),
}
expected = []
for name, image in sorted(kinds.items(), key=lambda kind: kind[0] + ".png"):
    path = colour / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **({"transparency": 2} if "transparent" in name else {}))
    expected.append(np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1))
write("colour", np.stack(expected))
write("colour-as-grey", np.stack([np.asarray(Image.open(colour / f"{n}.png").convert("L")) for n in sorted(kinds, key=lambda n: n + ".png")]))
wide = (pattern(H, W) * 261 + 5).astype(np.uint16)
kinds = {
    "a/bits": Image.fromarray((pattern(H, W) % 2 * 255).astype(np.uint8)).convert("1"),
    "a/grey": Image.fromarray(pattern(H, W).astype(np.uint8)),
    "b/alpha": Image.fromarray(pattern(H, W, 2).astype(np.uint8), "LA"),
    "b/sixteen": Image.fromarray(wide),
}
expected = []
for name, image in sorted(kinds.items(), key=lambda kind: kind[0] + ".png"):
    path = grey / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    # Pillow cuts 16 bits off at 255 instead of scaling them.
    sixteen = np.round(np.asarray(Image.open(path)).astype(float) / 257).astype(np.uint8)
    expected.append(sixteen if "sixteen" in name else np.asarray(Image.open(path).convert("L")))
write("grey", np.stack(expected))

# Rotation: PyTorch's grid_sample for squares, SciPy for others (align_corners and grid-constant: zeros outside).
square = torch.tensor(pattern(2, 7, 7).astype(np.float32) / 251)
turned = []
for degrees in (30.0, -75.0, 123.4):
    a = np.deg2rad(degrees)
    theta = torch.tensor([[[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0]]], dtype=torch.float32)
    grid = torch.nn.functional.affine_grid(theta, [1, 2, 7, 7], align_corners=False)
    turned.append(torch.nn.functional.grid_sample(square[None], grid, align_corners=False)[0].numpy())
write("rotated", np.stack(turned))
oblong = pattern(5, 9).astype(np.float64) / 251
a = np.deg2rad(20)
matrix = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
middle = np.array([2.0, 4.0])
write("rotated-oblong", scipy.ndimage.affine_transform(
    oblong, matrix, middle - matrix @ middle, order=1, mode="grid-constant"))

# Statistics and weights.
x = pattern(6, 3, 4, 4).astype(np.uint8) / 255
write("statistics", np.stack([x.mean((0, 2, 3)), x.std((0, 2, 3))]))
y = np.array([0, 0, 0, 1, 2, 2, 0, 2])
write("weights", compute_class_weight("balanced", classes=np.arange(3), y=y))

# A table with everything that makes tables hard.
rows = [
    ["id", "name", "kind", "length (cm)", "price"],
    [1, "Smith, J.", "cat", 12.5, "1e2"],
    [2, 'the "big" one', "dog", "", 20],
    [3, "two\nlines", "cat", -3.25, 7],
    [4, "Zoë", "", 1e-3, 8],
    [5, "x", "fish", "NA", 9],
]
with open(OUT / "table.csv", "w", newline="", encoding="utf-8") as file:
    csv.writer(file).writerows(rows)
print(sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file()), "bytes")
