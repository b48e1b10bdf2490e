"""Writes Tests/BuiltinsTests/Fixtures/{extremes,digits,acceptance,trajectories}.txt with PyTorch.

The lines have the form of scripts/golden/library.py: an expression that is both Dist and Python, ` => `, and what PyTorch
gives. `extremes`: nan, infinities, zeros and ties in every function that looks at them, values and gradients. `digits`:
softmax and every logit term for logits of any size, computed in float64 from the numbers that the dtype holds.
`acceptance`: what is computed and what is refused, with dtype and value, over dtypes, shapes and values. `trajectories`:
schedules beyond their ends and a hundred steps of every optimizer in float32.
Run with the Python that has PyTorch: python scripts/golden/corners.py
"""

import itertools
import math
import re
import warnings

from programs import *
from programs import write as write_lines

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim import lr_scheduler

warnings.filterwarnings("ignore")
nan, inf = math.nan, math.inf


def text(value):
    def quoted(value):
        return [quoted(element) for element in value] if isinstance(value, (list, tuple)) else f'"{value}"' if isinstance(value, str) else value
    return str(plain(quoted(value), 9)).replace("'", "")


def tensor(data, dtype=None):
    return torch.tensor(data, dtype=getattr(torch, dtype) if dtype else None)


names = {name: getattr(torch, name) for name in dir(torch) if not name.startswith("_")}
names |= {name: getattr(F, name) for name in dir(F) if not name.startswith("_") and name != "unique"}
names |= {name: getattr(torch.optim, name) for name in ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"]}
names |= {name: getattr(lr_scheduler, name) for name in dir(lr_scheduler) if name.endswith("LR") or name.startswith("Reduce")}
names |= {"true": True, "false": False, "none": None, "nan": nan, "inf": inf, "of": of, "tensor": tensor, "float": float,
          "sum": torch.sum, "max": torch.max, "min": torch.min, "abs": torch.abs, "round": torch.round, "all": torch.all,
          "any": torch.any}


def write(name, lines):
    write_lines(name, list(dict.fromkeys(lines)))


def spelt(rows):
    # Every digit, and infinities by name.
    return "[" + ", ".join(spelt(r) if isinstance(r, list) else repr(r) for r in rows) + "]"


def case(dist, python=None, **extra):
    return f"{dist} => {text(eval(python or dist, names | extra))}"


# nan, infinities, zeros and ties

torch.set_default_dtype(torch.float64)
vectors = ["[1.0, nan, 3.0]", "[nan, nan]", "[inf, 1.0, -inf]", "[-inf, -inf]", "[inf, inf, 2.0]", "[0.0, nan, -1.0]", "[2.0, 2.0, 1.0]",
           "[3.0, 3.0, 3.0]", "[0.0, 0.0]", "[5.0]", "[nan]", "[inf]", "[-inf, 0.0, 2.0]", "[-0.5, 0.5]"]
matrices = ["[[1.0, nan, 2.0], [inf, 0.0, inf], [3.0, 3.0, 3.0]]", "[[0.0, 0.0], [3.0, 4.0]]", "[[nan, 1.0], [2.0, nan]]"]
every = ["max(x)", "min(x)", "max(x, 0)", "min(x, 0)", "amax(x)", "amin(x)", "amax(x, 0)", "amin(x, 0)", "argmax(x)", "argmin(x)",
         "argmax(x, 0)", "argmin(x, 0)", "sort(x)", "sort(x, descending=true)", "argsort(x)", "topk(x, 1)", "topk(x, 1, largest=false)",
         "clamp(x, -1.0, 1.0)", "clamp(x, max=2.0)", "clamp(x, min=0.0)", "relu(x)", "leaky_relu(x)", "elu(x)", "gelu(x)",
         'gelu(x, approximate="tanh")', "silu(x)", "softplus(x)", "hardtanh(x)", "sigmoid(x)", "tanh(x)", "abs(x)", "sign(x)", "exp(x)", "expm1(x)",
         "log(x)", "log1p(x)", "sqrt(x)", "rsqrt(x)", "1 / x", "x ** 2", "x ** 3", "x ** 0", "x ** 0.5", "x ** -1", "0.0 ** x", "2.0 ** x",
         "floor(x)", "ceil(x)", "round(x)", "sin(x)", "cos(x)", "erf(x)", "cumsum(x, 0)", "prod(x)", "prod(x, 0)", "sum(x)", "mean(x)", "sum(x, 0)",
         "var(x)", "std(x)", "var(x, 0)", "std(x, 0)", "var(x, correction=0)", "std(x, correction=0)", "std(x, 0, correction=0)",
         "var(x, unbiased=false)", "std(x, unbiased=true)", "var(x, dim=0, unbiased=false)", "std(x, 0, correction=0, keepdim=true)",
         "norm(x)", "norm(x, 1)", "norm(x, inf)", "norm(x, -inf)", "norm(x, 0)", "norm(x, 3)", "norm(x, 0.5)", "norm(x, p=2, dim=0)",
         "norm(x, p=1, dim=0)", "norm(x, p=inf, dim=0)", "norm(x, p=0, dim=0)", "normalize(x, dim=0)", "softmax(x, 0)", "log_softmax(x, 0)",
         "maximum(x, x.flip([0]))", "minimum(x, x.flip([0]))", "maximum(x, tensor(nan))", "minimum(x, tensor(nan))", "maximum(x, tensor(0.0))",
         "minimum(x, tensor(2.0))", "where(isnan(x), tensor(0.0), x)", "masked_fill(x, isnan(x), 1.0)", "isnan(x)", "isinf(x)", "isfinite(x)",
         "x > 1", "x >= x", "x == x", "x != x", "x < x.flip([0])", "x * 0", "x - x", "x / x", "x // 2", "x % 2", "any(x > 0)", "all(x == x)",
         "cosine_similarity(x, x, 0)", "layer_norm(x, [x.shape[-1]])", "x.flip([0]) * x", "cat([x, x * 2])", "mse_loss(x, x.detach() * 0)",
         "l1_loss(x, x.detach() * 0)", "smooth_l1_loss(x, x.detach() * 0)", "huber_loss(x, x.detach() * 0)",
         "binary_cross_entropy_with_logits(x, x.detach() * 0 + 1)", "binary_cross_entropy_with_logits(x, (x.detach() > 0).double())",
         "kl_div(x, x.detach() * 0)", "kl_div(x.detach(), x)", "kl_div(x, x.detach(), log_target=true)"]
paired = ["cdist(x, x.detach() * 0 + 1)", "cdist(x, x.detach(), p=0.0)", "cdist(x, x.detach(), p=1.0)", "cdist(x, x.detach(), p=2.0)",
          "cdist(x, x.detach(), p=3.0)", "cdist(x, x.detach(), p=inf)", "cdist(x, x.detach() + 1, p=0.5)",
          "softmax(x, 1)", "log_softmax(x, 1)", "logsumexp(x, 1)", "max(x, 1)", "min(x, 1)", "sort(x, 1)", "topk(x, 2, 1)", "amax(x, [0, 1])",
          "std(x, 1)", "var(x, [0, 1])", "std(x, [0, 1], correction=0)", "norm(x, dim=[0, 1])", "norm(x, p=1, dim=1)", "normalize(x, dim=1)",
          "cosine_similarity(x, x.flip([1]), 1)", "x @ x.T", "layer_norm(x, [x.shape[-1]])"]
# What differs, and is not compared: a gradient that is finite where PyTorch's is nan (products of the others, x log x at 0,
# logsumexp of inf), C's power of -inf, nan in cdist, the variance of one nan.
def own_way(f, data):
    special = "nan" in data or "inf" in data
    return (f.startswith("prod") and special or f == "x ** 0.5" and "-inf" in data or f == "kl_div(x.detach(), x)" and "0.0" in data
            or f.startswith("cdist") and special or f == "logsumexp(x, 1)" and "inf" in data or f == "var(x)" and data == "[nan]"
            or f == "kl_div(x.detach(), x)" and "-inf" in data
            # Its vectors and its remainders differ about nan.
            or f == "hardtanh(x)" and "nan" in data)


lines, differing = [], []
for f, data in [*itertools.product(every, vectors + matrices), *itertools.product(paired, matrices)]:
    if own_way(f, data): continue
    try:
        lines.append(case(f"of(x => {f}, tensor({data}).double())", f"of(lambda x: {f}, tensor({data}))"))
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        differing.append((f, data, str(error)[:80]))
q = "tensor([[0.1, 0.4], [0.3, -0.2], [0.7, 0.5]])"
for mask in ["tensor([[true, true, false], [false, false, false], [true, false, true]])",
             "tensor([[0.0, -inf, -inf], [-inf, -inf, -inf], [1.0, 0.0, -inf]]).double()"]:
    f = f"scaled_dot_product_attention(x, x * 2, x + 1, {mask}).squeeze(0)"
    lines.append(case(f"of(x => {f}, {q}.double().unsqueeze(0))", f"of(lambda x: {f}, {q}.unsqueeze(0))"))
write("extremes", lines)
print("refused by PyTorch:", len(differing), sorted({f for f, _, _ in differing})[:20])


# Logits of any size

def shifted(z):
    return z - z.detach().amax(1, keepdim=True)


def standard(z):
    return (z - z.mean(1, keepdim=True)) / (1e-7 + z.std(1, keepdim=True))


def kl(s, t, T=1.0):
    if s.shape[1] == 1:  # One logit is one of its own: the divergence of two Bernoulli variables.
        p = torch.sigmoid(t / T)
        own, best = F.binary_cross_entropy_with_logits(s / T, p, reduction="sum"), F.binary_cross_entropy(p, p, reduction="sum")
        return T * T * (own - best) / s.shape[0]
    ls, lt = F.log_softmax(shifted(s) / T, 1), F.log_softmax(shifted(t) / T, 1)
    different = torch.where(lt.isinf(), torch.zeros_like(lt), lt - torch.where(lt.isinf(), torch.zeros_like(ls), ls))
    return T * T * (lt.exp() * different).sum() / s.shape[0]


def others(z, y, T=1.0):
    mask = F.one_hot(y, z.shape[1]).bool()
    return F.log_softmax((shifted(z) / T)[~mask].reshape(len(y), -1), 1)


def weigh(p, x):
    return (p * torch.where(p == 0, torch.zeros_like(x), x))


def dkd(s, t, y, T=4.0, a=1.0, b=8.0):
    mask = F.one_hot(y, s.shape[1]).bool()
    def parts(z):
        l = F.log_softmax(shifted(z) / T, 1)
        rest = l[~mask].reshape(len(y), -1)
        return l[mask], torch.logsumexp(rest, 1)
    (s1, s0), (t1, t0) = parts(s), parts(t)
    tckd = (weigh(t1.exp(), t1 - s1) + weigh(t0.exp(), t0 - s0)).sum()
    os, ot = others(s, y, T), others(t, y, T)
    return T * T * (a * tckd + b * weigh(ot.exp(), ot - os).sum()) / s.shape[0]


def nkd(s, t, y, g=1.5):
    mask = F.one_hot(y, s.shape[1]).bool()
    target = -(F.softmax(t, 1)[mask] * F.log_softmax(s, 1)[mask]).sum()
    return (target - g * weigh(others(t, y).exp(), others(s, y)).sum()) / s.shape[0]


def wsld(s, t, y, T=2.0):
    ce_s, ce_t = F.cross_entropy(s, y, reduction="none"), F.cross_entropy(t, y, reduction="none")
    w = (1 - torch.exp(-ce_s / (ce_t + 1e-7))).detach()
    return T * T * (w * -weigh(F.softmax(shifted(t) / T, 1), F.log_softmax(shifted(s) / T, 1)).sum(1)).mean()


def jsd(s, t, b=0.5):
    p, q = F.log_softmax(s, 1), F.log_softmax(t, 1)
    if b == 0: return weigh(q.exp(), q - p).sum() / s.shape[0]
    if b == 1: return weigh(p.exp(), p - q).sum() / s.shape[0]
    m = torch.logsumexp(torch.stack([p + math.log(1 - b), q + math.log(b)]), 0)
    return (b * weigh(q.exp(), q - m).sum() + (1 - b) * weigh(p.exp(), p - m).sum()) / s.shape[0]


def pearson(a, b):
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-8)


