"""Writes small files with torch.save, and what is in them, for the reader of PyTorch's files.

usage: python3 scripts/golden/torch_files.py [FOLDER]

Without FOLDER the compact sample goes to Tests/DataTests/Fixtures/torch; with one, all files go there. Beside every file
NAME.pt stands NAME.txt: one line a leaf, `PATH KIND …`, as scripts/verify-torch and the tests compare them. Tensors are
written in float64 with their shape, so that every dtype has one form.
"""
import argparse
import collections
import datetime
import io
import os
import pathlib
import pickle
import struct
import sys
import warnings
import zipfile

# Files beside this one are called as modules of Python's library are.
sys.path = [place for place in sys.path if pathlib.Path(place).resolve() != pathlib.Path(__file__).resolve().parent]

import numpy as np
import torch
import torch.nn as nn

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, bias=False)
        self.bn = nn.BatchNorm2d(2)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(8, 3))
        self.scale = nn.Parameter(torch.tensor([2.0]))
        self.register_buffer("seen", torch.tensor([1.0, 2.0]))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)

    def forward(self, x):
        return self.head(torch.relu(self.bn(self.conv(x)))) * self.scale


class Settings:
    def __init__(self):
        self.name, self.sizes = "net", [1, 2]


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, torch.ones(2)


class MyDict(dict):
    pass


DTYPES = [
    torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.uint8, torch.bool, torch.uint16, torch.uint32, torch.uint64, torch.complex64, torch.complex128,
    torch.float8_e4m3fn, torch.float8_e5m2,
]


def pattern(*shape, dtype=torch.float32):
    count = int(np.prod(shape))
    values = (37 * torch.arange(count) + 11) % 251
    if dtype == torch.bool:
        return (values % 2 == 0).reshape(shape)
    if dtype in (torch.int8, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2):
        values = values % 100 - 50
    elif dtype not in (torch.uint8, torch.uint16, torch.uint32, torch.uint64):
        values = values - 125
    if dtype.is_floating_point:
        values = values / 8
    return values.to(dtype).reshape(shape)


