"""Writes Tests/DistillationTests/Fixtures/terms.json: values and gradients of the terms without trained parts, from the
formulas, in float64. The tests make each term of its call, in the language, and read nothing else about it. scripts/golden/trained_terms.py does the same for those with trained parts."""
import json, math, pathlib
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
cases = []


def case(call, function, student, teacher, labels=None):
    """A term as the language makes it, and the function that it is compared with."""
    student = [s.clone().requires_grad_() for s in student]
    value = function(student, teacher, labels)
    value.backward()
    cases.append({
        "call": call, "value": value.item(), "labels": labels.tolist() if labels is not None else None,
        "student": [{"shape": list(s.shape), "values": s.detach().flatten().tolist()} for s in student],
        "teacher": [{"shape": list(t.shape), "values": t.flatten().tolist()} for t in teacher],
        "gradient": [(s.grad if s.grad is not None else torch.zeros_like(s)).flatten().tolist() for s in student]})


def kd(s, t, T):
    return T * T * F.kl_div(F.log_softmax(s / T, 1), F.softmax(t / T, 1), reduction="batchmean")


def standard(z):
    return (z - z.mean(1, keepdim=True)) / (1e-7 + z.std(1, keepdim=True))


def dkd(s, t, y, T=4, a=1, b=8):
    mask = F.one_hot(y, s.shape[1]).bool()
    def parts(z):
        p = F.softmax(z / T, 1)
        py = p[mask]
        rest = (z / T)[~mask].reshape(len(y), -1)
        return torch.stack([py, 1 - py], 1), F.log_softmax(rest, 1)
    ps, ls = parts(s)
    pt, lt = parts(t)
    tckd = F.kl_div(ps.log(), pt, reduction="batchmean")
    nckd = F.kl_div(ls, lt.exp(), reduction="batchmean")
    return T * T * (a * tckd + b * nckd)


def pearson(a, b):
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-8)


def dist(s, t):
    p, q = F.softmax(s, 1), F.softmax(t, 1)
    return 1 - pearson(p, q).mean() + 1 - pearson(p.T, q.T).mean()


def nkd(s, t, y, g=1.5):
    mask = F.one_hot(y, s.shape[1]).bool()
    target = -(F.softmax(t, 1)[mask] * F.log_softmax(s, 1)[mask]).mean()
    so, to = s[~mask].reshape(len(y), -1), t[~mask].reshape(len(y), -1)
    return target - g * (F.softmax(to, 1) * F.log_softmax(so, 1)).sum(1).mean()


def wsld(s, t, y, T=2):
    ce_s, ce_t = F.cross_entropy(s, y, reduction="none"), F.cross_entropy(t, y, reduction="none")
    w = (1 - torch.exp(-ce_s / (ce_t + 1e-7))).detach()
    return T * T * (w * -(F.softmax(t / T, 1) * F.log_softmax(s / T, 1)).sum(1)).mean()


def mlkd(s, t, temperatures=(2, 3, 4, 5, 6)):
    p, q = F.softmax(s / 4, 1), F.softmax(t / 4, 1)
    B, K = s.shape
    return (sum(kd(s, t, T) for T in temperatures) + ((q.T @ q - p.T @ p) ** 2).sum() / K
            + ((q @ q.T - p @ p.T) ** 2).sum() / B)


def jsd(s, t, b):
    p, q = F.softmax(s, 1), F.softmax(t, 1)
    kl = lambda a, c: (a * (a.log() - c.log())).sum(1).mean()
    if b == 0: return kl(q, p)
    if b == 1: return kl(p, q)
    m = (1 - b) * p + b * q
    return b * kl(q, m) + (1 - b) * kl(p, m)


def swap(s, t, y, T=4):
    t = t.clone()
    for i, label in enumerate(y):
        top = t[i].argmax()
        a, b = t[i, top].item(), t[i, label].item()
        t[i, top], t[i, label] = b, a
    return kd(s, t, T)


def virtual(s, y, a=0.99, T=20):
    q = torch.full_like(s, (1 - a) / (s.shape[1] - 1)).detach()
    q[torch.arange(len(y)), y] = a
    return kd(s, q.log(), T)


