"""Writes Tests/TensorsTests/Fixtures/*.txt: values and gradients of every tensor function, computed by PyTorch in float64.

One case is a block of lines:
    case NAME ARG=VALUE ...          the function in the language's spelling, and its options
    in DTYPE SHAPE | numbers         inputs; f needs a gradient, c is a float constant, i int64, b bool
    out SHAPE | numbers              results, in order (integers and truth values as numbers)
    grad SHAPE | numbers             gradients of the f inputs for the cotangent cos(1), cos(2), ... of the float results
Run with the Python that has PyTorch: python scripts/golden/tensors.py
"""

import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
folder = pathlib.Path(__file__).resolve().parents[2] / "Tests/TensorsTests/Fixtures"
groups: dict[str, list[str]] = {}
generator = torch.Generator()


def numbers(t):
    def short(v):
        if isinstance(v, bool):
            return str(int(v))
        if isinstance(v, int) or (math.isfinite(v) and v == int(v) and abs(v) < 1e9):
            return str(int(v))
        return format(v, ".14g")

    return " ".join(short(v) for v in t.detach().reshape(-1).tolist())


def shape(t):
    return ",".join(map(str, t.shape)) or "-"


def case(group, name, function, inputs, **options):
    """inputs: list of (kind, tensor); function(*tensors) gives a tensor or several."""
    tensors = []
    for kind, t in inputs:
        t = t.detach().clone()
        if kind == "f":
            t.requires_grad_()
        tensors.append(t)
    results = function(*tensors)
    if not isinstance(results, (tuple, list)):
        results = [results]
    words = " ".join(f"{k}={v}" for k, v in options.items())
    lines = [f"case {name} {words}".rstrip()]
    for kind, t in inputs:
        lines.append(f"in {kind} {shape(t)} | {numbers(t)}")
    for r in results:
        lines.append(f"out {shape(r)} | {numbers(r)}")
    flowing = [r for r in results if r.dtype == torch.float64 and r.requires_grad]
    if flowing:
        total = 0
        for r in flowing:
            total = total + (r.reshape(-1) * torch.cos(torch.arange(1, r.numel() + 1, dtype=torch.float64))).sum()
        wanted = [t for t in tensors if t.requires_grad]
        grads = torch.autograd.grad(total, wanted, allow_unused=True)
        for t, g in zip(wanted, grads):
            g = torch.zeros_like(t) if g is None else g
            lines.append(f"grad {shape(g)} | {numbers(g)}")
    groups.setdefault(group, []).append("\n".join(lines))


def randn(*sizes):
    # Four digits keep the files small; float32 holds them closely enough for 1e-5.
    return (torch.randn(sizes, generator=generator) * 4096).round() / 4096


def positive(*sizes):
    return randn(*sizes).abs() + 0.25


def f(t):
    return ("f", t)


def c(t):
    return ("c", t)


def i(*values, size=None):
    t = torch.tensor(values, dtype=torch.int64)
    return ("i", t if size is None else t.reshape(size))


def b(t):
    return ("b", t)


generator.manual_seed(1)