def objects():
    """Names and objects; what torch's loader needs beside weights_only is up to the object."""
    torch.manual_seed(0)
    for dtype in DTYPES:
        name = str(dtype).split(".")[1]
        yield f"dtype_{name}", {"x": pattern(2, 3, dtype=dtype), "s": pattern(1, dtype=dtype)[0], "after": pattern(3)}
        yield f"empty_{name}", torch.zeros(0, 3).to(dtype)
    base = pattern(6, 8)
    yield "transposed", base.t()
    yield "stepped", base[::2, 1::3]
    yield "offset", base[2:, 3:]
    yield "expanded", pattern(3, 1).expand(3, 5)
    yield "scalar", torch.tensor(2.5)
    yield "one", torch.tensor([7])
    yield "permuted", pattern(2, 3, 4, 5).permute(3, 1, 0, 2)
    yield "channels_last", pattern(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    yield "diagonal", torch.as_strided(pattern(16), (4,), (5,))
    yield "sliding", torch.as_strided(pattern(16), (5, 4), (2, 1), 3)
    for offset in range(4):
        yield f"bool_offset_{offset}", pattern(10, dtype=torch.bool)[offset:]
        yield f"half_step_{offset}", pattern(12, dtype=torch.float16)[offset::2]
    shared = pattern(10)
    yield "shared", {"a": shared, "b": shared, "c": shared[3:7], "d": shared.view(2, 5)}
    yield "shared_deep", [{"w": shared}, [shared, {"w": shared[:2]}]]
    yield "storage", {"typed": pattern(4).storage(), "untyped": pattern(2).untyped_storage()}
    for size in (1, 2, 7, 31, 64, 1000):
        yield f"size_{size}", pattern(size)
    for rank in range(0, 9):
        yield f"rank_{rank}", pattern(*([2] * rank)) if rank else torch.tensor(1.5)

    yield "parameter", nn.Parameter(pattern(2, 2))
    stateful = nn.Parameter(pattern(3))
    stateful.tag = "kept"
    yield "parameter_with_state", {"p": stateful}
    annotated = pattern(3)
    annotated.note = [1, 2]
    yield "tensor_with_attributes", annotated
    yield "requires_grad", pattern(2).requires_grad_()
    yield "meta", torch.empty(2, 3, device="meta")

    yield "numbers", {"i": 3, "big": 2**40, "negative": -5, "huge": 2**70, "f": 0.1, "inf": float("inf"), "t": True,
                      "n": None, "c": 1 + 2j}
    yield "texts", {"a": "héllo\n", "empty": "", "long": "x" * 300, "emoji": "🙂", "bytes": b"\x00\xff", "array": bytearray(b"ab")}
    yield "containers", [(1, 2), [3, [4, (5,)]], {6, }, frozenset([7]), {"k": (8, {"l": 9})}, (), [], {}, range(2, 9, 3),
                         slice(1, 5, 2)]
    yield "keys", {1: "int", "s": "text", 2.5: "float", True: "bool", (1, 2): "tuple", None: "none"}
    yield "collections", {"o": collections.OrderedDict(a=1, b=torch.ones(2)), "c": collections.Counter("aab"),
                          "d": collections.defaultdict(list, {"k": [1]})}
    yield "torch_kinds", {"size": torch.Size([2, 3]), "device": torch.device("cuda", 1), "cpu": torch.device("cpu"),
                          "dtype": torch.float16, "layout": torch.strided}
    yield "namespace", argparse.Namespace(lr=0.1, layers=[1, 2], net=argparse.Namespace(depth=3))
    yield "settings", {"s": Settings(), "w": torch.ones(1)}
    yield "slotted", {"s": Slotted(), "w": torch.ones(1)}
    yield "my_dict", MyDict(w=torch.ones(2))
    yield "date", {"when": datetime.datetime(2020, 1, 2), "w": torch.ones(1)}
    yield "path", {"p": pathlib.PurePosixPath("a/b"), "w": torch.ones(1)}
    yield "functions", {"f": os.path.join, "c": Settings, "w": torch.ones(1)}
    circle = [1]
    circle.append(circle)
    yield "circle", circle
    deep = [torch.ones(1)]
    for _ in range(60):
        deep = [deep]
    yield "deep", deep

    for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "b1", ">f4", ">i2", "c8", "U3", "S4"):
        array = np.arange(6).astype(kind).reshape(2, 3)
        yield f"numpy_{kind.replace('>', 'big_')}", {"a": array, "s": array[1, 1], "w": torch.ones(1)}
    yield "numpy_fortran", np.asfortranarray(np.arange(6.0).reshape(2, 3))
    yield "numpy_empty", np.zeros((0, 2), np.float32)
    yield "numpy_scalar_array", np.array(2.5)
    yield "numpy_object", {"a": np.array([1, "x", None], dtype=object), "w": torch.ones(1)}
    yield "numpy_dtype", {"d": np.dtype("float32"), "w": torch.ones(1)}
    yield "numpy_random", {"r": np.random.RandomState(0).get_state(), "w": torch.ones(1)}

    net = Net()
    yield "module", net
    yield "module_inside", {"model": net, "epoch": 3}
    yield "sequential", nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    yield "lstm", nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    yield "attention", nn.MultiheadAttention(4, 2)
    yield "transformer", nn.TransformerEncoderLayer(4, 2, 8)
    yield "embedding", nn.Embedding(5, 2, padding_idx=0)
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    yield "tied", tied
    yield "state_dict", net.state_dict()
    yield "data_parallel", nn.DataParallel(net).state_dict()
    yield "state_of_tied", tied.state_dict()

    for make in (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), lambda p: torch.optim.Adam(p),
                 lambda p: torch.optim.AdamW(p, amsgrad=True), lambda p: torch.optim.RMSprop(p),
                 lambda p: torch.optim.Adagrad(p), lambda p: torch.optim.LBFGS(p)):
        model = nn.Linear(2, 2)
        optimizer = make(model.parameters())

        def closure():
            optimizer.zero_grad()
            loss = model(torch.ones(1, 2)).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        kind = type(optimizer).__name__.lower()
        yield f"optimizer_{kind}", optimizer.state_dict()
        if kind in ("sgd", "adam"):
            yield f"optimizer_object_{kind}", optimizer
            scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
            yield f"checkpoint_{kind}", {
                "epoch": 3, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(), "loss": 0.25, "args": argparse.Namespace(lr=0.1)}
    yield "checkpoint_lightning", {
        "epoch": 1, "global_step": 10, "pytorch-lightning_version": "2.0.0",
        "state_dict": {f"model.{k}": v for k, v in net.state_dict().items()}, "callbacks": {}, "optimizer_states": [],
        "hyper_parameters": {"lr": 0.1}}
    yield "checkpoint_ema", {"model": net.state_dict(), "ema": {"module": {f"module.{k}": v + 1 if v.is_floating_point() else v
                                                                for k, v in net.state_dict().items()}}, "best": 0.5}
    yield "checkpoint_timm", {"arch": "net", "state_dict": net.state_dict(), "state_dict_ema": net.state_dict(), "version": 2}
    yield "checkpoint_rng", {"rng": torch.get_rng_state(), "cuda": [], "w": torch.ones(1)}

    yield "sparse", {"s": torch.eye(3).to_sparse(), "w": pattern(2)}
    yield "sparse_csr", {"s": torch.eye(3).to_sparse_csr(), "w": pattern(2)}
    yield "quantized", {"q": torch.quantize_per_tensor(pattern(4), 0.1, 3, torch.quint8), "w": pattern(2)}
    yield "quantized_channels", {
        "q": torch.quantize_per_channel(pattern(2, 2), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.qint8),
        "w": pattern(2)}
    yield "nested", {"n": torch.nested.nested_tensor([pattern(2), pattern(3)]), "w": pattern(2)}