def smooth(s, t, y, T=4, e=0.1):
    p = F.softmax(t / T, 1)
    for i, label in enumerate(y):
        if t[i].argmax() != label:
            p[i] = e / (t.shape[1] - 1)
            p[i, label] = 1 - e
    return T * T * F.kl_div(F.log_softmax(s / T, 1), p, reduction="batchmean")


def dist_general(s, t, b, g, T):
    p, q = F.softmax(s / T, 1), F.softmax(t / T, 1)
    return T * T * (b * (1 - pearson(p, q).mean()) + g * (1 - pearson(p.T, q.T).mean()))


for B, K in [(6, 5), (1, 3), (4, 10)]:
    s, t, y = 3 * torch.randn(B, K), 3 * torch.randn(B, K), torch.randint(0, K, (B,))
    one = lambda f: (lambda a, b, labels: f(a[0], b[0], labels))
    for call, f in {
        "hard()": lambda s, t, y: F.cross_entropy(s, y), "soft()": lambda s, t, y: kd(s, t, 4),
        'soft(T=1, scale="none", reduction="mean")': lambda s, t, y: F.kl_div(F.log_softmax(s, 1), F.softmax(t, 1), reduction="mean"),
        'soft(T=2, standardize=true)': lambda s, t, y: kd(standard(s), standard(t), 2),
        "logit_mse()": lambda s, t, y: F.mse_loss(s, t), "dkd()": dkd, "nkd()": nkd, "wsld()": wsld,
        "mlkd()": lambda s, t, y: mlkd(s, t), 'jsd(0)': lambda s, t, y: jsd(s, t, 0),
        'jsd(0.3)': lambda s, t, y: jsd(s, t, 0.3), 'jsd(1)': lambda s, t, y: jsd(s, t, 1),
        'soft(T=3, scale="none")': lambda s, t, y: kd(s, t, 3) / 9,
        'soft(T=3, reduction="sum")': lambda s, t, y: kd(s, t, 3) * len(s),
        'dkd(alpha=2, beta=3, T=2, standardize=true)': lambda s, t, y: dkd(standard(s), standard(t), y, T=2, a=2, b=3),
        'hard(label_smoothing=0.1)': lambda s, t, y: F.cross_entropy(s, y, label_smoothing=0.1),
        "cskd()": lambda s, t, y: kd(s, t, 4), "label_smooth_teacher()": smooth,
        'mlkd(T=[1, 3])': lambda s, t, y: mlkd(s, t, [1, 3]),
        "label_swap()": swap, "virtual_teacher()": lambda s, t, y: virtual(s, y),
    }.items():
        case(call, one(f), [s], [t], y)
    if B > 1: case('dist(beta=2, gamma=0.5, T=4)', one(lambda s, t, y: dist_general(s, t, 2, 0.5, 4)), [s], [t], y)
    if B > 1: case("dist()", one(lambda s, t, y: dist(s, t)), [s], [t], y)


def nrm(x):
    return x / x.norm(dim=-1, keepdim=True).clamp(min=1e-12)


def attention(s, t):
    h = min(s.shape[2], t.shape[2])
    q = lambda f: nrm(F.adaptive_avg_pool2d(f, (h, h)).pow(2).mean(1).flatten(1))
    return (q(s) - q(t)).pow(2).mean()


def similarity(s, t):
    g = lambda f: nrm(f.flatten(1) @ f.flatten(1).T)
    return (g(t) - g(s)).pow(2).sum() / len(s) ** 2


def pkt(s, t):
    def p(f):
        u = nrm(f.flatten(1))
        c = (u @ u.T + 1) / 2
        return c / c.sum(1, keepdim=True)
    a, b = p(t), p(s)
    return (a * ((a + 1e-7) / (b + 1e-7)).log()).mean()


def rkd(s, t):
    s, t = s.flatten(1), t.flatten(1)
    def d(f):
        e = f[:, None] - f[None]
        sq = (e ** 2).sum(2)
        keep = sq > 0
        r = torch.where(keep, torch.where(keep, sq, torch.ones_like(sq)).sqrt(), torch.zeros_like(sq))
        return r / r[keep].mean()
    def angle(f):
        e = f[None] - f[:, None]
        n = (e ** 2).sum(2, keepdim=True).clamp(min=1e-24).sqrt()
        u = e / n
        return torch.bmm(u, u.transpose(1, 2))
    return 25 * F.smooth_l1_loss(d(s), d(t)) + 50 * F.smooth_l1_loss(angle(s), angle(t))


