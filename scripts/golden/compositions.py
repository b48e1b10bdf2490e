"""Writes Tests/BuiltinsTests/Fixtures/compositions.txt with PyTorch: pairs and triples of operations that share what lies
between, networks in evaluation mode with the gradients of inputs and parameters, and the features of every kind of layer
while all of them are asked for. The form is that of scripts/golden/library.py; what is drawn is drawn with one seed.
Run with the Python that has PyTorch: python scripts/golden/compositions.py
"""

import random
import re
import warnings

from programs import *
import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
random.seed(5)


def let(value, f):
    return f(value)


def tapped(net, x):
    # Every layer's output, all kept, with one pass back through all of them.
    fill(net)
    v, taps = leaf(x), []
    h = v
    for layer in net:
        h = layer(h)
        h = h[0] if isinstance(h, tuple) else h
        taps.append(h)
    return flow(taps, [v]) + [grad_of(p) for p in net.parameters()]


def judged(net, x, kept):
    # The result and one feature, of a network in evaluation mode.
    fill(net)
    v = leaf(x)
    h = v
    for index, layer in enumerate(net):
        h = layer(h)
        if index == kept:
            feature = h
    return flow([feature, h], [v]) + [grad_of(p) for p in net.parameters()]


names = {name: getattr(torch, name) for name in dir(torch) if not name.startswith("_")}
names |= {name: getattr(nn, name) for name in dir(nn) if name[0].isupper()}
names |= {name: getattr(F, name) for name in dir(F) if not name.startswith("_") and name != "unique"}
names |= {"true": True, "false": False, "none": None, "sum": torch.sum, "max": torch.max, "min": torch.min, "abs": torch.abs}
names |= {f.__name__: f for f in [let, tapped, judged, of, wave]}


def line(program):
    python = re.sub(r"\b([a-z]) => ", r"lambda \1: ", program)
    return f"{program} => {str(plain(eval(python, names))).replace(chr(39), '')}"


# What keeps a shape, so that any chain of them fits; the shared value is read again behind it.
keeping = ["relu(H)", "sigmoid(H)", "tanh(H)", "H * 2 + 1", "H - H.mean()", "H / (1 + H.abs())", "H ** 2", "exp(H * 0.3)", "log(H.abs() + 1)", "sqrt(H ** 2 + 0.5)",
           "softmax(H, 1)", "log_softmax(H, 1)", "gelu(H)", "silu(H)", "leaky_relu(H, 0.2)", "elu(H)", "softplus(H)", "clamp(H, -0.5, 0.5)", "H.flip([0])",
           "roll(H, 1, 1)", "cumsum(H, 1)", "H @ wave([4, 4], 2)", "linear(H, wave([4, 4], 3), wave([4], 1))", "H.T.reshape(4, 4)", "layer_norm(H, [4])",
           "normalize(H, dim=1)", "where(H > 0, H, H * 0.1)", "masked_fill(H, H < -0.3, 0.25)", "maximum(H, H.T)", "minimum(H, wave([4, 4], 5))", "H * H.sum(0)",
           "H - amax(H, 1).unsqueeze(1)", "H / (norm(H, dim=1).unsqueeze(1) + 1)", "(H - mean(H, 0)) / (std(H, 0) + 0.1)", "H + logsumexp(H, 0)", "sort(H, 1)[0]",
           "H[[3, 1, 0, 2]]", "cat([H[:2], H[2:] * 2])", "stack([H[0], H[2], H[1], H[3]])", "gather(H, 1, tensor([[0, 1, 2, 3], [3, 3, 0, 1], [2, 1, 0, 0], [1, 0, 3, 2]]))",
           "tril(H)", "H.unsqueeze(0).expand(2, 4, 4)[1]", "H.reshape(2, 8).reshape(4, 4)", "H.transpose(0, 1)", "einsum(\"ij,jk->ik\", H, H)", "outer(H[0], H[1])",
           "conv2d(H.reshape(1, 1, 4, 4), wave([1, 1, 3, 3], 4), padding=1).reshape(4, 4)", "H.detach() * 0.5 + H * 0.5", "pad(H, [1, 0, 0, 0])[:, :4]",
           "interpolate(max_pool2d(H.reshape(1, 1, 4, 4), 2), scale_factor=2).reshape(4, 4)", "topk(H, 4, 1)[0]", "H * H.detach()"]