# Arithmetic
for shapes in [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 0), (1, 0)), ((2, 1, 3), (4, 1))]:
    x, y = randn(*shapes[0]), positive(*shapes[1])
    case("arithmetic", "+", lambda a, b: a + b, [f(x), f(y)])
    case("arithmetic", "-", lambda a, b: a - b, [f(x), f(y)])
    case("arithmetic", "*", lambda a, b: a * b, [f(x), f(y)])
    case("arithmetic", "/", lambda a, b: a / b, [f(x), f(y)])
    case("arithmetic", "//", lambda a, b: a // b, [c(x), c(y)])
    case("arithmetic", "%", lambda a, b: torch.remainder(a, b), [f(x), f(y)])
    case("arithmetic", "**", lambda a, b: a**b, [f(x.abs() + 0.5), f(y)])
    case("arithmetic", "maximum", torch.maximum, [f(x), f(y)])
    case("arithmetic", "minimum", torch.minimum, [f(x), f(y)])
    case("arithmetic", "==", lambda a, b: a == b, [c(x.round()), c(y.round())])
    case("arithmetic", "!=", lambda a, b: a != b, [c(x.round()), c(y.round())])
    case("arithmetic", "<", lambda a, b: a < b, [c(x), c(y)])
    case("arithmetic", "<=", lambda a, b: a <= b, [c(x.round()), c(y.round())])
    case("arithmetic", ">", lambda a, b: a > b, [c(x), c(y)])
    case("arithmetic", ">=", lambda a, b: a >= b, [c(x.round()), c(y.round())])
m = torch.tensor([7, -7, 8, -8, 0, 5]), torch.tensor([2, 2, -3, -3, 4, 5])
for name, fn in [("//", lambda a, b: a // b), ("%", torch.remainder), ("*", lambda a, b: a * b)]:
    case("arithmetic", name, fn, [("i", m[0]), ("i", m[1])])
case("arithmetic", "**", lambda a, b: a**b, [i(2, -3, 5), i(3, 2, 0)])
# Exact in float32, the dtype that a quotient of integers has in the language.
case("arithmetic", "/", lambda a, b: a / b, [i(7, -9, 6, 0), i(2, 4, -3, 5)])
for s in [2, -1.5, 0.5, 3]:
    x = positive(2, 3)
    case("arithmetic", "add_scalar", lambda a: a + s, [f(x)], s=s)
    case("arithmetic", "rsub_scalar", lambda a: s - a, [f(x)], s=s)
    case("arithmetic", "mul_scalar", lambda a: a * s, [f(x)], s=s)
    case("arithmetic", "div_scalar", lambda a: a / s, [f(x)], s=s)
    case("arithmetic", "rdiv_scalar", lambda a: s / a, [f(x)], s=s)
    case("arithmetic", "pow_scalar", lambda a: a**s, [f(x)], s=s)
    case("arithmetic", "rpow_scalar", lambda a: abs(s) ** a, [f(x)], s=abs(s))
    case("arithmetic", "remainder_scalar", lambda a: a % s, [f(x)], s=s)
p, q = randn(2, 3) > 0, randn(3) > 0
for name, fn in [("&", lambda a, b: a & b), ("|", lambda a, b: a | b), ("^", lambda a, b: a ^ b)]:
    case("arithmetic", name, fn, [b(p), b(q)])
    case("arithmetic", name, fn, [i(12, 10), i(10, 6)])
case("arithmetic", "~", lambda a: ~a, [b(p)])
case("arithmetic", "where", torch.where, [b(p), f(randn(2, 3)), f(randn(3))])
case("arithmetic", "masked_fill", lambda x, m: x.masked_fill(m, -2), [f(randn(2, 3)), b(q)], value=-2)

# Pointwise
edge = torch.tensor([-100.0, -30, -5, -1.5, -1, -0.25, 0.25, 1, 1.5, 5, 30, 80])
for name, fn, only in [
    ("neg", torch.neg, "all"), ("abs", torch.abs, "all"), ("sign", torch.sign, "all"), ("square", torch.square, "all"),
    ("reciprocal", torch.reciprocal, "all"), ("exp", torch.exp, "small"), ("log", torch.log, "positive"),
    ("log1p", torch.log1p, "positive"), ("expm1", torch.expm1, "small"), ("sqrt", torch.sqrt, "positive"),
    ("rsqrt", torch.rsqrt, "positive"), ("sin", torch.sin, "all"), ("cos", torch.cos, "all"), ("tanh", torch.tanh, "small"),
    ("sigmoid", torch.sigmoid, "small"), ("erf", torch.erf, "small"), ("relu", torch.relu, "all"),
    ("leaky_relu", lambda x: F.leaky_relu(x, 0.1), "all"), ("elu", lambda x: F.elu(x, 1.3), "small"),
    ("gelu", F.gelu, "small"), ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), "small"), ("silu", F.silu, "small"),
    ("softplus", lambda x: F.softplus(x, 2, 15), "small"), ("hardtanh", lambda x: F.hardtanh(x, -1.5, 2), "all"),
    ("clamp", lambda x: x.clamp(-1.5, 1), "all"), ("round", torch.round, "all"), ("floor", torch.floor, "all"),
    ("ceil", torch.ceil, "all"),
]:
    for size in [(3, 5), (), (2, 0), (37,)]:
        x = positive(*size) if only == "positive" else randn(*size)
        case("pointwise", name, fn, [f(x)])
    x = edge[edge > 0] if only == "positive" else edge if only == "all" else edge[edge.abs() < 6]
    case("pointwise", name, fn, [f(x)])
odd = torch.tensor([1.0, math.inf, -math.inf, math.nan, 0])
for name, fn in [("isnan", torch.isnan), ("isinf", torch.isinf), ("isfinite", torch.isfinite)]:
    case("pointwise", name, fn, [c(odd)])

# Reductions
for size, dims, keep in [
    ((3, 4), None, False), ((3, 4), [0], False), ((3, 4), [-1], True), ((2, 3, 4), [0, 2], False), ((2, 3, 4), [1], True),
    ((5, 1, 3), [1], False), ((), None, False), ((2, 3, 4, 2), [1, 3], True), ((300, 3), [0], False), ((3, 700), [1], False),
]:
    x = randn(*size)
    o = dict(dims="none" if dims is None else ",".join(map(str, dims)), keepdim=int(keep))
    every = list(range(x.dim())) if dims is None else dims
    case("reductions", "sum", lambda t: t.sum(dim=every, keepdim=keep), [f(x)], **o)
    case("reductions", "mean", lambda t: t.mean(dim=every, keepdim=keep), [f(x)], **o)
    if x.numel() > 500:  # long enough for blockwise summation, and only for sums
        case("reductions", "var", lambda t: t.var(dim=every, keepdim=keep), [f(x)], correction=1, **o)
        case("reductions", "logsumexp", lambda t: torch.logsumexp(t, dim=every, keepdim=keep), [f(x)], **o)
        continue
    case("reductions", "amax", lambda t: t.amax(dim=every, keepdim=keep), [f(x)], **o)
    case("reductions", "amin", lambda t: t.amin(dim=every, keepdim=keep), [f(x)], **o)
    if x.numel() > 1:
        case("reductions", "var", lambda t: t.var(dim=every, keepdim=keep) if every != [1] or t.shape[1] > 1 else t.var(dim=every, keepdim=keep, correction=0),
             [f(x)], correction=int(not (every == [1] and x.shape[1] == 1)), **o)
        if not (every == [1] and x.shape[1] == 1):
            case("reductions", "std", lambda t: t.std(dim=every, keepdim=keep), [f(x)], correction=1, **o)
    for power in [1, 2, 3, math.inf]:
        case("reductions", "norm", lambda t: torch.linalg.vector_norm(t, power, dim=every, keepdim=keep), [f(x)], p=power, **o)
    if x.dim():
        case("reductions", "logsumexp", lambda t: torch.logsumexp(t, dim=every, keepdim=keep), [f(x)], **o)
for size in [(0, 3), (3, 0)]:
    for d in [0, 1]:
        case("reductions", "sum", lambda t: t.sum(dim=d), [f(torch.zeros(size))], dims=d, keepdim=0)
for size, d, keep in [((3, 4), 0, False), ((3, 4), -1, True), ((2, 3, 4), 1, False), ((4, 1), 1, False), ((6,), 0, False)]:
    x = randn(*size)
    o = dict(dim=d, keepdim=int(keep))
    case("reductions", "max", lambda t: torch.max(t, d, keep), [f(x)], **o)
    case("reductions", "min", lambda t: torch.min(t, d, keep), [f(x)], **o)
    case("reductions", "argmax", lambda t: t.argmax(d, keep), [c(x)], **o)
    case("reductions", "argmin", lambda t: t.argmin(d, keep), [c(x)], **o)
    case("reductions", "prod", lambda t: t.prod(d, keep), [f(x)], **o)
    case("reductions", "any", lambda t: (t > 1).any(d, keep), [c(x)], **o)
    case("reductions", "all", lambda t: (t > -0.7).all(d, keep), [c(x)], **o)
    if not keep:
        case("reductions", "cumsum", lambda t: t.cumsum(d), [f(x)], dim=d)
        case("reductions", "sort", lambda t: t.sort(d), [f(x)], dim=d, descending=0)
        case("reductions", "sort", lambda t: t.sort(d, descending=True), [f(x)], dim=d, descending=1)
        case("reductions", "argsort", lambda t: t.argsort(d), [c(x)], dim=d)
        case("reductions", "topk", lambda t: t.topk(1, d), [f(x)], dim=d, k=1, largest=1)
        case("reductions", "topk", lambda t: t.topk(min(3, t.shape[d]), d, largest=False), [f(x)], dim=d, k=min(3, x.shape[d]), largest=0)
    case("reductions", "softmax", lambda t: t.softmax(d), [f(x)], dim=d)
    case("reductions", "log_softmax", lambda t: t.log_softmax(d), [f(x)], dim=d)
case("reductions", "softmax", lambda t: t.softmax(1), [f(randn(4, 33) * 20)], dim=1)
case("reductions", "log_softmax", lambda t: t.log_softmax(0), [f(randn(33, 4) * 20)], dim=0)
case("reductions", "softmax", lambda t: t.softmax(1), [f(torch.zeros(0, 4))], dim=1)
case("reductions", "prod", lambda t: t.prod(0), [f(torch.tensor([2.0, 0, 3, 1]))], dim=0, keepdim=0)
case("reductions", "max_all", torch.max, [f(torch.tensor([1.0, 3, 3, 2]))])
case("reductions", "min_all", torch.min, [f(randn(3, 4))])

# Products
for left, right in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)),
                    ((1, 3, 4), (2, 4, 5)), ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (3, 4, 2)), ((2, 0), (0, 3)), ((1, 1), (1, 1)),
                    ((2, 3, 4), (4,)), ((0, 3), (3, 2))]:
    case("products", "matmul", torch.matmul, [f(randn(*left)), f(randn(*right))])