class Call:
    """What a hostile pickle asks for."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def global_call(name, *arguments):
    """A pickle that calls `module.name` without importing it here."""
    module, attribute = name.rsplit(".", 1)
    out = b"\x80\x02c" + module.encode() + b"\n" + attribute.encode() + b"\n("
    for argument in arguments:
        text = argument.encode()
        out += b"X" + struct.pack("<I", len(text)) + text
    return out + b"tR."


# The callables that picklescan calls dangerous, each of which must stay a record, and never run.
HOSTILE = [
    "os.system", "posix.system", "nt.system", "builtins.eval", "builtins.exec", "builtins.compile", "builtins.open",
    "builtins.getattr", "builtins.breakpoint", "__builtin__.eval", "subprocess.Popen", "subprocess.call",
    "subprocess.check_output", "socket.socket", "sys.exit", "shutil.rmtree", "webbrowser.open", "httplib.HTTPSConnection",
    "requests.api.get", "aiohttp.client.get", "pickle.loads", "_pickle.loads", "bdb.Bdb.run", "pdb.run", "pty.spawn",
    "asyncio.create_subprocess_shell", "runpy._run_code", "timeit.timeit", "code.InteractiveInterpreter.runcode",
    "operator.attrgetter", "operator.methodcaller", "functools.partial", "importlib.import_module", "pip.main",
    "ctypes.CDLL", "cProfile.run", "pydoc.pipepager", "venv.create", "torch.load", "torch.hub.load",
    "torch.storage._load_from_bytes", "numpy.load", "numpy.testing._private.utils.runstring", "marshal.loads",
    "types.CodeType", "dill.loads", "joblib.load", "multiprocessing.util.spawnv_passfds",
]


def archive(pickled, storages={}, order=b"little", method=zipfile.ZIP_STORED, extra=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        file.writestr("archive/data.pkl", pickled)
        if order is not None:
            file.writestr("archive/byteorder", order)
        for key, content in storages.items():
            file.writestr(f"archive/data/{key}", content)
        file.writestr("archive/version", "3\n")
        for name, content in extra:
            file.writestr(name, content)
    return out.getvalue()


def tensor_pickle(count=4, offset=0, size=(4,), stride=(1,), key="0", type="FloatStorage"):
    def integer(value):
        return b"\x8a\x08" + struct.pack("<q", value)

    def text(value):
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    out = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + b"ctorch\n" + type.encode() + b"\n"
    out += text(key) + text("cpu") + integer(count) + b"tQ" + integer(offset)
    out += b"(" + b"".join(map(integer, size)) + b"t(" + b"".join(map(integer, stride)) + b"t\x89N"
    return out + b"tR."


def malformed():
    """Names and bytes of files that must be errors."""
    four = {"0": bytes(16)}
    yield "beyond_storage", archive(tensor_pickle(size=(5,)), four)
    yield "beyond_offset", archive(tensor_pickle(offset=2), four)
    yield "negative_size", archive(tensor_pickle(size=(-4,)), four)
    yield "negative_stride", archive(tensor_pickle(stride=(-1,)), four)
    yield "negative_offset", archive(tensor_pickle(offset=-1), four)
    yield "huge_size", archive(tensor_pickle(size=(2**40, 2**40), stride=(1, 1)), four)
    yield "huge_expand", archive(tensor_pickle(size=(2**36,), stride=(0,)), four)
    yield "huge_stride", archive(tensor_pickle(size=(2, 2), stride=(2**62, 2**62)), four)
    yield "nine_dimensions", archive(tensor_pickle(size=(1,) * 9, stride=(1,) * 9), four)
    yield "negative_count", archive(tensor_pickle(count=-1), four)
    yield "missing_storage", archive(tensor_pickle(key="7"), four)
    yield "wrong_order", archive(tensor_pickle(), four, order=b"middle")
    yield "no_pickle", archive(b"", four).replace(b"data.pkl", b"data.pkx")
    yield "empty_pickle", archive(b"")
    yield "stack_underflow", archive(b"\x80\x020.")
    yield "no_mark", archive(b"\x80\x02t.")
    yield "unknown_memo", archive(b"\x80\x02h\x05.")
    yield "unknown_opcode", archive(b"\x80\x02\xff.")
    yield "protocol_9", archive(b"\x80\x09N.")
    yield "huge_string", archive(b"\x80\x02X\xff\xff\xff\x7fabc.")
    yield "huge_bytes8", archive(b"\x80\x04\x8e" + b"\xff" * 8 + b".")
    yield "negative_long4", archive(b"\x80\x02\x8b\xff\xff\xff\xff.")
    yield "extension_registry", archive(b"\x80\x02\x82\x01.")
    yield "outside_buffer", archive(b"\x80\x05\x97.")
    yield "two_values", archive(b"\x80\x02NN.")
    yield "call_of_int", archive(b"\x80\x02K\x01)R.")
    yield "append_to_dict", archive(b"\x80\x02}K\x01a.")
    yield "odd_entries", archive(b"\x80\x02}(K\x01u.")
    yield "endless_line", archive(b"c" + b"a" * 5000)
    yield "mark_bomb", archive(b"(" * 200_000)
    yield "persistent_of_unknown_kind", archive(b"\x80\x02(X\x03\x00\x00\x00foot" + b"Q.")
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    yield "depth_bomb", archive(deep, method=zipfile.ZIP_DEFLATED)
    yield "zip_bomb", archive(tensor_pickle(), {"0": bytes(300 << 20)}, method=zipfile.ZIP_DEFLATED)[:-60]
    whole = archive(tensor_pickle(), four)
    yield "cut_in_half", whole[: len(whole) // 2]
    yield "no_directory", whole[:-22]
    yield "twice", archive(tensor_pickle(), four, extra=[("archive/data/0", bytes(16))])
    # Two entries of the directory for the same bytes.
    first = whole.rfind(b"PK\x01\x02", 0, whole.rfind(b"PK\x01\x02"))
    second = bytearray(whole)
    last = whole.rfind(b"PK\x01\x02")
    second[last + 42:last + 46] = whole[first + 42:first + 46]
    yield "overlapping", bytes(second)
    legacy = io.BytesIO()
    torch.save({"a": torch.ones(4)}, legacy, _use_new_zipfile_serialization=False)
    legacy = legacy.getvalue()
    yield "legacy_cut", legacy[:-4]
    yield "legacy_cut_in_keys", legacy[: legacy.rfind(b"q\x00") - 4]
    size = len(legacy) - 16 - 8
    yield "legacy_huge_storage", legacy[:size] + b"\xff" * 7 + b"\x7f" + legacy[size + 8:]
    yield "legacy_version", legacy.replace(b"M\xe9\x03.", b"M\xe8\x03.", 1)
    yield "nothing", b""
    yield "web_page", b"<!DOCTYPE html><html></html>"
    yield "lfs_pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    yield "plain_pickle", pickle.dumps({"a": 1})
    yield "tar", b"pickle".ljust(257, b"\0") + b"ustar\0" + bytes(249)


def torch_script():
    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 3)
            self.bn = nn.BatchNorm1d(3)
            self.factor = nn.Parameter(torch.tensor([1.5, 2.5]))
            self.sizes = [1, 2]

        def forward(self, x):
            return self.bn(self.fc(x * self.factor))

    return torch.jit.trace(Small().eval(), torch.ones(1, 2))


# What the reader is to find, in one form.

def lines(value, path="", seen=()):
    """One line for each leaf, as the language shows it."""
    if isinstance(value, nn.Module) or isinstance(value, torch.jit.ScriptModule):
        state = value.state_dict(keep_vars=True)
        for name, tensor in state.items():
            yield from lines(tensor.detach(), f"{path}/{name}")
        return
    if id(value) in seen:
        yield f"{path} again"
        return
    seen = seen + (id(value),)
    if isinstance(value, (torch.storage.TypedStorage, torch.UntypedStorage)):
        value = torch.tensor(list(value), dtype=torch.uint8 if isinstance(value, torch.UntypedStorage) else value.dtype)
    if isinstance(value, torch.Tensor):
        exotic = (value.is_quantized or value.is_sparse or value.layout != torch.strided or value.is_complex()
                  or value.is_nested or value.device.type == "meta" or "float8" in str(value.dtype))
        if exotic:
            yield f"{path} record"
        else:
            numbers = " ".join(repr(x) for x in value.detach().double().flatten().tolist())
            yield f"{path} tensor {list(value.shape)} {kind(value.dtype)} {numbers}".rstrip()
    elif isinstance(value, np.ndarray):
        if value.dtype.kind in "cUSO":
            yield f"{path} record"
        else:
            numbers = " ".join(repr(x) for x in value.astype(float).flatten().tolist())
            yield f"{path} tensor {list(value.shape)} {kind(value.dtype)} {numbers}".rstrip()
    elif isinstance(value, np.generic):
        yield from ([f"{path} record"] if value.dtype.kind in "cUSO" else lines(value.item(), path))
    elif value is None:
        yield f"{path} none"
    elif isinstance(value, bool):
        yield f"{path} bool {str(value).lower()}"
    elif isinstance(value, int):
        yield f"{path} int {value}" if -(2**63) <= value < 2**63 else f"{path} record"
    elif isinstance(value, float):
        yield f"{path} float {value!r}"
    elif isinstance(value, str):
        yield f"{path} string {value.encode().hex()}"
    elif isinstance(value, (bytes, bytearray)):
        yield f"{path} tensor [{len(value)}] uint8 {' '.join(repr(float(x)) for x in value)}".rstrip()
    elif isinstance(value, (torch.device, torch.dtype, torch.layout)):
        text = str(value).removeprefix("torch.") if isinstance(value, torch.dtype) else str(value)
        yield f"{path} string {text.removeprefix('torch.').encode().hex()}"
    elif isinstance(value, np.dtype):
        yield f"{path} string {str(value).encode().hex()}"
    elif isinstance(value, argparse.Namespace):
        yield from lines(vars(value), path, seen)
    elif isinstance(value, dict) and type(value) in (dict, collections.OrderedDict, collections.Counter, collections.defaultdict, MyDict):
        if not value:
            yield f"{path} dict"
        for key, inner in value.items():
            yield from lines(inner, f"{path}/{key_text(key)}", seen)
    elif isinstance(value, (list, tuple, set, frozenset, range)):
        if not len(value):
            yield f"{path} list"
        for index, inner in enumerate(value):
            yield from lines(inner, f"{path}/{index}", seen)
    else:
        yield f"{path} record"


def key_text(key):
    if isinstance(key, bool) or key is None:
        return str(key).lower()
    return str(list(key)) if isinstance(key, tuple) else str(key)


def kind(dtype):
    name = dtype.name if isinstance(dtype, np.dtype) else str(dtype).removeprefix("torch.")
    if name in ("float16", "bfloat16", "float32"):
        return "float32"
    if name in ("float64", "uint8", "bool"):
        return name
    return "int64"


def write(folder, name, data, expected):
    (folder / f"{name}.pt").write_bytes(data)
    (folder / f"{name}.txt").write_text("".join(line + "\n" for line in expected))


# One of each kind for the tests: the rest says the same again.
SAMPLE = {
    "transposed", "expanded", "scalar", "shared", "storage", "parameter_with_state", "numbers", "texts", "containers",
    "keys", "collections", "torch_kinds", "namespace", "settings", "slotted", "circle", "numpy_f4", "numpy_big_i2",
    "numpy_fortran", "numpy_object", "module", "module_inside", "tied", "data_parallel", "checkpoint_adam",
    "checkpoint_ema", "checkpoint_lightning", "sparse", "quantized", "bool_offset_1", "half_step_1", "my_dict",
    "optimizer_object_sgd", "meta",
} | {f"dtype_{str(d).split('.')[1]}" for d in DTYPES}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "Tests/DataTests/Fixtures/torch"
    everything = len(sys.argv) > 1
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for number, (name, value) in enumerate(objects()):
        if not everything and name not in SAMPLE:
            continue
        expected = list(lines(value))
        # Ranges have another name in protocol 2.
        protocols = (2, 3, 4, 5) if everything or name == "containers" else (2 + number % 4,)
        for protocol in protocols:
            for legacy in (False, True) if everything or number % 3 == 0 else (False,):
                out = io.BytesIO()
                try:
                    torch.save(value, out, pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)
                except Exception:
                    continue  # what PyTorch itself cannot write so
                write(folder, f"{name}.p{protocol}{'.legacy' if legacy else ''}", out.getvalue(), expected)
    out = io.BytesIO()
    script = torch_script()
    torch.jit.save(script, out)
    write(folder, "script", out.getvalue(), list(lines(script)))
    swapped = struct.pack(">4f", 1, 2, 3, 4)
    write(folder, "big_endian", archive(tensor_pickle(), {"0": swapped}, order=b"big"), [" tensor [4] float32 1.0 2.0 3.0 4.0"])
    four = {"0": struct.pack("<4f", 1, 2, 3, 4)}
    write(folder, "no_order", archive(tensor_pickle(), four, order=None), [" tensor [4] float32 1.0 2.0 3.0 4.0"])
    write(folder, "deflated", archive(tensor_pickle(), four, method=zipfile.ZIP_DEFLATED),
          [" tensor [4] float32 1.0 2.0 3.0 4.0"])
    write(folder, "protocol_0", archive(pickle.dumps({"a": [1, 2.5, "xé", True, None], "b": (2**40,)}, protocol=0)),
          ["/a/0 int 1", "/a/1 float 2.5", "/a/2 string 78c3a9", "/a/3 bool true", "/a/4 none", f"/b/0 int {2**40}"])
    write(folder, "protocol_1", archive(pickle.dumps({"a": [1, 2.5, "xé", True, None], "b": (2**40,)}, protocol=1)),
          ["/a/0 int 1", "/a/1 float 2.5", "/a/2 string 78c3a9", "/a/3 bool true", "/a/4 none", f"/b/0 int {2**40}"])
    for name in HOSTILE if everything else HOSTILE[:4]:
        write(folder, "hostile." + name, archive(global_call(name, "touch /tmp/distill-was-run")), [" record"])
    for name, data in malformed():
        # The largest are made by the test itself.
        if everything or len(data) < 20_000:
            (folder / f"bad.{name}.pt").write_bytes(data)
    print(f"{len(list(folder.iterdir()))} files in {folder}", file=sys.stderr)


main()