def channel(s, t, T=4):
    s, t = s.flatten(2), t.flatten(2)
    return T * T * F.kl_div(F.log_softmax(s / T, 2), F.softmax(t / T, 2), reduction="sum") / (s.shape[0] * s.shape[1])


def pearson_maps(s, t):
    def z(f):
        return (f - f.mean((0, 2, 3), keepdim=True)) / (f.std((0, 2, 3), keepdim=True, unbiased=False) + 1e-6)
    return F.mse_loss(z(s), z(t)) / 2


def icc(s, t):
    g = lambda f: nrm(f.flatten(2) @ f.flatten(2).transpose(1, 2))
    return (g(s) - g(t)).pow(2).sum() / (s.shape[1] * s.shape[0] ** 2)


def nst(s, t):
    a, b = nrm(s.flatten(2)), nrm(t.flatten(2))
    k = lambda x, y: (x @ y.transpose(1, 2)).pow(2).mean()
    return k(b, b) + k(a, a) - 2 * k(a, b)


def boundary(s, t, m=1):
    return (((s + m) ** 2 * ((s > -m) & (t <= 0))) + ((s - m) ** 2 * ((s <= m) & (t > 0)))).sum() / len(s)


s, t = torch.randn(3, 4, 4, 4), torch.randn(3, 4, 4, 4)
for call, f in {"attention()": attention, "similarity()": similarity, "pkt()": pkt, "rkd()": rkd, "channel()": channel,
                "pearson()": pearson_maps, "icc()": icc, "nst()": nst, "boundary()": boundary,
                "feature()": lambda s, t: F.mse_loss(s, t), 'feature(metric="l1")': lambda s, t: F.l1_loss(s, t),
                'feature(metric="smooth_l1")': lambda s, t: F.smooth_l1_loss(s, t),
                'feature(metric="cosine")': lambda s, t: 1 - F.cosine_similarity(s.flatten(1), t.flatten(1)).mean()}.items():
    case(call, lambda a, b, y: f(a[0], b[0]), [s], [t])
case("attention()", lambda a, b, y: attention(a[0], b[0]), [torch.randn(2, 3, 3, 3)], [torch.randn(2, 5, 6, 6)])
def fsp(a, b, y):
    m = lambda f: f[0].flatten(2) @ f[1].flatten(2).transpose(1, 2) / f[0].flatten(2).shape[2]
    return (m(a) - m(b)).pow(2).mean()
case('fsp(["a" -> "a", "a" -> "a"])', fsp, [torch.randn(2, 3, 2, 2), torch.randn(2, 4, 2, 2)], [torch.randn(2, 3, 2, 2), torch.randn(2, 4, 2, 2)])

case('fsp(["a" -> "a", "a" -> "a"])', fsp, [torch.randn(3, 2, 2, 2), torch.randn(3, 3, 2, 2)], [torch.randn(3, 2, 2, 2), torch.randn(3, 3, 2, 2)])


def attention_p(s, t, p):
    q = lambda f: nrm(f.abs().pow(p).mean(1).flatten(1))
    return (q(s) - q(t)).pow(2).mean()


# Other shapes, other options, and the smallest that make sense.
for shape, other in [((2, 3, 3, 2), (2, 3, 3, 2)), ((5, 2, 1, 4), (5, 2, 1, 4))]:
    a, b = torch.randn(shape), torch.randn(other)
    for call, f in {"similarity()": similarity, "pkt()": pkt, "rkd()": rkd, "channel()": channel, "pearson()": pearson_maps,
                    "icc()": icc, "nst()": nst, "boundary()": boundary,
                    'attention(p=1)': lambda s, t: attention_p(s, t, 1), 'attention(p=3)': lambda s, t: attention_p(s, t, 3),
                    'boundary(m=0.5)': lambda s, t: boundary(s, t, 0.5), 'channel(T=1)': lambda s, t: channel(s, t, 1)}.items():
        case(call, lambda a, b, y: f(a[0], b[0]), [a], [b])
for rows, width, other in [(5, 3, 7), (2, 6, 4)]:  # rows of unlike width
    for call, f in {"similarity()": similarity, "pkt()": pkt, "rkd()": rkd}.items():
        case(call, lambda a, b, y: f(a[0], b[0]), [torch.randn(rows, width)], [torch.randn(rows, other)])