case("products", "matmul", torch.matmul, [i(1, 2, 3, 4, size=(2, 2)), i(5, 6, 7, 8, size=(2, 2))])
case("products", "matmul_transposed", lambda a, b: a @ b.T, [f(randn(3, 5)), f(randn(4, 5))])
case("products", "mm", torch.mm, [f(randn(2, 3)), f(randn(3, 2))])
case("products", "bmm", torch.bmm, [f(randn(2, 3, 4)), f(randn(2, 4, 2))])
case("products", "dot", torch.dot, [f(randn(5)), f(randn(5))])
case("products", "outer", torch.outer, [f(randn(3)), f(randn(4))])
for size in [(4, 3), (2, 4, 3), (3,), (0, 3)]:
    x, w, bias = randn(*size), randn(5, 3), randn(5)
    case("products", "linear", F.linear, [f(x), f(w)])
    case("products", "linear", F.linear, [f(x), f(w), f(bias)])
    case("products", "linear_relu", lambda x, w, b: F.relu(F.linear(x, w, b)), [f(x), f(w), f(bias)])
for equation, sizes in [("ij,jk->ik", [(2, 3), (3, 4)]), ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]), ("ii->i", [(3, 3)]), ("ij->ji", [(2, 3)]),
                        ("ij->", [(2, 3)]), ("i,j->ij", [(2,), (3,)]), ("...ij,...jk->...ik", [(2, 1, 2, 3), (4, 3, 2)]), ("ij,jk", [(2, 3), (3, 4)]),
                        ("bn,anm,bm->ba", [(2, 3), (4, 3, 5), (2, 5)]), ("ii->", [(3, 3)]), ("ij,ij->i", [(2, 3), (2, 3)])]:
    case("products", "einsum", lambda *t: torch.einsum(equation, *t), [f(randn(*s)) for s in sizes], equation=equation)