def dist(s, t):
    p, q = F.softmax(s, 1), F.softmax(t, 1)
    return 2 - pearson(p, q).mean() - pearson(p.T, q.T).mean()


def mlkd(s, t):
    p, q = F.softmax(shifted(s) / 4, 1), F.softmax(shifted(t) / 4, 1)
    return (sum(kl(s, t, T) for T in (2, 3, 4, 5, 6)) + ((q.T @ q - p.T @ p) ** 2).sum() / s.shape[1]
            + ((q @ q.T - p @ p.T) ** 2).sum() / s.shape[0])


def swapped(s, t, y, T=4.0):
    t = t.clone()
    for i, label in enumerate(y):
        top = t[i].argmax().item()
        t[i, top], t[i, label] = t[i, label].item(), t[i, top].item()
    return kl(s, t, T)


def virtual(s, y, a=0.99, T=20.0):
    q = torch.full_like(s, (1 - a) / (s.shape[1] - 1)).detach()
    q[torch.arange(len(y)), y] = a
    return kl(s, q.log(), T)


terms = {
    "hard()": lambda s, t, y: F.cross_entropy(s, y), "hard(label_smoothing=0.1)": lambda s, t, y: F.cross_entropy(s, y, label_smoothing=0.1),
    "soft(T=1)": lambda s, t, y: kl(s, t, 1.0), "soft(T=4)": lambda s, t, y: kl(s, t, 4.0), "soft(T=3)": lambda s, t, y: kl(s, t, 3.0),
    'soft(T=2, reduction="mean")': lambda s, t, y: kl(s, t, 2.0) / s.shape[1], "soft(T=2, standardize=true)": lambda s, t, y: kl(standard(shifted(s)), standard(shifted(t)), 2.0),
    "jsd()": lambda s, t, y: jsd(s, t), "jsd(beta=0)": lambda s, t, y: jsd(s, t, 0), "jsd(beta=1)": lambda s, t, y: jsd(s, t, 1),
    "dkd()": dkd, "nkd()": nkd, "wsld()": wsld, "dist()": lambda s, t, y: dist(s, t), "mlkd()": lambda s, t, y: mlkd(s, t),
    "label_swap()": swapped, "virtual_teacher()": lambda s, t, y: virtual(s, y),
}
labelled = {"hard()", "hard(label_smoothing=0.1)", "virtual_teacher()"}
both = {"dkd()", "nkd()", "wsld()", "label_swap()"}


