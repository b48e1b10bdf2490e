"""Writes Tests/DistillationTests/Fixtures/trained_terms.json: values of the terms with trained parts, and their gradients
with respect to the student's features and the parts, from the formulas with PyTorch's layers, in float64 on numbers that
float32 holds exactly. Names of parameters are the term's module and its state-dict name."""
import json, math, pathlib
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
cases = []


def single(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).float().double()


def parameter(*shape, scale=0.5):
    return single(*shape, scale=scale).requires_grad_()


def dump(t):
    return {"shape": list(t.shape), "values": t.detach().flatten().tolist()}


# Options that are not the defaults, and the terms that read no layers.
options = {"correlation": "dim=6", "crd": "negatives=7, dim=5", "crd_in_batch": "in_batch=true, dim=5",
           "factor": "paraphraser_epochs=1", "srd_2": "alpha=2"}
without_layers = {"ctkd", "progressive"}


def call(name, layers):
    """The term as the language makes it."""
    method = name if name in without_layers else name.split("_")[0]
    pair = '"0@input" -> "0@input"'
    pairs = [] if method in without_layers else [pair if layers == 1 else "[" + ", ".join([pair] * layers) + "]"]
    return f"{method}({', '.join(pairs + ([options[name]] if name in options else []))})"


def case(name, function, student, teacher, parameters, frozen=(), **extra):
    """function(student, teacher) uses `parameters`; `frozen` names parameters that get no gradient."""
    student = [s.requires_grad_() for s in student]
    value = function(student, teacher)
    value.backward()
    cases.append({
        "call": call(name, len(student)), "value": value.item(), "student": [dump(s) for s in student], "teacher": [dump(t) for t in teacher],
        "gradient": [s.grad.flatten().tolist() for s in student],
        "parameters": {k: dump(v) for k, v in parameters.items()},
        "parameter_gradients": {k: v.grad.flatten().tolist() for k, v in parameters.items() if k not in frozen}, **extra})