for power in [1, 2, 3]:
    case("products", "cdist", lambda x, y: torch.cdist(x, y, p=power), [f(randn(3, 4)), f(randn(2, 4))], p=power)
case("products", "cdist", lambda x, y: torch.cdist(x, y), [f(randn(2, 3, 4)), f(randn(2, 2, 4))], p=2)
square = randn(4, 4) + 3 * torch.eye(4)
case("products", "linalg_inv", torch.linalg.inv, [f(square)])
case("products", "linalg_inv", torch.linalg.inv, [f(randn(2, 3, 3) + 3 * torch.eye(3))])
s = randn(4, 4)
s = s + s.T + torch.diag(torch.tensor([0.0, 3, 6, 9]))
case("products", "linalg_eigh", lambda x: [torch.linalg.eigh(x)[0], torch.linalg.eigh(x)[1] ** 2], [f(s)])
for size in [(4, 3), (3, 5), (3, 3), (2, 3, 2)]:
    case("products", "linalg_svd", lambda x: [t**2 for t in torch.linalg.svd(x, full_matrices=False)], [f(randn(*size))])

# Shapes
x = randn(2, 3, 4)
for sizes in [[6, 4], [-1], [4, 3, 2], [2, -1, 2]]:
    case("shapes", "reshape", lambda t: t.reshape(sizes), [f(x)], sizes=",".join(map(str, sizes)))