def term_case(name, s, t, y, dtype):
    kind = "float32" if dtype == torch.float32 else "float64"
    spell = lambda rows: spelt(torch.tensor(rows, dtype=dtype).double().tolist())
    a, b, labels = torch.tensor(s, dtype=dtype).double(), torch.tensor(t, dtype=dtype).double(), torch.tensor(y)
    x = a.clone().requires_grad_()
    value = terms[name](x, b, labels)
    value.backward()
    arguments = f"x, tensor({y})" if name in labelled else f"x, tensor({spell(t)}, dtype=\"{kind}\"), tensor({y})" if name in both else f"x, tensor({spell(t)}, dtype=\"{kind}\")"
    call = f"of(x => {name}({arguments}), tensor({spell(s)}, dtype=\"{kind}\"))"
    # The cotangent of the only output is cos 1.
    return f"{call} => {text([value.item(), (x.grad * math.cos(1)).tolist()])}"


lines = []
base = [[0.0, 0.0, -1.0, 2.5], [1.0, -2.0, 0.5, 0.0], [-4.0, 3.0, 3.0, -0.5]]
partner = [[1.0, -1.0, 0.5, 0.0], [0.0, 0.0, 2.0, -3.0], [0.5, 2.0, -2.0, 1.0]]
for dtype, sizes in [(torch.float32, [0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, -1e3, -1e6]), (torch.float64, [0, 1e3, 1e6, 1e12, -1e6])]:
    for size in sizes:
        s, t = [[v + size for v in row] for row in base], [[v - size for v in row] for row in partner]
        for name in terms:
            lines.append(term_case(name, s, t, [0, 2, 1], dtype))
        kind = str(dtype)[6:]
        spell = spelt(torch.tensor(s, dtype=dtype).double().tolist())
        for f in ["softmax(x, 1)", "log_softmax(x, 1)", "softmax(x, 0)", "log_softmax(x, 0)", "logsumexp(x, 1) - SIZE", "logsumexp(x, 0) - SIZE", "logsumexp(x, [0, 1]) - SIZE",
                  "cross_entropy(x, tensor([0, 2, 1]))", 'cross_entropy(x, tensor([0, 2, 1]), reduction="none", label_smoothing=0.3)',
                  "cross_entropy(x, tensor([0, -100, 1]), weight=tensor([1.0, 2.0, 0.5, 1.0]).to(KIND))", "cross_entropy(x, softmax(x.detach() * 0, 1))",
                  "cross_entropy(x.unsqueeze(0).permute([0, 2, 1]), tensor([[0, 2, 1]]))", "nll_loss(log_softmax(x, 1), tensor([0, 2, 1]))",
                  'kl_div(log_softmax(x, 1), softmax(x.detach() * 0, 1), reduction="batchmean")']:
            g = f.replace("SIZE", text(float(size))).replace("KIND", f'"{kind}"')
            x = torch.tensor(s, dtype=dtype).double()
            python = g.replace(f'.to("{kind}")', ".double()")
            # Rounded as the dtype rounds a result of this size, logsumexp of large numbers cannot be exact.
            if "logsumexp" in g and abs(size) > 1e2 and dtype == torch.float32: continue
            if "logsumexp" in g and abs(size) > 1e6: continue
            result = eval(f"of(lambda x: {python}, z)", names | {"z": x})
            lines.append(f'of(x => {g}, tensor({spell}, dtype="{kind}")) => {text(result)}')