for call, f in {"regression()": lambda s, y: F.mse_loss(s, y), 'regression(metric="l1")': lambda s, y: F.l1_loss(s, y),
                'regression(metric="huber")': lambda s, y: F.huber_loss(s, y)}.items():
    case(call, lambda a, b, y: f(a[0], b[0]), [2 * torch.randn(5, 1)], [2 * torch.randn(5, 1)])


def svd(a, b, k=1):
    def top(f, n):
        x = f.flatten(2).transpose(1, 2)
        u, s, vh = torch.linalg.svd(x, full_matrices=False)
        return s[:, :n] / s[:, :n].norm(dim=1, keepdim=True), vh.transpose(1, 2)[:, :, :n]
    before, total = None, 0
    for f, g in zip(a, b):
        st, vt = top(g, k)
        # A factorisation leaves signs open: the teacher's largest component is positive.
        vt = vt * vt.gather(1, vt.abs().argmax(1, keepdim=True)).sign()
        _, vs = top(f, k + 3)
        cos = (vs.transpose(1, 2) @ vt).detach()
        best = cos.abs().argmax(1, keepdim=True)
        pick = torch.zeros_like(cos).scatter(1, best, cos.gather(1, best).sign())
        now = (vs @ pick * st[:, None], vt * st[:, None])
        if before:
            rbf = lambda v, u: torch.exp(-(v[:, :, None] - u[:, None]) ** 2 / 8)
            total = total + ((rbf(now[0], before[0]) - rbf(now[1], before[1])) ** 2).sum() / len(f)
        before = now
    return total


shapes = [(2, 3, 2, 2), (2, 5, 2, 2), (2, 4, 3, 1)]
case('svd(["a" -> "a", "a" -> "a"])', lambda a, b, y: svd(a, b), [torch.randn(*x) for x in shapes], [torch.randn(*x) for x in shapes])
case('svd(["a" -> "a", "a" -> "a"], k=2)', lambda a, b, y: svd(a, b, 2), [torch.randn(*x) for x in shapes[:2]], [torch.randn(*x) for x in shapes[:2]])


# Scores of a query's candidates.
def margin_mse(s, t, positive=0):
    rest = [j for j in range(s.shape[1]) if j != positive]
    margin = lambda z: z[:, [positive]] - z[:, rest]
    return (margin(s) - margin(t)).pow(2).mean()


def adr_mse(s, t, alpha=1):
    rank = 1 + t.argsort(dim=1, descending=True, stable=True).argsort(dim=1).double()
    other = 1 - torch.eye(s.shape[1])
    own = 1 + (torch.sigmoid(alpha * (s[:, None, :] - s[:, :, None])) * other).sum(2)
    return ((rank - own).pow(2) / (rank + 1).log2()).mean()


for rows, width in [(4, 2), (3, 5), (1, 7)]:
    a, b = 2 * torch.randn(rows, width), 3 * torch.randn(rows, width) + 5
    for call, f in {"margin_mse()": margin_mse, "margin_mse(positive=1)": lambda s, t: margin_mse(s, t, 1),
                    "listwise()": lambda s, t: kd(s, t, 1), "listwise(T=3)": lambda s, t: kd(s, t, 3),
                    "adr_mse()": adr_mse, "adr_mse(alpha=4)": lambda s, t: adr_mse(s, t, 4)}.items():
        case(call, lambda a, b, y: f(a[0], b[0]), [a], [b])


# Tokens and texts.
def kl_rows(s, t):
    return (t.exp() * (t - s)).sum(-1)


def reverse(s, t, T=1):
    return T * T * kl_rows((t / T).log_softmax(1), (s / T).log_softmax(1)).mean()


def skew(s, t, a, back):
    p, q = s.softmax(1), t.softmax(1)
    one, other = (p, q) if back else (q, p)
    m = a * one + (1 - a) * other
    return (one * (one.log() - m.log())).sum(1).mean()