case("shapes", "flatten", lambda t: t.flatten(1), [f(x)], start=1, end=-1)
case("shapes", "flatten", lambda t: t.flatten(0, 1), [f(x)], start=0, end=1)
case("shapes", "flatten", lambda t: t.flatten(), [f(torch.tensor(2.0))], start=0, end=-1)
case("shapes", "squeeze", lambda t: t.squeeze(), [f(randn(1, 3, 1))])
case("shapes", "squeeze", lambda t: t.squeeze(-1), [f(randn(1, 3, 1))], dim=-1)
for d in [0, 1, -1]:
    case("shapes", "unsqueeze", lambda t: t.unsqueeze(d), [f(randn(2, 3))], dim=d)
case("shapes", "transpose", lambda t: t.transpose(0, -1), [f(x)], a=0, b=-1)
case("shapes", "transpose", lambda t: t.transpose(1, 2), [f(torch.zeros(2, 0, 3))], a=1, b=2)
case("shapes", "permute", lambda t: t.permute(2, 0, 1), [f(x)], dims="2,0,1")
case("shapes", "permute", lambda t: t.permute(-1, 1, 0), [f(randn(40, 2, 35))], dims="-1,1,0")
case("shapes", "T", lambda t: t.T, [f(randn(3, 5))])
case("shapes", "expand", lambda t: t.expand(4, 3, 5), [f(randn(3, 1))], sizes="4,3,5")
case("shapes", "expand", lambda t: t.expand(2, -1), [f(randn(1, 3))], sizes="2,-1")
case("shapes", "repeat", lambda t: t.repeat(2, 1, 3), [f(randn(2, 2))], sizes="2,1,3")
case("shapes", "repeat", lambda t: t.repeat(0, 2), [f(randn(2, 2))], sizes="0,2")
for d in [0, 1, -1]:
    case("shapes", "cat", lambda *t: torch.cat(t, d), [f(randn(2, 2)), f(randn(2, 2)), f(randn(2, 2))], dim=d)
    case("shapes", "stack", lambda *t: torch.stack(t, d), [f(randn(2, 3)), f(randn(2, 3))], dim=d)
case("shapes", "cat", lambda *t: torch.cat(t, 0), [f(randn(2, 3)), f(torch.zeros(0, 3)), c(randn(1, 3))], dim=0)
case("shapes", "split", lambda t: t.split(2, 1), [f(randn(2, 5))], size=2, dim=1)
case("shapes", "split_sizes", lambda t: t.split([1, 4], -1), [f(randn(2, 5))], sizes="1,4", dim=-1)
case("shapes", "chunk", lambda t: t.chunk(3, 0), [f(randn(7, 2))], chunks=3, dim=0)
case("shapes", "flip", lambda t: t.flip([0, -1]), [f(x)], dims="0,-1")
case("shapes", "roll", lambda t: t.roll(4, 0), [f(x)], shifts="4", dims="0")
case("shapes", "roll", lambda t: t.roll((1, -1), (0, 2)), [f(x)], shifts="1,-1", dims="0,2")
case("shapes", "roll", lambda t: t.roll(3), [f(x)], shifts="3")
for mode in ["constant", "reflect", "replicate", "circular"]:
    case("shapes", "pad", lambda t: F.pad(t, (1, 2), mode, 1.5 if mode == "constant" else None), [f(randn(1, 2, 4))], pad="1,2", mode=mode, value=1.5)
