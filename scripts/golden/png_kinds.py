"""Writes one small PNG of every kind that readers meet, by hand, so that no library's taste gets in between.

Sample (x, y, c) of a b-bit picture is (x * 37 + y * 59 + c * 101) mod 2^b; DrawingTests computes the same.
"""
import pathlib
import struct
import zlib

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/DrawingTests/Fixtures"
W, H = 13, 9
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def sample(x, y, c, bits):
    return (x * 37 + y * 59 + c * 101) % (1 << bits)


def rows(xs, ys, channels, bits):
    data = b""
    for y in ys:
        number, width = 0, 0
        for x in xs:
            for c in range(channels):
                number = (number << bits) | sample(x, y, c, bits)
                width += bits
        pad = -width % 8
        data += b"\0" + (number << pad).to_bytes((width + pad) // 8, "big")
    return data


def write(name, colour, bits, interlaced=False, extra=b""):
    channels = CHANNELS[colour]
    if interlaced:
        raw = b""
        for x0, y0, dx, dy in ADAM7:
            xs, ys = range(x0, W, dx), range(y0, H, dy)
            if xs and ys:
                raw += rows(xs, ys, channels, bits)
    else:
        raw = rows(range(W), range(H), channels, bits)
    header = struct.pack(">IIBBBBB", W, H, bits, colour, 0, 0, int(interlaced))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
    (OUT / f"{name}.png").write_bytes(data + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


palette = chunk(b"PLTE", bytes((i * k) % 256 for i in range(16) for k in (17, 5, 11)))
OUT.mkdir(parents=True, exist_ok=True)
for depth in (1, 2, 4, 8, 16):
    write(f"grey{depth}", 0, depth)
write("grey8-interlaced", 0, 8, interlaced=True)
write("grey-alpha8", 4, 8)
write("rgb8", 2, 8)
write("rgb16", 2, 16)
write("rgba8", 6, 8)
write("rgba16-interlaced", 6, 16, interlaced=True)
write("palette4", 3, 4, extra=palette)
write("palette4-transparent", 3, 4, extra=palette + chunk(b"tRNS", bytes(i * 16 for i in range(8))))
