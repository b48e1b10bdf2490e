"""Writes JPEG images and what Pillow makes of them, for the tests of the image reader.

usage: python3 scripts/golden/images.py

NAME.jpg stands beside NAME.png, the pixels as Pillow decodes them (upright, RGB or grey); resampled ones are PNG, and so
are torchvision's changes of RandAugment at magnitude 9.
"""
import math
import pathlib
import sys
import types

# Files beside this one are called as modules of Python's library are.
sys.path = [p for p in sys.path if pathlib.Path(p).resolve() != pathlib.Path(__file__).resolve().parent]
# Operators that only a torchvision built for this very PyTorch would register; no transform needs them.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import numpy as np
import torch
import torchvision.transforms.functional as F
from PIL import Image, ImageOps
from torchvision.transforms import InterpolationMode

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/DataTests/Fixtures/images"


def picture(width, height, seed=0):
    """Smooth colours with edges and some texture, as photographs have."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    random = np.random.default_rng(seed)
    r = 127 + 90 * np.sin(x / 9) + 30 * np.cos(y / 5)
    g = 255 * ((x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2)
    b = 255 * y / height
    pixels = np.stack([r, g, b], -1) + random.normal(0, 6, (height, width, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write(name, image, **options):
    image.save(OUT / f"{name}.jpg", **options)
    loaded = ImageOps.exif_transpose(Image.open(OUT / f"{name}.jpg"))
    if loaded.mode == "CMYK":
        loaded = loaded.convert("RGB")
    loaded.save(OUT / f"{name}.png")


def fitted(image, height, width, fit):
    """torchvision's Resize and CenterCrop for crop; the same with black for pad."""
    if fit == "stretch":
        return image.resize((width, height), Image.BILINEAR)
    by_height = height * image.width >= width * image.height
    if by_height == (fit == "crop"):
        size = (max(1, image.width * height // image.height), height)
    else:
        size = (width, max(1, image.height * width // image.width))
    scaled = image.resize(size, Image.BILINEAR)
    top, left = round((scaled.height - height) / 2), round((scaled.width - width) / 2)
    return scaled.crop((left, top, left + width, top + height))


OUT.mkdir(parents=True, exist_ok=True)
for old in OUT.iterdir():
    old.unlink()
colour = picture(61, 47)
write("plain", colour, quality=90, subsampling=0)
write("subsampled", colour, quality=75, subsampling=2)
write("half", colour, quality=85, subsampling=1)
write("progressive", colour, quality=80, progressive=True)
write("restarts", colour, quality=80, restart_marker_blocks=3)
write("grey", colour.convert("L"), quality=85)
write("cmyk", colour.convert("CMYK"), quality=90)
write("tiny", picture(1, 1), quality=90)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    write(f"orientation{orientation}", picture(24, 16, orientation), quality=92, subsampling=0, exif=exif)
source = picture(97, 60, 5)
source.save(OUT / "source.png")
for fit in ("crop", "stretch", "pad"):
    for height, width in ((32, 32), (20, 50), (150, 130), (60, 97)):
        fitted(source, height, width, fit).save(OUT / f"fit_{fit}_{height}_{width}.png")
source.convert("L").resize((31, 23), Image.BILINEAR).save(OUT / "fit_grey_23_31.png")
# RandAugment's changes by their number, for both signs.
image = torch.from_numpy(np.asarray(source).copy()).permute(2, 0, 1)
width, height, share, nearest = 97, 60, 9 / 30, InterpolationMode.NEAREST
for sign in (1, -1):
    degrees, factor = math.degrees(math.atan(sign * 0.3 * share)), 1 + sign * 0.9 * share
    for number, changed in {
        1: F.affine(image, 0, [0, 0], 1.0, [degrees, 0], nearest, center=[0, 0]),
        2: F.affine(image, 0, [0, 0], 1.0, [0, degrees], nearest, center=[0, 0]),
        3: F.affine(image, 0, [int(sign * 150 / 331 * width * share), 0], 1.0, [0, 0], nearest),
        4: F.affine(image, 0, [0, int(sign * 150 / 331 * height * share)], 1.0, [0, 0], nearest),
        5: F.rotate(image, sign * 30 * share, nearest),
        6: F.adjust_brightness(image, factor),
        7: F.adjust_saturation(image, factor),
        8: F.adjust_contrast(image, factor),
        9: F.adjust_sharpness(image, factor),
        10: F.posterize(image, 8 - round(9 / 7.5)),
        11: F.solarize(image, 255 * (1 - share)),
        12: F.autocontrast(image),
        13: F.equalize(image),
    }.items():
        pixels = changed.permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(OUT / f"rand_{number}_{'plus' if sign > 0 else 'minus'}.png")
print(len(list(OUT.iterdir())), "files")