case("shapes", "pad", lambda t: F.pad(t, (-1, 2, 1, 0)), [f(randn(3, 4))], pad="-1,2,1,0", mode="constant", value=0)
for k in [0, 1, -2]:
    case("shapes", "tril", lambda t: t.tril(k), [f(randn(2, 3, 4))], diagonal=k)
    case("shapes", "triu", lambda t: t.triu(k), [f(randn(4, 3))], diagonal=k)
    case("shapes", "diag", lambda t: t.diag(k), [f(randn(3, 4))], diagonal=k)
    case("shapes", "diag", lambda t: t.diag(k), [f(randn(3))], diagonal=k)
case("shapes", "nonzero", torch.nonzero, [c(torch.tensor([[1.0, 0], [0, 2]]))])
case("shapes", "nonzero", torch.nonzero, [i(0, 3, 0, 1)])
case("shapes", "unique", lambda t: torch.unique(t, return_inverse=True, return_counts=True), [i(3, 1, 3, 2, 1, 3, size=(2, 3))])
case("shapes", "bincount", torch.bincount, [i(1, 3, 1, 0)], minlength=0)
case("shapes", "bincount", lambda t: torch.bincount(t, minlength=6), [i(1, 3, 1, 0)], minlength=6)
case("shapes", "bincount", torch.bincount, [i(1, 3, 1, 0), c(randn(4))], minlength=0)
case("shapes", "one_hot", lambda t: F.one_hot(t, 4), [i(1, 3, 0, 2, size=(2, 2))], classes=4)
case("shapes", "narrow", lambda t: t.narrow(1, 1, 2), [f(x)], dim=1, start=1, length=2)
case("shapes", "select", lambda t: t.select(1, -1), [f(x)], dim=1, index=-1)

# Indexing, in Python's spelling; T0, T1 are the tensors after x
mask2, mask1 = randn(2, 3) > 0, torch.tensor([True, False, True, True])
pos, pos2 = torch.tensor([1, 0, 1]), torch.tensor([[2], [-1]])
for text, fn, extra in [
    ("0", lambda t: t[0], []), ("-1,2", lambda t: t[-1, 2], []), (":,1:3", lambda t: t[:, 1:3], []), ("...,-1", lambda t: t[..., -1], []),
    ("::2,none,1", lambda t: t[::2, None, 1], []), (":,:,1::2", lambda t: t[:, :, 1::2], []), ("...,none", lambda t: t[..., None], []),
    ("1,1,1", lambda t: t[1, 1, 1], []), ("5:", lambda t: t[5:], []), ("-5:-1", lambda t: t[-5:-1], []), (":,-2:", lambda t: t[:, -2:], []),
    ("T0", lambda t, p: t[p], [("i", pos)]), (":,T0", lambda t, p: t[:, p], [("i", pos)]), ("T0,1", lambda t, p: t[p, 1], [("i", pos)]),
    ("T0,:,T0", lambda t, p: t[p, :, p], [("i", pos)]), (":,T0,T1", lambda t, p, q: t[:, p, q], [("i", pos), ("i", pos2)]),
    ("T0", lambda t, m: t[m], [("b", mask2)]), ("...,T0", lambda t, m: t[..., m], [("b", mask1)]), ("0,:,T0", lambda t, m: t[0, :, m], [("b", mask1)]),
    (":,T0,1:3", lambda t, p: t[:, p, 1:3], [("i", pos)]), ("T0,none", lambda t, p: t[p, None], [("i", pos)]), ("", lambda t: t[()], []),
]:
    case("indexing", "index", fn, [f(x)] + extra, at=text or "-")