sharing = ["A * B", "A + B", "A - B * 0.5", "A @ B", "A / (1 + B ** 2)", "maximum(A, B)", "cat([A, B])", "A.sum() * B", "cdist(A, B)", "mse_loss(A, B) + A.sum()", "cosine_similarity(A, B, 1)",
           "stack([A, B, A])", "where(A > B, A, B)", "A[0] * B[:, 1]", "kl_div(log_softmax(A, 1), softmax(B, 1)) + B.mean()", "cross_entropy(A, tensor([0, 3, 1, 2])) * B"]
programs = []
for index in range(260):
    f, g, join = random.choice(keeping), random.choice(keeping), sharing[index % len(sharing)]
    put = lambda text, name: re.sub(r"\bH\b", name, text)
    inner = re.sub(r"\bA\b", "a", re.sub(r"\bB\b", "b", join))
    # a is what lies between; b is made of it, and both are joined.
    programs.append(f"of(x => let({put(f, 'x')}, a => let({put(g, 'a')}, b => {inner})), wave([4, 4], {index % 7}))")
for index in range(240):
    f, g, h = (random.choice(keeping) for _ in range(3))
    put = lambda text, name: re.sub(r"\bH\b", name, text)
    join = random.choice(["a * b + c", "a + b * c", "a @ b + c * a", "cat([a, b, c])", "(a - b) * (b - c)", "a.sum() * c + b"])
    programs.append(f"of(x => let({put(f, 'x')}, a => let({put(g, 'a')}, b => let({put(h, '(b + a)')}, c => {join}))), wave([4, 4], {index % 5}))")

networks = [
    ("Conv2d(2, 3, 3, padding=1), BatchNorm2d(3), ReLU(), Conv2d(3, 2, 1), BatchNorm2d(2)", "wave([2, 2, 4, 4])"),
    ("Conv2d(1, 4, 3, bias=false), BatchNorm2d(4), ReLU(), MaxPool2d(2), Flatten(), Linear(16, 3)", "wave([2, 1, 6, 6])"),
    ("BatchNorm2d(2), ReLU(), Conv2d(2, 4, 3, stride=2, padding=1), GroupNorm(2, 4), SiLU(), AdaptiveAvgPool2d(1), Flatten()", "wave([2, 2, 5, 5])"),
    ("Conv2d(4, 4, 3, padding=1, groups=4), BatchNorm2d(4), ReLU(), Conv2d(4, 2, 1), AvgPool2d(2), Flatten(), Linear(8, 3), Softmax(dim=1)", "wave([1, 4, 4, 4])"),
    ("ConvTranspose2d(2, 3, 2, stride=2), BatchNorm2d(3), LeakyReLU(0.1), Conv2d(3, 1, 3)", "wave([1, 2, 3, 3])"),
    ("Conv1d(2, 4, 3, padding=1), BatchNorm1d(4), GELU(), Conv1d(4, 2, 2)", "wave([2, 2, 6])"),
    ("Linear(5, 8), BatchNorm1d(8), Tanh(), Dropout(0.5), Linear(8, 4), LayerNorm(4), ELU(), Linear(4, 2)", "wave([6, 5])"),
    ("Linear(4, 4), ReLU(), Identity(), Linear(4, 4), Sigmoid(), Flatten(), Linear(4, 4), ReLU()", "wave([3, 4])"),
    ("Conv2d(1, 2, 3), ReLU(), Conv2d(2, 2, 3), ReLU(), Conv2d(2, 2, 1), Flatten()", "wave([1, 1, 6, 6])"),
    ("Conv2d(2, 2, 1), BatchNorm2d(2, affine=false), BatchNorm2d(2), ReLU(), ReLU()", "wave([2, 2, 3, 3])"),
    ("Embedding(7, 4), LayerNorm(4), TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=true), Linear(4, 3)", "tensor([[0, 3, 6], [2, 2, 5]])"),
    ("LayerNorm([2, 3]), GELU(approximate=\"tanh\"), Flatten(), Linear(6, 3)", "wave([4, 2, 3])"),
]
for layers, x in networks:
    net = f"Sequential({layers})"
    count = len(eval(net, names))
    for mode in ["train", "eval"]:
        if mode == "train" and "Dropout(0.5)" in layers:
            continue
        programs.append(f"tapped({net}.{mode}(), {x})")
        programs += [f"judged({net}.{mode}(), {x}, {kept})" for kept in range(0, count - 1, 1 if mode == "eval" else 2)]
lines = []
for program in dict.fromkeys(programs):
    try:
        lines.append(line(program))
    except (RuntimeError, IndexError) as error:
        print("left out:", program[:120], str(error)[:60])
write("compositions", lines)