def convolution(x, w, b=None):
    return F.conv2d(x, w, b, padding=w.shape[2] // 2)


def norm(x, w, b):
    return F.batch_norm(x, None, None, w, b, training=True)


def nrm(x):
    return x / x.norm(dim=-1, keepdim=True).clamp(min=1e-12)


# fitnet: linear and 1×1 convolution with pooling
p = {"0.weight": parameter(4, 3), "0.bias": parameter(4)}
case("fitnet", lambda s, t: F.mse_loss(F.linear(s[0], p["0.weight"], p["0.bias"]), t[0]), [single(5, 3)], [single(5, 4)], p)
p = {"0.weight": parameter(2, 3, 1, 1), "0.bias": parameter(2)}
case("fitnet", lambda s, t: F.mse_loss(convolution(F.adaptive_avg_pool2d(s[0], 2), p["0.weight"], p["0.bias"]), t[0]),
     [single(2, 3, 4, 4)], [single(2, 2, 2, 2)], p)
p = {"0.weight": parameter(2, 3, 1, 1), "0.bias": parameter(2)}
case("fitnet", lambda s, t: F.mse_loss(
        convolution(F.interpolate(s[0], (4, 4), mode="bilinear"), p["0.weight"], p["0.bias"]), t[0]),
     [single(2, 3, 2, 2)], [single(2, 2, 4, 4)], p)

# vid
for shape, other in [((3, 2, 2, 2), (3, 4, 2, 2)), ((4, 3), (4, 2))]:
    c, d = shape[1], other[1]
    p = {"0.mean.0.weight": parameter(d, c), "0.mean.2.weight": parameter(d, d), "0.mean.4.weight": parameter(d, d),
         "0.scale": parameter(d)}
    def vid(s, t):
        x, y = s[0].flatten(2) if s[0].dim() > 2 else s[0][:, :, None], t[0].flatten(2) if t[0].dim() > 2 else t[0][:, :, None]
        h = x.transpose(1, 2)
        h = F.relu(F.linear(h, p["0.mean.0.weight"]))
        h = F.linear(F.relu(F.linear(h, p["0.mean.2.weight"])), p["0.mean.4.weight"])
        v = F.softplus(p["0.scale"]) + 1e-5
        return 0.5 * ((h - y.transpose(1, 2)) ** 2 / v + v.log()).mean()
    case("vid", vid, [single(*shape)], [single(*other)], p)

# correlation
for rows in (5, 2):
    p = {"student0.weight": parameter(6, 4), "student0.bias": parameter(6), "teacher0.weight": parameter(6, 3),
         "teacher0.bias": parameter(6)}
    def correlation(s, t):
        d = (F.linear(s[0], p["student0.weight"], p["student0.bias"])
             - F.linear(t[0], p["teacher0.weight"], p["teacher0.bias"])).abs()
        return (d[:-1] * d[1:]).sum(1).mean()
    case("correlation", correlation, [single(rows, 4)], [single(rows, 3)], p)

# crd: one step from fresh banks, Z set by the batch; and a second one with Z given
N, D, n, T, m = 12, 5, 7, 0.07, 0.5
for given in (False, True):
    B = 4
    p = {"student.weight": parameter(D, 3), "student.bias": parameter(D), "teacher.weight": parameter(D, 6),
         "teacher.bias": parameter(D)}
    banks = [single(N, D, scale=0.4), single(N, D, scale=0.4)]
    index, negatives = torch.randperm(N)[:B], torch.randint(0, N, (B, n))
    zs = [torch.tensor(3.5), torch.tensor(2.25)] if given else [None, None]
    found = {}
    def crd(s, t):
        v = [nrm(F.linear(s[0], p["student.weight"], p["student.bias"])), nrm(F.linear(t[0], p["teacher.weight"], p["teacher.bias"]))]
        rows = torch.cat([index[:, None], negatives], 1)
        total = 0
        for k in range(2):
            raw = torch.exp((banks[1 - k][rows] * v[k][:, None]).sum(2) / T)
            z = zs[k].exp() if zs[k] is not None else raw.detach().mean() * N
            found["student_log_z" if k == 0 else "teacher_log_z"] = z.log()
            P = raw / z
            c = n / N
            total = total - (torch.log(P[:, 0] / (P[:, 0] + c + 1e-7)).sum() + torch.log(c / (P[:, 1:] + c + 1e-7)).sum()) / B
        for k, key in enumerate(["student_bank", "teacher_bank"]):
            new = banks[k].clone()
            new[index] = nrm(m * banks[k][index] + (1 - m) * v[k].detach())
            found[key] = new
        return total
    case("crd", crd, [single(B, 3)], [single(B, 6)], p, index=index.tolist(), negatives=dump(negatives),
         memory={"student_bank": dump(banks[0]), "teacher_bank": dump(banks[1]),
                 **({"student_log_z": dump(zs[0][None]), "teacher_log_z": dump(zs[1][None])} if given else {})},
         memory_after={k: dump(v) for k, v in found.items()})

for B in (4, 2):
    p = {"student.weight": parameter(D, 3), "student.bias": parameter(D), "teacher.weight": parameter(D, 6),
         "teacher.bias": parameter(D)}
    def in_batch(s, t):
        v, u = nrm(F.linear(s[0], p["student.weight"], p["student.bias"])), nrm(F.linear(t[0], p["teacher.weight"], p["teacher.bias"]))
        z = v @ u.T / T
        return F.cross_entropy(z, torch.arange(B)) + F.cross_entropy(z.T, torch.arange(B))
    case("crd_in_batch", in_batch, [single(B, 3)], [single(B, 6)], p)

# ofd: two pairs, the first counting half
p = {}
for i, (c, d) in enumerate([(2, 3), (3, 2)]):
    p |= {f"{i}.0.weight": parameter(d, c, 1, 1), f"{i}.1.weight": parameter(d), f"{i}.1.bias": parameter(d)}
margins = [single(3).abs().neg(), single(2).abs().neg()]
def ofd(s, t):
    total = 0
    for i in range(2):
        a = norm(convolution(s[i], p[f"{i}.0.weight"]), p[f"{i}.1.weight"], p[f"{i}.1.bias"])
        b = torch.maximum(F.adaptive_avg_pool2d(t[i], a.shape[-2:]), margins[i][None, :, None, None])
        total = total + ((a - b) ** 2 * ((a > b) | (b > 0))).sum() / len(a) / 2 ** (1 - i)
    return total
case("ofd", ofd, [single(3, 2, 4, 4), single(3, 3, 2, 2)], [single(3, 3, 4, 4), single(3, 2, 4, 4)], p,
     memory={"margin0": dump(margins[0]), "margin1": dump(margins[1])})

# review: three levels, the top one a row
shapes, others = [(3, 2, 8, 8), (3, 3, 4, 4), (3, 4)], [(3, 3, 8, 8), (3, 2, 4, 4), (3, 5)]
p = {}
mid = 4
for i in range(3):
    k = 1 if i == 2 else 3
    p |= {f"{i}.conv1.0.weight": parameter(mid, shapes[i][1], 1, 1), f"{i}.conv1.1.weight": parameter(mid),
          f"{i}.conv1.1.bias": parameter(mid), f"{i}.conv2.0.weight": parameter(others[i][1], mid, k, k),
          f"{i}.conv2.1.weight": parameter(others[i][1]), f"{i}.conv2.1.bias": parameter(others[i][1])}
    if i < 2: p |= {f"{i}.att_conv.weight": parameter(2, 2 * mid, 1, 1), f"{i}.att_conv.bias": parameter(2)}
def maps(x): return x if x.dim() == 4 else x[:, :, None, None]
def review(s, t):
    above, total = None, 0
    for i in (2, 1, 0):
        a, b = maps(s[i]), maps(t[i])
        x = norm(convolution(a, p[f"{i}.conv1.0.weight"]), p[f"{i}.conv1.1.weight"], p[f"{i}.conv1.1.bias"])
        if above is not None:
            y = F.interpolate(above, x.shape[-2:], mode="nearest")
            z = torch.sigmoid(convolution(torch.cat([x, y], 1), p[f"{i}.att_conv.weight"], p[f"{i}.att_conv.bias"]))
            x = x * z[:, :1] + y * z[:, 1:]
        if x.shape[-2:] != b.shape[-2:]: x = F.interpolate(x, b.shape[-2:], mode="nearest")
        above = x
        out = norm(convolution(x, p[f"{i}.conv2.0.weight"]), p[f"{i}.conv2.1.weight"], p[f"{i}.conv2.1.bias"])
        loss, weight, weights = F.mse_loss(out, b), 1.0, 1.0
        for l in (4, 2, 1):
            if l >= out.shape[2]: continue
            weight /= 2
            weights += weight
            loss = loss + weight * F.mse_loss(F.adaptive_avg_pool2d(out, l), F.adaptive_avg_pool2d(b, l))
        total = total + loss / weights
    return total
case("review", review, [single(*x) for x in shapes], [single(*x) for x in others], p)

# factor
p = {}
k, c, d = 2, 3, 4  # factors, the student's channels, the teacher's
for i, (a, b) in enumerate([(d, d), (d, k), (k, k)]):
    p |= {f"paraphraser0.encoder.{2 * i}.weight": parameter(b, a, 3, 3), f"paraphraser0.encoder.{2 * i}.bias": parameter(b)}
for i, (a, b) in enumerate([(k, k), (k, d), (d, d)]):
    p |= {f"paraphraser0.decoder.{2 * i}.weight": parameter(a, b, 3, 3), f"paraphraser0.decoder.{2 * i}.bias": parameter(b)}
for i, (a, b) in enumerate([(c, c), (c, k), (k, k)]):
    p |= {f"translator0.{3 * i}.weight": parameter(b, a, 3, 3), f"translator0.{3 * i}.bias": parameter(b),
          f"translator0.{3 * i + 1}.weight": parameter(b), f"translator0.{3 * i + 1}.bias": parameter(b)}
def factor(s, t):
    x, y = s[0], t[0]
    for i in range(3):
        x = convolution(x, p[f"translator0.{3 * i}.weight"], p[f"translator0.{3 * i}.bias"])
        x = F.leaky_relu(norm(x, p[f"translator0.{3 * i + 1}.weight"], p[f"translator0.{3 * i + 1}.bias"]), 0.1)
        y = F.leaky_relu(convolution(y, p[f"paraphraser0.encoder.{2 * i}.weight"], p[f"paraphraser0.encoder.{2 * i}.bias"]), 0.1)
    return (nrm(x.flatten(1)) - nrm(F.adaptive_avg_pool2d(y.detach(), x.shape[-2:]).flatten(1))).abs().mean()
case("factor", factor, [single(3, c, 2, 2)], [single(3, d, 4, 4)], p, frozen=[n for n in p if n.startswith("para")])

# simkd: rows and maps, of which the student's are larger
for shape, other in [((5, 3), (5, 4)), ((3, 2, 4, 4), (3, 4, 2, 2))]:
    c, d = shape[1], other[1]
    h = d // 2
    p = {}
    for i, (a, b, k) in enumerate([(c, h, 1), (h, h, 3), (h, d, 1)]):
        size = (b, a) if len(shape) == 2 else (b, a, k, k)
        p |= {f".{3 * i}.weight": parameter(*size), f".{3 * i + 1}.weight": parameter(b), f".{3 * i + 1}.bias": parameter(b)}
    def simkd(s, t):
        x = s[0] if s[0].dim() == 2 else F.adaptive_avg_pool2d(s[0], t[0].shape[-2:])
        for i in range(3):
            w = p[f".{3 * i}.weight"]
            x = F.linear(x, w) if x.dim() == 2 else convolution(x, w)
            x = F.relu(norm(x, p[f".{3 * i + 1}.weight"], p[f".{3 * i + 1}.bias"]))
        return F.mse_loss(x, t[0])
    case("simkd", simkd, [single(*shape)], [single(*other)], p)

# ctkd in an epoch in which the reversed gradient has weight −0.5
for B, K in [(4, 5), (1, 2)]:
    p = {"temperature.theta": torch.tensor([0.25]).requires_grad_()}
    def ctkd(s, t):
        tau = 1 + 20 * torch.sigmoid(p["temperature.theta"])
        tau = -0.5 * tau + 1.5 * tau.detach()
        return (tau ** 2 * F.kl_div(F.log_softmax(s[0] / tau, 1), F.softmax(t[0] / tau, 1), reduction="batchmean")).squeeze()
    case("ctkd", ctkd, [single(B, K, scale=3)], [single(B, K, scale=3)], p)

# progressive in the second of four epochs, alpha 0.8, beside what was said before
for B, K in [(5, 4), (1, 2)]:
    before, y = torch.softmax(single(B, K), 1).float().double(), torch.randint(0, K, (B,))
    def progressive(s, t):
        a = 0.8 * 2 / 4
        target = (1 - a) * F.one_hot(y, K) + a * before
        return -(target * F.log_softmax(s[0], 1)).sum(1).mean()
    case("progressive", progressive, [single(B, K, scale=3)], [single(B, K)], {}, labels=y.tolist(),
         memory={"predictions": dump(before)})

# srd: rows of two widths, and maps that are averaged over space
def srd(s, t, p, alpha):
    pooled = lambda x: x.flatten(2).mean(2) if x.dim() > 2 else x
    bn = lambda x: F.batch_norm(x, None, None, training=True, eps=1e-4)
    own = bn(F.linear(pooled(s[0]), p["0.weight"], p["0.bias"]))
    return (own - bn(pooled(t[0]))).abs().pow(alpha).sum().log()


for name, alpha, shape, other in [("srd", 4, (5, 3), (5, 4)), ("srd", 4, (3, 2, 4, 4), (3, 3, 2, 2)), ("srd_2", 2, (4, 3), (4, 2))]:
    p = {"0.weight": parameter(other[1], shape[1]), "0.bias": parameter(other[1])}
    case(name, lambda s, t: srd(s, t, p, alpha), [single(*shape)], [single(*other)], p)

path = pathlib.Path(__file__).parents[2] / "Tests/DistillationTests/Fixtures/trained_terms.json"
path.write_text(json.dumps(cases))
print(len(cases), "cases", path.stat().st_size, "bytes")