def assign(fn):
    def run(t, v, *rest):
        t = t.clone()
        fn(t, v, *rest)
        return t

    return run


def set_at(key):
    def run(t, v, *rest):
        t[key(*rest)] = v

    return assign(run)


for text, key, value, extra in [
    ("0", lambda: 0, randn(3, 4), []), (":,1:3", lambda: (slice(None), slice(1, 3)), randn(4), []), ("...,-1", lambda: (..., -1), randn(2, 3), []),
    ("::2,:,1", lambda: (slice(None, None, 2), slice(None), 1), torch.tensor(0.5), []), ("T0", lambda m: m, randn(4), [("b", mask2)]),
    (":,T0", lambda p: (slice(None), p), randn(2, 2, 4), [("i", torch.tensor([2, 0]))]), ("T0,:,T1", lambda p, q: (p, slice(None), q), randn(2, 3), [("i", torch.tensor([0, 1])), ("i", torch.tensor([3, 1]))]),
]:
    case("indexing", "set_index", set_at(key), [f(x), f(value)] + extra, at=text)
case("indexing", "index_select", lambda t, p: t.index_select(1, p), [f(x), i(2, 0, 2)], dim=1)
case("indexing", "index_select", lambda t, p: t.index_select(-1, p), [f(x), i(3)], dim=-1)
case("indexing", "gather", lambda t, p: t.gather(1, p), [f(randn(3, 4)), i(0, 1, 3, 3, 2, 0, size=(3, 2))], dim=1)
case("indexing", "gather", lambda t, p: t.gather(0, p), [f(randn(3, 4)), i(0, 1, 2, 2, 2, 0, size=(2, 3))], dim=0)
case("indexing", "scatter", lambda t, p, s: t.scatter(1, p, s), [f(randn(3, 4)), i(0, 1, 3, 2, 2, 0, size=(3, 2)), f(randn(3, 2))], dim=1)
case("indexing", "scatter", lambda t, p, s: t.scatter(0, p, s), [f(randn(3, 4)), i(0, 1, 2, 2, 2, 0, size=(2, 3)), c(randn(3, 4))], dim=0)
case("indexing", "scatter_add", lambda t, p, s: t.scatter_add(1, p, s), [f(randn(3, 4)), i(0, 0, 3, 3, 2, 0, size=(3, 2)), f(randn(3, 2))], dim=1)
case("indexing", "embedding", lambda w, p: F.embedding(p, w), [f(randn(5, 3)), i(1, 4, 1, 0, size=(2, 2))], padding="none")
case("indexing", "embedding", lambda w, p: F.embedding(p, w, padding_idx=1), [f(randn(5, 3)), i(1, 4, 1, 0, size=(2, 2))], padding=1)