# Numbers as large as they come: one class takes everything.
huge = [[1e30, -1e30, 0.0, -1e30], [-1e30, 0.0, 1e30, -1e30], [0.0, 1e30, -1e30, -1e30]]
for name in terms:
    for s, t in [(huge, huge), (base, huge), (huge, [huge[0], huge[1], huge[2]])]:
        if name in ("wsld()",) and s is not base: continue  # 0 / 1e-7 in its weights, the same; a student that is wrong is inf
        lines.append(term_case(name, s, t, [0, 2, 1], torch.float32))
# A teacher that excludes classes; two classes, one class, one row, constant rows.
never = [[1.0, -inf, 0.5, 0.0], [0.0, 0.5, 2.0, -inf], [-inf, 2.0, -inf, 1.0]]
for dtype in (torch.float32, torch.float64):
    for name in terms:
        # Where the student gives what the teacher excludes, the reverse divergence is infinite and has no gradient.
        if name not in ("soft(T=2, standardize=true)", "jsd(beta=1)"):
            lines.append(term_case(name, base, never, [0, 2, 1], dtype))
        if name not in ("dkd()", "nkd()"):
            lines.append(term_case(name, [row[:2] for row in base], [row[:2] for row in partner], [0, 1, 1], dtype))
        # At T = 20 float32 leaves four digits of the divergence.
        if name not in ("dist()",) and not (name == "virtual_teacher()" and dtype == torch.float32):
            lines.append(term_case(name, base[:1], partner[:1], [3], dtype))
        if name not in ("dist()", "wsld()"):
            lines.append(term_case(name, [[2.0, 2.0, 2.0, 2.0]] * 2, partner[:2], [3, 0], dtype))
    # One logit; terms without a form for it refuse, which is tested where they are.
    for name in ["hard()", "soft(T=1)", "soft(T=4)", "logit_mse()"]:
        if name in terms:
            lines.append(term_case(name, [[2.0], [-1.0]], [[0.5], [3.0]], [0, 0], dtype))
