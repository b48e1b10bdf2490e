"""Values and gradients of network functions and layers by PyTorch, in float64, for Tests/TensorsTests and Tests/LearningTests.

usage: python scripts/golden/networks.py

Each case is a line `function option=value …` followed by lines `name sizes numbers…`: the inputs, the result `out`, and
for each float input its gradient `grad.<input>` of sum(out * weights), with `weights` the fixed numbers of `probe`.
"""
import pathlib
import torch
import torch.nn.functional as F
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
root = pathlib.Path(__file__).resolve().parents[2] / "Tests"
lines = []


def draw(*sizes):
    return torch.round(torch.randn(*sizes) * 64) / 64


def probe(t):
    k = torch.arange(t.numel(), dtype=torch.float64)
    return (0.5 + ((k * 7919 + 13) % 101) / 101).reshape(t.shape) * (1 - 2 * (k % 3 == 1).double()).reshape(t.shape)


def put(name, t):
    sizes = ",".join(str(s) for s in t.shape) or "-"
    numbers = " ".join(f"{v:.12g}" for v in t.detach().double().flatten().tolist())
    lines.append(f"{name} {sizes} {numbers}".rstrip())


def case(function, inputs, run, state=(), **options):
    inputs = {k: v for k, v in inputs.items() if v is not None}
    words = []
    for k, v in options.items():
        if v is None:
            continue
        if isinstance(v, (tuple, list)):
            v = ",".join(str(x) for x in v)
        words.append(f"{k}={v}".replace("True", "true").replace("False", "false"))
    lines.append(" ".join([":" + function] + words))
    for name, t in inputs.items():
        put(name, t)
    for t in inputs.values():
        if t.is_floating_point():
            t.requires_grad_(True)
    out = run(inputs)
    outs = out if isinstance(out, tuple) else (out,)
    total = sum((o * probe(o)).sum() for o in outs)
    total.backward()
    for i, o in enumerate(outs):
        put("out" if i == 0 else f"out{i}", o)
    for name, t in inputs.items():
        if t.is_floating_point():
            put("grad." + name, t.grad if t.grad is not None else torch.zeros_like(t))
    for name, t in dict(state).items():
        put(name, t)


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    lines.clear()


# Functions