def minilm(s, t, relations, heads=None):
    names = [x for x in "qkv" if any(x in r for r in relations)]
    def divided(x):
        if heads is None: return x
        n, h, l, d = x.shape
        return x.permute(0, 2, 1, 3).reshape(n, l, heads, h * d // heads).permute(0, 2, 1, 3)
    def shares(x, r):
        a, b = (divided(x[names.index(letter)]) for letter in r)
        return (a @ b.transpose(-2, -1) / math.sqrt(a.shape[-1])).log_softmax(-1)
    return sum(kl_rows(shares(s, r), shares(t, r)).mean() for r in relations)


def pooled_similarity(s, t, T=0.05):
    def shares(x):
        u = F.normalize(x, dim=1)
        c = u @ u.T / T
        keep = ~torch.eye(len(x), dtype=bool)
        return c[keep].reshape(len(x), -1).log_softmax(1)
    return kl_rows(shares(s), shares(t)).mean()


for B, K in [(6, 5), (1, 3), (4, 10)]:
    s, t = 3 * torch.randn(B, K), 3 * torch.randn(B, K)
    for call, f in {"reverse_kl()": reverse, "reverse_kl(T=3)": lambda s, t: reverse(s, t, 3),
                    "skew_kl()": lambda s, t: skew(s, t, 0.1, False), "skew_kl(0.4)": lambda s, t: skew(s, t, 0.4, False),
                    "skew_kl(alpha=0.2, reverse=true)": lambda s, t: skew(s, t, 0.2, True)}.items():
        case(call, lambda a, b, y: f(a[0], b[0]), [s], [t])
for shape in [(2, 5, 6), (3, 1, 4)]:
    s, t = torch.randn(shape), torch.randn(shape)
    for call, f in {"hidden()": F.mse_loss, 'hidden(metric="cosine")': lambda s, t: 1 - F.cosine_similarity(s, t, dim=-1).mean(),
                    'hidden(metric="normalized")': lambda s, t: (F.normalize(s, dim=-1) - F.normalize(t, dim=-1)).pow(2).sum(-1).mean(),
                    'hidden(metric="normalized", positions="first")':
                        lambda s, t: (F.normalize(s[:, 0], dim=-1) - F.normalize(t[:, 0], dim=-1)).pow(2).sum(-1).mean()}.items():
        case(call, lambda a, b, y: f(a[0], b[0]), [s], [t])
for shape in [(2, 3, 4, 4), (1, 2, 5, 5)]:
    s, t = 2 * torch.randn(shape), 2 * torch.randn(shape)
    for call, f in {"attention_maps()": F.mse_loss, 'attention_maps(heads="mean")': lambda s, t: F.mse_loss(s.mean(1), t.mean(1)),
                    'attention_maps(metric="kl")': lambda s, t: kl_rows(s.log_softmax(-1), t.log_softmax(-1)).mean()}.items():
        case(call, lambda a, b, y: f(a[0], b[0]), [s], [t])
    s, t = s.softmax(-1), t.softmax(-1)
    for call, f in {'attention_maps(of="probabilities")': F.mse_loss,
                    'attention_maps(of="probabilities", metric="kl")': lambda s, t: kl_rows(s.log(), t.log()).mean()}.items():
        case(call, lambda a, b, y: f(a[0], b[0]), [s], [t])
for heads, wide in [(2, 3), (4, 2)]:
    three = lambda h, d: [torch.randn(2, h, 5, d) for _ in range(3)]
    case("minilm()", lambda a, b, y: minilm(a, b, ["qk", "vv"]), three(heads, wide), three(heads, 2 * wide))
    case('minilm(relations="qq,kk,vv", heads=2)', lambda a, b, y: minilm(a, b, ["qq", "kk", "vv"], 2), three(heads, wide), three(2 * heads, wide))
for rows, width, other in [(5, 4, 4), (2, 3, 3)]:
    s, t = torch.randn(rows, width), torch.randn(rows, other)
    for call, f in {"pooled()": F.mse_loss, 'pooled(metric="cosine")': lambda s, t: 1 - F.cosine_similarity(s, t).mean(),
                    'pooled(metric="l2")': lambda s, t: (s - t).norm(dim=1).mean(), "pooled_similarity()": pooled_similarity,
                    "pooled_similarity(T=1)": lambda s, t: pooled_similarity(s, t, 1)}.items():
        case(call, lambda a, b, y: f(a[0], b[0]), [s], [t])

path = pathlib.Path(__file__).parents[2] / "Tests/DistillationTests/Fixtures/terms.json"
path.write_text(json.dumps(cases))
print(len(cases), "cases", path.stat().st_size, "bytes")