write("digits", lines)


# What is computed and what is refused

torch.set_default_dtype(torch.float32)


def attempt(f):
    try:
        value = f()
        outs = flat(value)
        return [[str(o.dtype).removeprefix("torch."), o.tolist()] for o in outs]
    except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError, ZeroDivisionError, OverflowError):
        return "refused"


def assigned(x, index, value):
    x[index] = value
    return x


def in_place(x, op, value):
    if op == "+": x += value
    elif op == "-": x -= value
    elif op == "*": x *= value
    elif op == "/": x /= value
    return x


kinds = ["float32", "float64", "int64", "uint8", "bool"]
named = names | {"assigned": assigned, "in_place": in_place}
named |= {f'"{k}"': getattr(torch, k) for k in kinds}
for maker in ["zeros", "ones"]:
    named[maker] = lambda *s, dtype=None, maker=getattr(torch, maker): maker(s[0] if isinstance(s[0], list) else list(s), dtype=getattr(torch, dtype) if dtype else None)
named["full"] = lambda size, value, dtype=None: torch.full(size, value, dtype=getattr(torch, dtype) if dtype else None)


def python(dist):
    return re.sub(r'\.to\("(\w+)"\)', r".to(torch.\1)", dist)


programs = []
values = ["-1", "-256", "255", "256", "2.5", "-0.5", "255.9", "nan", "inf", "-inf", "1e19", "true", "0"]
for kind, v in itertools.product(kinds, values):
    if v == "true" or not (kind == "float32" and v == "1e19"):
        programs += [f'masked_fill(tensor([1, 2]).to("{kind}"), tensor([true, false]), {v})', f'full([1], {v}, dtype="{kind}")',
                     f'full_like(tensor([1, 2]).to("{kind}"), {v})', f'assigned(tensor([1, 2]).to("{kind}"), 0, {v})']
        if v != "true":
            programs += [f'pad(tensor([1]).to("{kind}"), [1, 0], value={v})', f'where(tensor([true, false]), tensor([1, 0]).to("{kind}"), {v})']
        if kind != "bool" and v != "true":
            programs.append(f'clamp(tensor([1, 2]).to("{kind}"), min={v})')