def conv2d(n, ci, h, w, co, kh, kw, bias=True, stride=1, padding=0, dilation=1, groups=1):
    o = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    case("conv2d", dict(x=draw(n, ci, h, w), weight=draw(co, ci // groups, kh, kw), bias=draw(co) if bias else None),
         lambda i: F.conv2d(i["x"], i["weight"], i.get("bias"), **o), **o)


conv2d(2, 3, 5, 6, 4, 3, 3)
conv2d(2, 3, 5, 6, 4, 3, 3, padding=1, bias=False)
conv2d(1, 1, 7, 7, 2, 3, 2, stride=(2, 3), padding=(1, 0))
conv2d(2, 4, 7, 5, 6, 3, 3, padding=2, dilation=2, groups=2)
conv2d(2, 6, 6, 6, 6, 3, 3, padding=1, groups=6)
conv2d(2, 6, 7, 7, 12, 3, 3, stride=2, padding=1, groups=6)
conv2d(3, 5, 4, 4, 7, 1, 1)
conv2d(3, 5, 5, 5, 7, 1, 1, stride=2, bias=False)
conv2d(1, 3, 1, 1, 2, 1, 1)
conv2d(0, 3, 5, 5, 2, 3, 3)
conv2d(2, 16, 8, 8, 16, 3, 3, padding=1)
conv2d(1, 16, 6, 9, 32, 3, 3, padding=0, bias=False)
conv2d(1, 16, 5, 5, 16, 3, 3, padding=2)
conv2d(2, 2, 9, 8, 3, 5, 5, padding=2, stride=3)
for o in [dict(), dict(stride=2, padding=2, dilation=3), dict(groups=2, padding=1)]:
    g = o.get("groups", 1)
    case("conv1d", dict(x=draw(2, 4, 11), weight=draw(6, 4 // g, 3), bias=draw(6)),
         lambda i: F.conv1d(i["x"], i["weight"], i["bias"], **o), **o)
for o in [dict(), dict(stride=2, padding=1, output_padding=1), dict(stride=3, padding=1, groups=2),
          dict(dilation=2, padding=1), dict(stride=1, dilation=3, output_padding=2), dict(stride=(2, 1), padding=(0, 1))]:
    g = o.get("groups", 1)
    case("conv_transpose2d", dict(x=draw(2, 4, 4, 3), weight=draw(4, 6 // g, 3, 3), bias=draw(6)),
         lambda i: F.conv_transpose2d(i["x"], i["weight"], i["bias"], **o), **o)
case("conv_transpose2d", dict(x=draw(1, 16, 5, 5), weight=draw(16, 16, 3, 3)),
     lambda i: F.conv_transpose2d(i["x"], i["weight"], padding=1), padding=1)
case("conv_transpose2d", dict(x=draw(0, 2, 5, 5), weight=draw(2, 3, 3, 3)),
     lambda i: F.conv_transpose2d(i["x"], i["weight"]))

for sizes, k, o in [((2, 3, 6, 6), 2, {}), ((2, 3, 7, 5), 3, dict(stride=2, padding=1)),
                    ((1, 2, 7, 7), (3, 2), dict(stride=(2, 1), dilation=(2, 3))),
                    ((1, 2, 6, 7), 3, dict(stride=2, ceil_mode=True)),
                    ((1, 2, 5, 5), 2, dict(stride=2, padding=1, ceil_mode=True)), ((2, 1, 1, 1), 1, {}),
                    ((0, 2, 4, 4), 2, {}), ((2, 17, 4, 4), 2, {})]:
    case("max_pool2d", dict(x=draw(*sizes)), lambda i: F.max_pool2d(i["x"], k, **o), kernel=k, **o)
for sizes, k, o in [((2, 3, 6, 6), 2, {}), ((2, 3, 7, 5), 3, dict(stride=2, padding=1)),
                    ((2, 3, 7, 5), 3, dict(stride=2, padding=1, count_include_pad=False)),
                    ((1, 2, 6, 7), 3, dict(stride=2, ceil_mode=True)),
                    ((1, 2, 6, 7), 3, dict(stride=2, padding=1, ceil_mode=True, count_include_pad=False)),
                    ((1, 2, 6, 7), (2, 3), dict(stride=(3, 1), divisor_override=5)), ((0, 2, 4, 4), 2, {})]:
    case("avg_pool2d", dict(x=draw(*sizes)), lambda i: F.avg_pool2d(i["x"], k, **o), kernel=k, **o)
for sizes, k in [((2, 3, 6, 6), 1), ((2, 3, 7, 5), (3, 2)), ((1, 2, 3, 4), (5, 4)), ((0, 2, 4, 4), 1)]:
    case("adaptive_avg_pool2d", dict(x=draw(*sizes)), lambda i: F.adaptive_avg_pool2d(i["x"], k), size=k)

for sizes, training, affine in [((4, 3), True, True), ((4, 3, 5), True, True), ((2, 3, 4, 5), True, True),
                                ((2, 3, 4, 5), False, True), ((2, 3, 4, 5), True, False), ((2, 17, 3, 3), True, True),
                                ((2, 3), False, False), ((1, 16, 3, 1), True, True)]:
    c = sizes[1]
    mean, var = draw(c), draw(c).abs() + 0.5
    inputs = dict(x=draw(*sizes) * 3 + 1, weight=draw(c) if affine else None, bias=draw(c) if affine else None)
    lines_before = (mean.clone(), var.clone())
    case("batch_norm", inputs,
         lambda i: F.batch_norm(i["x"], mean, var, i.get("weight"), i.get("bias"), training, 0.25, 1e-4),
         state={"before.mean": lines_before[0], "before.var": lines_before[1], "after.mean": mean, "after.var": var},
         training=training)
for sizes, shape, affine in [((4, 6), (6,), True), ((2, 3, 4), (3, 4), True), ((2, 3, 5), (5,), False),
                             ((3, 1), (1,), True), ((0, 4), (4,), True), ((40, 33), (33,), True)]:
    case("layer_norm", dict(x=draw(*sizes), weight=draw(*shape) if affine else None, bias=draw(*shape) if affine else None),
         lambda i: F.layer_norm(i["x"], shape, i.get("weight"), i.get("bias"), 1e-4), shape=shape)
for sizes, g in [((2, 6, 3, 4), 3), ((2, 12), 2), ((2, 4, 5), 4), ((3, 6, 2, 2), 1)]:
    case("group_norm", dict(x=draw(*sizes), weight=draw(sizes[1]), bias=draw(sizes[1])),
         lambda i: F.group_norm(i["x"], g, i["weight"], i["bias"], 1e-4), groups=g)

case("scaled_dot_product_attention", dict(q=draw(2, 3, 4, 5), k=draw(2, 3, 6, 5), v=draw(2, 3, 6, 7)),
     lambda i: F.scaled_dot_product_attention(i["q"], i["k"], i["v"]))
case("scaled_dot_product_attention", dict(q=draw(2, 5, 4), k=draw(2, 5, 4), v=draw(2, 5, 3)),
     lambda i: F.scaled_dot_product_attention(i["q"], i["k"], i["v"], is_causal=True), causal=True)
case("scaled_dot_product_attention", dict(q=draw(2, 5, 4), k=draw(2, 3, 4), v=draw(2, 3, 3), mask=draw(5, 3)),
     lambda i: F.scaled_dot_product_attention(i["q"], i["k"], i["v"], attn_mask=i["mask"], scale=0.3), scale=0.3)

for sizes, o in [((1, 2, 3, 4), dict(size=(5, 7))), ((1, 2, 6, 5), dict(size=(3, 4))),
                 ((2, 3, 3, 3), dict(scale_factor=2.0)), ((1, 2, 5, 4), dict(scale_factor=1.5)),
                 ((1, 2, 5, 4), dict(scale_factor=0.6))]:
    case("interpolate", dict(x=draw(*sizes)), lambda i: F.interpolate(i["x"], mode="nearest", **o), mode="nearest", **o)
    for a in (False, True):
        case("interpolate", dict(x=draw(*sizes)),
             lambda i: F.interpolate(i["x"], mode="bilinear", align_corners=a, **o), mode="bilinear", align_corners=a, **o)
for sizes, k, o in [((2, 3, 4, 5), 2, {}), ((1, 2, 6, 5), (3, 2), dict(padding=1, stride=2)),
                    ((1, 2, 7, 7), 3, dict(dilation=2, padding=(1, 0), stride=(1, 2)))]:
    case("unfold", dict(x=draw(*sizes)), lambda i: F.unfold(i["x"], k, **o), kernel=k, **o)
case("embedding", dict(weight=draw(7, 3), index=torch.tensor([[1, 4, 1], [0, 6, 4]])),
     lambda i: F.embedding(i["index"], i["weight"]))
case("embedding", dict(weight=draw(7, 3), index=torch.tensor([1, 4, 1])),
     lambda i: F.embedding(i["index"], i["weight"], padding_idx=1), padding_idx=1)
write(root / "TensorsTests/Fixtures/networks.txt")


# Layers: the state under PyTorch's names, outputs and the gradients of input and parameters

def layer(name, module, inputs, run=None, **options):
    with torch.no_grad():
        for p in module.state_dict().values():
            if p.is_floating_point():
                p.copy_(draw(*p.shape).abs() + 0.25 if p is module.state_dict().get("running_var") else draw(*p.shape) / 2)
    if "running_var" in module.state_dict():
        module.running_var.abs_().add_(0.25)
    before = {"state." + k: v.detach().clone() for k, v in module.state_dict().items()}
    words = [":" + name] + [f"{k}={v}".replace("True", "true").replace("False", "false") for k, v in options.items()]
    lines.append(" ".join(words))
    for k, v in before.items():
        put(k, v)
    for k, v in inputs.items():
        put(k, v)
        if v.is_floating_point():
            v.requires_grad_(True)
    out = run(module, inputs) if run else module(inputs["x"])
    outs = out if isinstance(out, tuple) else (out,)
    sum((o * probe(o)).sum() for o in outs).backward()
    for i, o in enumerate(outs):
        put("out" if i == 0 else f"out{i}", o)
    for k, v in inputs.items():
        if v.is_floating_point():
            put("grad." + k, v.grad)
    for k, v in module.named_parameters():
        put("grad." + k, v.grad)
    for k, v in module.named_buffers():
        put("after." + k, v)


layer("Conv1d", nn.Conv1d(3, 4, 3, stride=2, padding=1), dict(x=draw(2, 3, 7)))
layer("Conv2d", nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), dict(x=draw(2, 4, 6, 6)))
layer("ConvTranspose2d", nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1), dict(x=draw(2, 4, 3, 3)))
layer("BatchNorm1d", nn.BatchNorm1d(5), dict(x=draw(4, 5)))
layer("BatchNorm2d", nn.BatchNorm2d(3), dict(x=draw(2, 3, 4, 4)))
layer("BatchNorm2d", nn.BatchNorm2d(3).eval(), dict(x=draw(2, 3, 4, 4)), eval=True)
layer("LayerNorm", nn.LayerNorm(6), dict(x=draw(3, 6)))
layer("GroupNorm", nn.GroupNorm(2, 4), dict(x=draw(2, 4, 3, 3)))
layer("Embedding", nn.Embedding(9, 4, padding_idx=0), dict(x=torch.tensor([[1, 0, 8], [2, 1, 1]])))
for batch_first in (False, True):
    layer("MultiheadAttention", nn.MultiheadAttention(8, 2, batch_first=batch_first),
          dict(x=draw(3, 4, 8), key=draw(3, 4, 8)), lambda m, i: m(i["x"], i["key"], i["key"]), batch_first=batch_first)
for norm_first in (False, True):
    for activation in ("relu", "gelu"):
        layer("TransformerEncoderLayer",
              nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, activation=activation, batch_first=True,
                                         norm_first=norm_first),
              dict(x=draw(2, 5, 8)), norm_first=norm_first, activation=activation)
mask = torch.tensor([[False, False, True], [False, True, True]])
layer("TransformerEncoderLayer", nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True),
      dict(x=draw(2, 3, 8), mask=mask), lambda m, i: m(i["x"], src_key_padding_mask=mask), norm_first=False,
      activation="relu")


def flat(out):
    return out[0], out[1][0], out[1][1]


for o in [dict(), dict(num_layers=2, bidirectional=True), dict(batch_first=True, bias=False)]:
    layer("LSTM", nn.LSTM(3, 4, **o), dict(x=draw(5, 2, 3)), lambda m, i: flat(m(i["x"])), **o)
write(root / "LearningTests/Fixtures/layers.txt")