# Losses
x, y, w = randn(5, 4), torch.tensor([0, 3, 1, 3, 2]), positive(4)
ignored = torch.tensor([0, -100, 1, -100, 2])
for reduction in ["mean", "sum", "none"]:
    for smoothing in [0, 0.1]:
        o = dict(reduction=reduction, smoothing=smoothing)
        case("losses", "cross_entropy", lambda x, y: F.cross_entropy(x, y, reduction=reduction, label_smoothing=smoothing), [f(x), ("i", y)], **o)
        case("losses", "cross_entropy", lambda x, y: F.cross_entropy(x, y, reduction=reduction, label_smoothing=smoothing), [f(x), ("i", ignored)], **o)
        case("losses", "cross_entropy", lambda x, y, w: F.cross_entropy(x, y, w, reduction=reduction, label_smoothing=smoothing), [f(x), ("i", y), c(w)], **o)
        case("losses", "cross_entropy", lambda x, y: F.cross_entropy(x, y, reduction=reduction, label_smoothing=smoothing), [f(x), f(randn(5, 4).softmax(1))], **o)
        case("losses", "cross_entropy", lambda x, y, w: F.cross_entropy(x, y, w, reduction=reduction, label_smoothing=smoothing), [f(x), f(randn(5, 4).softmax(1)), c(w)], **o)
    image, labels = randn(2, 3, 2, 2), torch.tensor([[[0, 1], [2, -100]], [[1, 1], [0, 2]]])
    case("losses", "cross_entropy", lambda x, y: F.cross_entropy(x, y, reduction=reduction), [f(image), ("i", labels)], reduction=reduction, smoothing=0)
    logs = x.log_softmax(1)
    case("losses", "nll_loss", lambda x, y: F.nll_loss(x, y, reduction=reduction), [f(logs), ("i", ignored)], reduction=reduction)
    case("losses", "nll_loss", lambda x, y, w: F.nll_loss(x, y, w, reduction=reduction), [f(logs), ("i", y), c(w)], reduction=reduction)
    a, t = randn(3, 4) * 2, randn(3, 4)
    for name, fn, o in [("mse_loss", F.mse_loss, {}), ("l1_loss", F.l1_loss, {}), ("smooth_l1_loss", lambda x, y, reduction: F.smooth_l1_loss(x, y, reduction=reduction, beta=0.7), dict(beta=0.7)),
                        ("huber_loss", lambda x, y, reduction: F.huber_loss(x, y, reduction=reduction, delta=0.7), dict(delta=0.7))]:
        case("losses", name, lambda x, y: fn(x, y, reduction=reduction), [f(a), f(t)], reduction=reduction, **o)
    u = torch.sigmoid(randn(3, 4))
    name = "binary_cross_entropy_with_logits"
    case("losses", name, lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction=reduction), [f(a * 5), f(u)], reduction=reduction)
    case("losses", name, lambda x, y, w, p: F.binary_cross_entropy_with_logits(x, y, w, reduction=reduction, pos_weight=p), [f(a), f(u), c(positive(4)), c(positive(4))], reduction=reduction)
    case("losses", "cosine_embedding_loss", lambda x, y, s: F.cosine_embedding_loss(x, y, s, margin=0.1, reduction=reduction), [f(randn(4, 3)), f(randn(4, 3)), i(1, -1, -1, 1)], reduction=reduction, margin=0.1)
for reduction in ["mean", "sum", "none", "batchmean"]:
    q = randn(3, 4).softmax(1)
    q[0, 1] = 0
    case("losses", "kl_div", lambda x, y: F.kl_div(x, y, reduction=reduction), [f(randn(3, 4).log_softmax(1)), c(q)], reduction=reduction, log_target=0)
    case("losses", "kl_div", lambda x, y: F.kl_div(x, y, reduction=reduction, log_target=True), [f(randn(3, 4).log_softmax(1)), f(randn(3, 4).log_softmax(1))], reduction=reduction, log_target=1)
for d in [0, 1, -1]:
    case("losses", "cosine_similarity", lambda x, y: F.cosine_similarity(x, y, dim=d), [f(randn(3, 4)), f(randn(3, 4))], dim=d)
    case("losses", "normalize", lambda x: F.normalize(x, dim=d), [f(randn(3, 4))], dim=d, p=2)
case("losses", "normalize", lambda x: F.normalize(x, p=1, dim=1), [f(randn(3, 4))], dim=1, p=1)
for T in [1, 4]:
    def both(s, t, y):
        soft = F.kl_div((s / T).log_softmax(1), (t / T).softmax(1), reduction="batchmean") * T * T
        return 0.9 * soft + 0.1 * F.cross_entropy(s, y)

    case("losses", "distillation", both, [f(randn(6, 5) * 3), c(randn(6, 5) * 3), i(0, 4, 2, 2, 1, 3)], T=T)

# (Behind everything else, so that the random numbers of the others stay as they were.)
for x in [randn(3, 5), randn(2, 0), randn(37), edge]:
    case("pointwise", "softsign", F.softsign, [f(x)])

folder.mkdir(parents=True, exist_ok=True)
total = 0
for group, cases in groups.items():
    text = "\n".join(cases) + "\n"
    total += len(text)
    (folder / f"{group}.txt").write_text(text)
print(f"{sum(map(len, groups.values()))} cases, {total / 1e3:.0f} kB")