programs += [f"masked_fill(zeros(2), tensor([true, false]), {v})" for v in ["1e300", "-1e300", "3.4e38"]] + ["full([1], 1e300)", "assigned(zeros(2), 0, 1e300)"]
operands = ["tensor([2, 3])", "tensor([2, 3], dtype=\"uint8\")", "tensor([true, false])", "tensor([2.0, 3.0])", "tensor(2)", "tensor(2.5)", "tensor(true)",
            "tensor([1, -1])", "zeros(0)", "zeros([0], dtype=\"int64\")", "ones(2, 1)", "tensor([2.0, 3.0]).double()", "ones(3)"]
numbers = ["2", "-1", "2.5", "-3", "0", "300", "0.0"]
for op in ["+", "-", "*", "/", "//", "%", "**"]:
    for a in operands:
        for b in operands + numbers:
            if op in ("//", "%") and b in ("0", "0.0") : continue
            programs.append(f"{a} {op} {b}")
        programs += [f"{n} {op} {a}" for n in ["2", "2.5", "-1"]]
for op in ["+", "-", "*", "/"]:
    for a in operands[:7]:
        for b in operands[:8] + ["2", "2.5", "300"]:
            programs.append(f'in_place({a}, "{op}", {b})')
for op in ["==", "!=", "<", ">="]:
    for a in operands[:9]:
        programs += [f"{a} {op} {b}" for b in operands[:9] + ["2", "2.5", "-1"]]
for a in operands + ["tensor(1.5)", "zeros(2, 0)", "zeros(0, 2)", "ones(2, 2)", "tensor([[1, 2], [3, 4]])"]:
    for f in ["sum(X)", "mean(X)", "prod(X)", "max(X)", "min(X)", "amax(X)", "argmax(X)", "argmin(X)", "any(X)", "all(X)", "cumsum(X, 0)", "sort(X)",
              "sort(X, 0)", "argsort(X)", "topk(X, 1)", "max(X, 0)", "min(X, -1)", "sum(X, 0)", "mean(X, 0)", "prod(X, 0)", "sum(X, 1)", "var(X)", "std(X)",
              "std(X, 0)", "norm(X)", "logsumexp(X, 0)", "softmax(X, 0)", "log_softmax(X, 0)", "exp(X)", "log(X)", "sqrt(X)", "rsqrt(X)", "abs(X)",
              "sign(X)", "relu(X)", "sigmoid(X)", "tanh(X)", "floor(X)", "ceil(X)", "round(X)", "-X", "sin(X)", "erf(X)", "clamp(X, 0, 1)",
              "clamp(X, max=2.5)", "isnan(X)", "isfinite(X)", "roll(X, [1], [0])", "roll(X, 1)", "flip(X, [0])", "X.permute(0)", "transpose(X, 0, 0)",
              "transpose(X, 0, 1)", "unsqueeze(X, 0)", "unsqueeze(X, 3)", "squeeze(X)", "squeeze(X, 0)", "cat([X, X])", "stack([X, X])", "cat([X, zeros(0)])",
              "cat([X, ones(2, 2)])", "cat([X, tensor([7])])", "flatten(X)", "X.reshape(-1)", "X.reshape(1)", "X.reshape(0, -1)", "split(X, 1)", "chunk(X, 2)",
              "gather(X, 0, tensor([0]))", "index_select(X, 0, tensor([0]))", "index_select(X, 0, tensor([9]))", "diag(X)", "tril(X)", "triu(X)", "X.T", "X @ X", "dot(X, X)",
              "outer(X, X)", "matmul(X, tensor([2, 3]))", "X[0]", "X[-1]", "X[5]", "X[none]", "X[...]", "X[0:1]", "X[::2]", "unique(X)", "nonzero(X)", "bincount(X)",
              "cdist(X, X)", "pad(X, [1, 1])", "pad(X, [1, 1, 1, 1])", "pad(X, [-1, 0])", "normalize(X, dim=0)", "one_hot(X)", "X.expand(2, 2)", "X.repeat(2)",
              "where(X > 0, X, 0)", "where(X, 1, 0)", "masked_fill(X, X > 0, 1)", "masked_fill(X, X, 1)", "maximum(X, tensor([1, 2]))", "minimum(X, tensor(1.5))",
              "zeros_like(X)", "linear(X, ones(3, 2))", "dropout(X, 0.0)", "mse_loss(X, X)", "cosine_similarity(X, X, 0)", "scatter(X, 0, tensor([0]), 5)"]:
        programs.append(f.replace("X", a if f[0] not in "X-" or re.fullmatch(r"[\w]+\(.*\)", a) else f"({a})"))
programs += ["cat([ones(1, 2), zeros(0)], dim=1)", "cat([zeros(0), ones(1, 2)], dim=1)", "cat([zeros(0), zeros(0)])", "cat([zeros(0), tensor([1])])",
             "cat([])", "stack([])", "cat([ones(1, 2), zeros(0, 2)])", "cat([ones(1, 2), zeros(0, 3)])", "tensor([300], dtype=\"uint8\")",
             "tensor([-1], dtype=\"uint8\")", "tensor([nan], dtype=\"int64\")", "tensor([2.5], dtype=\"int64\")", "tensor([1e300])", "arange(0)", "linspace(0, 1, 0)",
             "roll(tensor(1.0), 5)", "roll(ones(2, 2), [1, 1], [0, 0])", "roll(ones(2), [1], [1])", "flip(ones(2), [0, 0])", "flip(ones(2), [])"]
lines = []
# The language's own way, documented there: bool from any and all of bytes, no products of bytes, classes from bytes, and the
# largest of truth values; softmax of no integers.
bytes_or_truth = r'tensor\(\[?[^()]*(dtype="uint8"|true|false)[^()]*\)'
own = [r"softmax\(zeros\(\[0\], dtype=\"int64", rf"^(any|all)\(tensor\([^()]*uint8", rf"^{bytes_or_truth} @ ", rf"^(dot|one_hot|argmax|argmin|topk)\({bytes_or_truth}"]
for program in dict.fromkeys(programs):
    if any(re.search(pattern, program) for pattern in own): continue
    result = attempt(lambda: eval(python(program), named))
    if isinstance(result, list) and any("int32" in r[0] or "int16" in r[0] or "float16" in r[0] for r in result): continue
    lines.append(f"attempt(() => {program}) => {text(result)}")
write("acceptance", lines)


# A hundred steps in float32, and schedules beyond their ends

def walk(make, n=100):
    p = leaf(torch.tensor([0.5, -1.25, 3.0, 1e-3, -20.0]))
    optimizer = make(p)
    for k in range(n):
        optimizer.zero_grad()
        ((p * p).sum() * 0.375 + (p * torch.tensor([1.0, -2.0, 0.5, 0.25, 4.0]) * (k % 7 - 2)).sum()).backward()
        optimizer.step()
    return p.tolist()


def rates(make, n=50, lr=0.1):
    p = leaf(torch.tensor([1.0, 2.0]))
    optimizer = torch.optim.SGD([p], lr=lr, momentum=0.9)
    result = []
    try:
        scheduler = make(optimizer)
        for _ in range(n):
            result.append(optimizer.param_groups[0]["lr"])
            p.sum().backward()
            optimizer.step()
            scheduler.step()
    except ValueError:
        result.append("refused")
    return result


def plateau(make, metrics, lr=1.0):
    optimizer = torch.optim.SGD([leaf(torch.tensor([1.0]))], lr=lr)
    scheduler, result = make(optimizer), []
    for metric in metrics:
        scheduler.step(metric)
        result.append(optimizer.param_groups[0]["lr"])
    return result


optimizers = []
for lr, betas in itertools.product(["1.0", "0.01"], ["[0.9, 0.999]", "[0.9, 0.99]", "[0.5, 0.9]", "[0.0, 0.999]", "[0.95, 0.9999]"]):
    for extra in ["", ", amsgrad=true", ", weight_decay=0.1", ", eps=1e-3"]:
        optimizers += [f"Adam([p], lr={lr}, betas={betas}{extra})", f"AdamW([p], lr={lr}, betas={betas}{extra})"]
for alpha, extra in itertools.product(["0.99", "0.9", "0.999"], ["", ", centered=true", ", momentum=0.9", ", centered=true, momentum=0.5, weight_decay=0.1"]):
    optimizers.append(f"RMSprop([p], lr=0.01, alpha={alpha}{extra})")
for extra in ["", ", lr_decay=0.1", ", weight_decay=0.1", ", initial_accumulator_value=0.5", ", eps=1e-3"]:
    optimizers.append(f"Adagrad([p], lr=0.1{extra})")
for extra in ["", ", momentum=0.9", ", momentum=0.9, nesterov=true", ", momentum=0.9, dampening=0.1", ", weight_decay=0.1", ", momentum=0.5, weight_decay=0.01, dampening=0.999"]:
    optimizers.append(f"SGD([p], lr=0.01{extra})")
schedules = ["StepLR(o, 7)", "StepLR(o, 1, gamma=0.9)", "MultiStepLR(o, [5, 20])", "MultiStepLR(o, [20, 5, 5])", "MultiStepLR(o, [])", "CosineAnnealingLR(o, 10)",
             "CosineAnnealingLR(o, 7, eta_min=0.01)", "CosineAnnealingLR(o, 1)", "LinearLR(o)", "LinearLR(o, 0.5, 0.0, 10)", "LinearLR(o, 1.0, 0.1, 3)", "OneCycleLR(o, 1.0, 4)",
             "OneCycleLR(o, 0.5, 30)", "OneCycleLR(o, 0.5, 50)", "OneCycleLR(o, 0.5, 49)", "OneCycleLR(o, 0.5, 20, pct_start=0.0)", "OneCycleLR(o, 0.5, 60, pct_start=0.5)",
             "OneCycleLR(o, 0.5, 60, div_factor=2.0, final_div_factor=10.0)"]
falling = "[" + ", ".join(str(round(1 / (1 + k * 0.3), 6)) for k in range(25)) + "]"
bumpy = "[1.0, 0.9, 0.95, 0.94, 0.93, 0.92, 0.91, 0.9, 0.89995, 0.9, 0.9, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.49996, 0.6, 0.4, 0.4, 0.4]"
metrics = [falling, bumpy, "[nan, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5]", "[1.0, nan, 0.9, nan, nan, nan, 0.8]", "[inf, inf, 1.0, 0.5, inf, inf]", "[-inf, 1.0, 2.0, 3.0, 4.0]",
           "[0.0, 0.0, -1.0, -1.00001, -1.0, -2.0, -2.0, -2.0]", "[1.0] * 20", "[0.5, 0.6, 0.7, 0.7, 0.7, 0.71, 0.7100001, 0.7, 0.9]"]
plateaus = ["patience=1", "patience=0", 'mode="max", patience=1', "patience=1, cooldown=2", "patience=0, cooldown=3, factor=0.5", "patience=1, threshold=0.1",
            'patience=1, threshold=0.1, threshold_mode="abs"', 'mode="max", patience=0, threshold=0.05, threshold_mode="abs"', "patience=0, min_lr=0.05",
            "patience=0, eps=0.05", "patience=0, factor=0.5, eps=0.0", "factor=0.3, patience=2, threshold=0.0"]
names |= {"walk": walk, "rates": rates, "plateau": plateau}
lines = [case(f"walk(p => {o})", f"walk(lambda p: {o})") for o in optimizers]
lines += [case(f"rates_to_the_end(o => {s})", f"rates(lambda o: {s})") for s in schedules]
lines += [case(f"plateau(o => ReduceLROnPlateau(o, {p}), {m})", f"plateau(lambda o: ReduceLROnPlateau(o, {p}), {m})")
          for p, m in itertools.product(plateaus, metrics)]
lines.append(case("plateau(o => ReduceLROnPlateau(o, patience=0), [1.0, 1.0, 1.0, 1.0, 1.0], lr=1e-7)", "plateau(lambda o: ReduceLROnPlateau(o, patience=0), [1.0, 1.0, 1.0, 1.0, 1.0], lr=1e-7)"))
write("trajectories", lines)
