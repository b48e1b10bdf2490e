"""Writes Tests/BuiltinsTests/Fixtures/{layers,updates,methods,edges,promotion,initialisation}.txt with PyTorch.

A line is one case: an expression that is both Dist and Python, ` => `, and what PyTorch gives, as lists of numbers. The
functions that the expressions share (wave, trial, steps, …) stand here for PyTorch and in Fixtures/prelude.dist for
Dist. Numbers are float64's; `promotion` holds dtypes. Run with the Python that has PyTorch: python scripts/golden/library.py
"""

import warnings

from programs import *
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim import lr_scheduler

warnings.filterwarnings("ignore")
torch.manual_seed(3)


# The shared functions; those of programs.py beside

def steps(make):
    a, b = leaf(wave([2, 3]).double()), leaf(wave([4], 5).double())
    optimizer = make(a, b)
    for k in range(50):
        optimizer.zero_grad()
        ((a**2).sum() * 0.3 + (a * wave([2, 3], k)).sum() + (b**4).sum() + (b * wave([4], k)).sum()).backward()
        optimizer.step()
    return [a.tolist(), b.tolist()]


def rates(make, n=50, lr=0.1):
    p = leaf(wave([2]))
    optimizer = torch.optim.SGD([p], lr=lr)
    scheduler, result = make(optimizer), []
    for _ in range(n):
        result.append(optimizer.param_groups[0]["lr"])
        p.sum().backward()
        optimizer.step()
        scheduler.step()
    return result


def plateau(make, metrics):
    optimizer = torch.optim.SGD([leaf(wave([2]))], lr=1.0)
    scheduler, result = make(optimizer), []
    for metric in metrics:
        scheduler.step(metric)
        result.append(optimizer.param_groups[0]["lr"])
    return result


def spread(make):
    w = make(torch.zeros(256, 128))
    return [w.std().item(), w.abs().max().item()]


def warmup(optimizer, epochs):
    return lr_scheduler.LambdaLR(optimizer, lambda t: min(1, (t + 1) / epochs))


# The cases

layers = """
Linear(3, 2) | wave([4, 3])
Linear(3, 2, bias=false) | wave([3])
Linear(3, 2) | wave([2, 2, 3])
Linear(1, 1) | wave([1, 1])
Linear(3, 2) | wave([0, 3])
Identity() | wave([2, 3])
Flatten() | wave([2, 3, 2, 2])
Flatten(0, 1) | wave([2, 3, 2])
Flatten(start_dim=-2) | wave([2, 3, 2])
ReLU() | wave([3, 5])
SiLU() | wave([3, 5])
Tanh() | wave([3, 5])
Sigmoid() | wave([3, 5])
LeakyReLU() | wave([3, 5])
LeakyReLU(0.2) | wave([3, 5])
ELU() | wave([3, 5])
ELU(alpha=0.7) | wave([3, 5])
GELU() | wave([3, 5])
GELU(approximate="tanh") | wave([3, 5])
Softmax(dim=1) | wave([3, 5])
Softmax(dim=-2) | wave([2, 3, 5])
Dropout(0.5).eval() | wave([3, 5])
Dropout(0.0) | wave([3, 5])
Conv1d(2, 3, 3) | wave([2, 2, 7])
Conv1d(2, 4, 3, stride=2, padding=1, groups=2) | wave([2, 2, 8])
Conv1d(2, 2, 2, dilation=3, bias=false) | wave([1, 2, 7])
Conv2d(2, 3, 3) | wave([2, 2, 5, 5])
Conv2d(2, 3, [1, 3], stride=[2, 1], padding=[0, 1]) | wave([2, 2, 5, 4])
Conv2d(4, 4, 3, padding=1, groups=4) | wave([1, 4, 4, 4])
Conv2d(1, 8, 3, padding=1) | wave([2, 1, 6, 6])
Conv2d(3, 16, 3, padding=1, stride=2, bias=false) | wave([2, 3, 8, 8])
Conv2d(16, 16, 3, padding=1) | wave([2, 16, 4, 4])
Conv2d(2, 2, 3, dilation=2, padding=2) | wave([1, 2, 5, 5])
Conv2d(2, 3, 1) | wave([3, 2, 1, 1])
ConvTranspose2d(2, 3, 3) | wave([1, 2, 3, 3])
ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2) | wave([2, 2, 3, 3])
ConvTranspose2d(2, 3, 2, stride=2, bias=false) | wave([1, 2, 3, 2])
MaxPool2d(2) | wave([2, 2, 5, 4])
MaxPool2d(3, stride=2, padding=1) | wave([1, 2, 6, 6])
MaxPool2d(2, ceil_mode=true) | wave([1, 2, 5, 5])
AvgPool2d(2) | wave([2, 2, 5, 4])
AvgPool2d(3, stride=2, padding=1, count_include_pad=false) | wave([1, 2, 6, 6])
AdaptiveAvgPool2d(1) | wave([2, 3, 4, 5])
AdaptiveAvgPool2d([2, 3]) | wave([1, 2, 5, 4])
BatchNorm1d(3) | wave([4, 3])
BatchNorm1d(3, momentum=0.3, eps=0.001) | wave([4, 3, 2])
BatchNorm1d(3).eval() | wave([4, 3])
BatchNorm1d(2, affine=false) | wave([5, 2])
BatchNorm2d(3) | wave([2, 3, 2, 4])
BatchNorm2d(3).eval() | wave([2, 3, 2, 4])
BatchNorm2d(16) | wave([2, 16, 3, 3])
LayerNorm(5) | wave([2, 3, 5])
LayerNorm([3, 5]) | wave([2, 3, 5])
LayerNorm(5, elementwise_affine=false) | wave([2, 5])
GroupNorm(2, 4) | wave([2, 4, 3, 2])
GroupNorm(1, 3, eps=0.01) | wave([2, 3, 4])
Embedding(5, 3) | tensor([[1, 4], [0, 1]])
Embedding(5, 3, padding_idx=1) | tensor([1, 4, 1])
MultiheadAttention(4, 2) | wave([3, 2, 4]), wave([5, 2, 4], 1), wave([5, 2, 4], 2)
MultiheadAttention(4, 2, batch_first=true) | wave([2, 3, 4]), wave([2, 5, 4], 1), wave([2, 5, 4], 2)
MultiheadAttention(6, 3, bias=false, batch_first=true) | wave([2, 3, 6]), wave([2, 3, 6], 1), wave([2, 3, 6], 2)
TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=true) | wave([2, 3, 4])
TransformerEncoderLayer(4, 2, dim_feedforward=6, dropout=0.0, activation="gelu", norm_first=true) | wave([3, 2, 4])
LSTM(3, 2) | wave([4, 2, 3])
LSTM(3, 2, num_layers=2, batch_first=true) | wave([2, 4, 3])
LSTM(3, 2, bidirectional=true, bias=false) | wave([3, 1, 3])
ReLU6() | wave([3, 5]) * 8
Hardsigmoid() | wave([3, 5]) * 5
Hardswish() | wave([3, 5]) * 5
Mish() | wave([3, 5])
Softsign() | wave([3, 5]) * 3
Softmax2d() | wave([2, 3, 2, 2])
Softplus() | wave([3, 5])
Softplus(beta=2) | wave([3, 5])
LogSoftmax(dim=1) | wave([3, 5])
Hardtanh() | wave([3, 5]) * 2
Hardtanh(-0.5, 0.25) | wave([3, 5])
PReLU() | wave([3, 5])
PReLU(3, init=0.1) | wave([2, 3, 2])
GLU() | wave([3, 6])
GLU(dim=1) | wave([2, 4, 3])
Bilinear(3, 2, 4) | wave([5, 3]), wave([5, 2], 1)
Bilinear(2, 3, 1, bias=false) | wave([2, 4, 2]), wave([2, 4, 3], 1)
GRU(3, 2) | wave([4, 2, 3])
GRU(3, 2, num_layers=2, batch_first=true, bidirectional=true) | wave([2, 4, 3])
GRU(3, 2, bias=false) | wave([4, 1, 3]), wave([1, 1, 2], 3)
RNN(3, 2) | wave([4, 2, 3])
RNN(3, 2, nonlinearity="relu", bidirectional=true) | wave([3, 2, 3])
RNN(3, 2, num_layers=2, bias=false, batch_first=true) | wave([2, 3, 3])
Upsample(scale_factor=2) | wave([1, 2, 3, 2])
Upsample(size=[5, 4]) | wave([1, 2, 3, 2])
Upsample(scale_factor=2, mode="bilinear") | wave([1, 2, 3, 2])
Upsample(size=[5, 4], mode="bilinear", align_corners=true) | wave([1, 2, 3, 2])
PixelShuffle(2) | wave([2, 8, 2, 3])
ZeroPad2d(1) | wave([1, 2, 2, 3])
ZeroPad2d([1, 0, 2, 3]) | wave([1, 2, 2, 3])
Unflatten(1, [2, 3]) | wave([2, 6, 2])
Unflatten(-1, [2, 2]) | wave([3, 4])
AdaptiveMaxPool2d(1) | wave([2, 3, 4, 5])
AdaptiveMaxPool2d([2, 3]) | wave([1, 2, 5, 4])
Dropout2d(0.5).eval() | wave([2, 3, 2, 2])
Dropout2d(0.0) | wave([2, 3, 2, 2])
RMSNorm(5) | wave([2, 3, 5])
RMSNorm([3, 5], eps=0.01) | wave([2, 3, 5])
RMSNorm(5, elementwise_affine=false) | wave([2, 5])
InstanceNorm2d(3) | wave([2, 3, 2, 4])
InstanceNorm2d(3, affine=true, eps=0.01) | wave([2, 3, 2, 4])
InstanceNorm2d(2, track_running_stats=true, momentum=0.3) | wave([3, 2, 2, 2])
InstanceNorm2d(2, affine=true, track_running_stats=true).eval() | wave([3, 2, 2, 2])
Sequential(Linear(3, 4), ReLU(), Linear(4, 2)) | wave([5, 3])
Sequential(Conv2d(1, 4, 3), BatchNorm2d(4), ReLU(), MaxPool2d(2), Flatten(), Linear(16, 3)) | wave([2, 1, 6, 6])
Sequential(Linear(3, 4), BatchNorm1d(4), Tanh(), Linear(4, 2), Softmax(dim=1)) | wave([6, 3])
ModuleList([Linear(3, 3), Linear(3, 2)])[1] | wave([2, 3])
ModuleDict({"key": Linear(3, 3), "self": Linear(3, 2)})["self"] | wave([2, 3])
""".strip().split("\n")

groups = 'SGD([{"params": [a], "lr": 0.02}, {"params": [b]}], lr=0.05, momentum=0.9)'
optimizers = [
    "SGD([a, b], lr=0.05)", "SGD([a, b], lr=0.02, momentum=0.9)", "SGD([a, b], lr=0.02, momentum=0.9, nesterov=true)",
    "SGD([a, b], lr=0.02, momentum=0.9, dampening=0.3)", "SGD([a, b], lr=0.02, weight_decay=0.1)", groups,
    "Adam([a, b])", "Adam([a, b], lr=0.05)", "Adam([a, b], lr=0.05, betas=[0.8, 0.9], eps=0.001)",
    "Adam([a, b], lr=0.05, weight_decay=0.1)", "Adam([a, b], lr=0.05, amsgrad=true)",
    'Adam([{"params": [a]}, {"params": [b], "lr": 0.2, "weight_decay": 0.3}], lr=0.05)',
    "AdamW([a, b], lr=0.05)", "AdamW([a, b], lr=0.05, weight_decay=0.2, amsgrad=true)",
    'AdamW([{"params": [a], "weight_decay": 0.0}, {"params": [b]}], lr=0.05)',
    "RMSprop([a, b])", "RMSprop([a, b], lr=0.02, alpha=0.9, eps=0.01, weight_decay=0.1)",
    "RMSprop([a, b], lr=0.01, momentum=0.5, centered=true)",
    "Adagrad([a, b])", "Adagrad([a, b], lr=0.1, lr_decay=0.01, weight_decay=0.1)",
    "NAdam([a, b])", "NAdam([a, b], lr=0.05, betas=[0.8, 0.95], weight_decay=0.1, momentum_decay=0.02)",
    "RAdam([a, b])", "RAdam([a, b], lr=0.05, weight_decay=0.1, decoupled_weight_decay=true)",
    "Adadelta([a, b])", "Adadelta([a, b], lr=0.5, rho=0.8, eps=0.001)",
    'AdamW([{"params": [a], "eps": 0.01}, {"params": [b]}], lr=0.05)',
]
schedules = [
    "StepLR(o, 7)", "StepLR(o, step_size=5, gamma=0.5)", "MultiStepLR(o, [5, 20])",
    "MultiStepLR(o, milestones=[3, 3, 30], gamma=0.5)", "CosineAnnealingLR(o, 50)",
    "CosineAnnealingLR(o, T_max=60, eta_min=0.01)", "LinearLR(o)",
    "LinearLR(o, start_factor=0.5, end_factor=0.9, total_iters=20)", "OneCycleLR(o, 0.5, 60)",
    "OneCycleLR(o, max_lr=0.3, total_steps=51, pct_start=0.2, div_factor=10, final_div_factor=100)",
]
# As Dist writes them, and as Python does.
further_schedules = [(s, s) for s in [
    "ExponentialLR(o, 0.9)", "PolynomialLR(o)", "PolynomialLR(o, total_iters=30, power=2.5)",
    "CosineAnnealingWarmRestarts(o, 7)", "CosineAnnealingWarmRestarts(o, T_0=4, T_mult=3, eta_min=0.01)",
    "CyclicLR(o, 0.02, 0.3, step_size_up=5)", "CyclicLR(o, 0.02, 0.3, step_size_up=3, step_size_down=8, cycle_momentum=false)",
    'CyclicLR(o, 0.02, 0.3, step_size_up=6, mode="triangular2")', 'CyclicLR(o, 0.02, 0.3, step_size_up=6, mode="exp_range", gamma=0.95)',
]] + [
    ("LambdaLR(o, t => 0.95 ** t)", "LambdaLR(o, lambda t: 0.95 ** t)"),
    ("LambdaLR(o, t => 1 / (1 + t % 9))", "LambdaLR(o, lambda t: 1 / (1 + t % 9))"),
    ("SequentialLR(o, [LinearLR(total_iters=4), ExponentialLR(gamma=0.9), StepLR(step_size=3)], [4, 20])",
     "SequentialLR(o, [LinearLR(o, total_iters=4), ExponentialLR(o, gamma=0.9), StepLR(o, step_size=3)], [4, 20])"),
    ("SequentialLR(o, [PolynomialLR(total_iters=10), CosineAnnealingLR(T_max=30)], milestones=[6])",
     "SequentialLR(o, [PolynomialLR(o, total_iters=10), CosineAnnealingLR(o, T_max=30)], milestones=[6])"),
]
metrics = "[1.0, 0.9, 0.95, 0.94, 0.93, 0.92, 0.91, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]"
plateaus = [
    "ReduceLROnPlateau(o, patience=2)", 'ReduceLROnPlateau(o, mode="max", factor=0.5, patience=1)',
    "ReduceLROnPlateau(o, factor=0.3, patience=3)",
]

# Functions as Dist's lambdas and Python's; sizes of 1 and 0, negative dims, keepdim.
edges = []
for sizes in ["[3, 4]", "[1, 4]", "[4, 1]", "[2, 1, 3]", "[1]", "[2, 3, 2, 2]"]:
    rank = len(eval(sizes))
    for dim in sorted({0, rank - 1, -1, -rank}):
        for f in [f"sum(x, {dim})", f"mean(x, {dim}, true)", f"amax(x, {dim})", f"amin(x, {dim}, true)", f"logsumexp(x, {dim})",
                  f"softmax(x, {dim})", f"log_softmax(x, dim={dim})", f"cumsum(x, {dim})", f"prod(x, {dim})", f"max(x, {dim})",
                  f"min(x, {dim}, keepdim=true)", f"argmax(x, {dim})", f"argmin(x, {dim}, true)", f"sort(x, {dim})",
                  f"sort(x, dim={dim}, descending=true)", f"norm(x, dim={dim})", f"flip(x, [{dim}])", f"unsqueeze(x, {dim})",
                  f"squeeze(x, {dim})", f"transpose(x, {dim}, 0)", f"normalize(x, dim={dim})", f"roll(x, 1, {dim})",
                  f"cat([x, x * 2], {dim})", f"stack([x, x + 1], {dim})", f"topk(x, 1, {dim})", f"var(x, {dim}, correction=0)",
                  f"index_select(x, {dim}, tensor([0, 0]))", f"split(x, 1, {dim})", f"chunk(x, 2, {dim})", f"any(x > 0.5, {dim})",
                  f"all(x > -0.5, {dim}, true)", f"argsort(x, {dim})"]:
            edges.append((f, sizes))
for sizes, fs in {
    "[0, 3]": ["sum(x)", "sum(x, 0)", "sum(x, 1)", "mean(x, 1)", "cat([x, x], 0)", "softmax(x, 1)", "x.reshape(3, 0)", "x @ wave([3, 2])",
               "x * 2 + 1", "transpose(x, 0, 1)", "prod(x, 0)", "x[:, 1]", "flip(x, [0])", "stack([x, x])", "relu(x)", "cumsum(x, 0)",
               "linear(x, wave([2, 3]))", "x.flatten()", "any(x > 0)", "all(x > 0)", "logsumexp(x, 1)", "norm(x)", "max(x, 1)"],
    "[3, 0]": ["sum(x, 1)", "x @ wave([0, 2])", "prod(x, 1, true)", "x.reshape(0)", "cat([x, wave([3, 2])], 1)", "all(x > 0, 1)", "linear(x, wave([2, 0]))"],
    "[3, 4]": ["x[1]", "x[-1, 1:3]", "x[:, ::2]", "x[1:, none]", "x[[0, 2]]", "x[x > 0]", "x[tensor([2, 0, 2])]", "x[..., 1]", "x[1:1]", "x[0, 0]",
               "x.T @ x", "matmul(x, x.T)", "outer(x[0], x[1])", "dot(x[0], x[1])", "einsum(\"ij,kj->ik\", x, x)", "cdist(x, x + 1)",
               "tril(x)", "triu(x, 1)", "diag(x)", "pad(x, [1, 0, 2, 1])", "where(x > 0, x, x * 2)", "masked_fill(x, x < 0, 0.5)",
               "gather(x, 1, tensor([[0], [3], [1]]))", "x.unsqueeze(0).expand(2, 3, 4)", "x.repeat(1, 2)", "x.permute(1, 0)",
               "clamp(x, -0.5)", "clamp(x, max=0.2)", "x ** 2", "x ** 3", "2 ** x", "x / (x + 3)", "x.detach() // 0.3", "x % 0.3", "-x", "abs(x)",
               "maximum(x, x.flip([0]))", "minimum(x, x.flip([1]))", "exp(x)", "expm1(x)", "log1p(x + 1)", "log(x + 2)", "sqrt(x + 2)",
               "rsqrt(x + 2)", "sin(x)", "cos(x)", "tanh(x)", "sigmoid(x)", "erf(x)", "softplus(x)", "softsign(x)", "hardtanh(x, -0.5, 0.5)", "sign(x)",
               "round(x * 3)", "floor(x * 3)", "ceil(x * 3)", "std(x)", "var(x, 1)", "norm(x, 1)", "cosine_similarity(x, x + 1)",
               "x.T.T[0]", "x.transpose(0, 1)[1:3].sum(1)", "x.T.reshape(2, 6)"],
}.items():
    edges += [(f, sizes) for f in fs]
y = "tensor([0, 2, 1])"
for f in ["cross_entropy(x, Y)", 'cross_entropy(x, Y, reduction="sum")', 'cross_entropy(x, Y, reduction="none", label_smoothing=0.1)',
          "cross_entropy(x, Y, weight=tensor([1.0, 2.0, 0.5, 1.0]), label_smoothing=0.2)", "cross_entropy(x, tensor([0, -100, 1]))",
          "cross_entropy(x, tensor([0, 2, 1]), ignore_index=2)", "cross_entropy(x, softmax(wave([3, 4], 2), 1))",
          "nll_loss(log_softmax(x, 1), Y)", "kl_div(log_softmax(x, 1), softmax(wave([3, 4], 2), 1))",
          'kl_div(log_softmax(x, 1), softmax(wave([3, 4], 2), 1), reduction="batchmean")',
          'kl_div(log_softmax(x, 1), log_softmax(wave([3, 4], 2), 1), reduction="sum", log_target=true)',
          "mse_loss(x, wave([3, 4], 1))", "l1_loss(x, wave([3, 4], 1))", "smooth_l1_loss(x, wave([3, 4], 1), beta=0.3)",
          "huber_loss(x, wave([3, 4], 1), delta=0.3)", "binary_cross_entropy_with_logits(x, sigmoid(wave([3, 4], 1)))",
          "cosine_embedding_loss(x, wave([3, 4], 1), tensor([1, -1, 1]), margin=0.2)",
          "CrossEntropyLoss(label_smoothing=0.1)(x, Y)", "NLLLoss()(log_softmax(x, 1), Y)", "MSELoss()(x, wave([3, 4], 1))",
          'KLDivLoss(reduction="batchmean")(log_softmax(x, 1), softmax(wave([3, 4], 2), 1))', "L1Loss()(x, wave([3, 4], 1))",
          "SmoothL1Loss()(x, wave([3, 4], 1))", "HuberLoss()(x, wave([3, 4], 1))",
          "BCEWithLogitsLoss()(x, sigmoid(wave([3, 4], 1)))", "CosineEmbeddingLoss()(x, wave([3, 4], 1), tensor([1, -1, 1]))"]:
    edges.append((f.replace("Y", y) if "Y" in f else f, "[3, 4]"))

methods = """
[wave([2, 3]).numel(), tensor(2.5).item(), wave([2, 2]).tolist()]
[wave([2]).double().tolist(), (wave([4]) * 5).long().tolist(), (wave([4]) * 5).int().tolist(), wave([3]).bool().tolist()]
[tensor([1, 2]).float().tolist(), tensor([1, 0]).bool().tolist(), tensor([300, -1]).to(uint8).tolist()]
[wave([2]).clone().tolist(), wave([2]).detach().tolist()]
[int(allclose(wave([3]), wave([3]) + 1e-9)), int(allclose(wave([3]), wave([3]) + 1e-3)), int(allclose(wave([3]), wave([3]) + 1e-3, atol=0.01))]
[t.tolist() for t in grad_pair(wave([3]))]
[list(p.shape) for p in Sequential(Linear(3, 4), BatchNorm1d(4)).parameters()]
[list(t.shape) for t in Sequential(Linear(3, 4), BatchNorm1d(4)).state_dict().values()]
[len(list(Sequential(Linear(3, 4), Sequential(ReLU(), Linear(4, 4))).children())), len(list(Sequential(Linear(3, 4)).named_parameters()))]
[len(list(Sequential(Linear(3, 4), ReLU()).train().eval().named_children())), len(list(Sequential(Linear(3, 4)).train().children()))]
[list(t.shape) for t in flat(LSTM(3, 2).forward(wave([4, 2, 3])))]
[clipped(1.0), clipped(100.0)]
[list(one_hot(tensor([1, 0, 2]), 4).shape), one_hot(tensor([1, 0, 2])).tolist()]
[randn(2, 3).numel(), rand(4).numel(), list(randint(0, 5, [2, 3]).shape), list(randn_like(wave([2, 2])).shape), list(rand_like(wave([3])).shape)]
sorted(randperm(7).tolist())
[zeros_like(wave([2])).tolist(), ones_like(wave([2])).tolist(), full_like(wave([2]), 3.0).tolist()]
[linspace(0, 1, 5).tolist(), arange(5).tolist(), arange(1, 10, 3).tolist(), eye(3).tolist(), full([2], 7).tolist()]
[meshed(tensor([3, 1, 2, 3, 1]))]
[moments(randn(200, 100)), moments(rand(200, 100))]
""".strip().split("\n")

initialisation = [
    "xavier_uniform(w)", "xavier_uniform(w, gain=2.0)", "xavier_normal(w)", "kaiming_uniform(w)",
    'kaiming_uniform(w, nonlinearity="relu")', "kaiming_normal(w)", 'kaiming_normal(w, mode="fan_out", nonlinearity="relu")',
]

# Names are sought where PyTorch has them.
names = {name: getattr(torch, name) for name in dir(torch) if not name.startswith("_")}
names |= {"linalg_" + name: getattr(torch.linalg, name) for name in ["svd", "eigh", "inv"]}
names |= {name: getattr(nn, name) for name in dir(nn) if name[0].isupper()}
names |= {name: getattr(F, name) for name in dir(F) if not name.startswith("_") and name != "unique"}
names |= {name: getattr(torch.optim, name) for name in dir(torch.optim) if name[0].isupper()}
names |= {name: getattr(lr_scheduler, name) for name in dir(lr_scheduler) if name.endswith("LR") or name.startswith(("Reduce", "Cosine"))}
names |= {name: getattr(nn.init, name + "_") for name in ["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"]}
names |= {"true": True, "false": False, "none": None, "sum": torch.sum, "max": torch.max, "min": torch.min, "abs": torch.abs}
names |= {"sorted": sorted, "list": list, "len": len, "int": int, "wave": wave, "round": torch.round, "all": torch.all, "any": torch.any}
names |= {f.__name__: f for f in [trial, of, flat, steps, rates, plateau, spread, warmup]}


def run(dist, python=None, **extra):
    return f"{dist} => {str(plain(eval(python or dist, names | extra))).replace(chr(39), '')}"


torch.set_default_dtype(torch.float64)
lines = []
for case in layers:
    net, inputs = case.split(" | ")
    lines.append(run(f"trial({net}, {inputs})"))
write("layers", lines)
write("updates",
      [run(f"steps((a, b) => {o})", f"steps(lambda a, b: {o})") for o in optimizers]
      + [run(f"rates((o) => {s})", f"rates(lambda o: {s})") for s in schedules]
      + [run(f"rates((o) => {dist})", f"rates(lambda o: {python})") for dist, python in further_schedules]
      + [run(f"plateau((o) => {s}, {metrics})", f"plateau(lambda o: {s}, {metrics})") for s in plateaus])
write("edges", [run(f"of(x => {f}, wave({sizes}))", f"of(lambda x: {f}, wave({sizes}))") for f, sizes in edges])
write("initialisation", [run(f"spread(w => {f})", f"spread(lambda w: {f})") for f in initialisation])


def grad_pair(x):
    x = leaf(x)
    return torch.autograd.grad((x**3).sum(), [x])


def clipped(bound):
    a, b = leaf(wave([3])), leaf(wave([2], 4))
    ((a**2).sum() + (b**2).sum()).backward()
    norm = nn.utils.clip_grad_norm_([a, b], bound)
    return [norm.item(), a.grad.tolist(), b.grad.tolist()]


def meshed(x):
    values, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True)
    return [values.tolist(), inverse.tolist(), counts.tolist(), torch.bincount(x).tolist()]


def moments(x):
    return [round(x.mean().item(), 1), round(x.std().item(), 1)]


here = [run(m, **{f.__name__: f for f in [grad_pair, clipped, meshed, moments]}, uint8=torch.uint8)
        for m in methods]
write("methods", [line.replace("(uint8)", '("uint8")') for line in here])

# Which dtype an operation gives; what PyTorch refuses (such as subtracting truth values) is left out.
torch.set_default_dtype(torch.float32)
kinds = ["float32", "float64", "int64", "uint8", "bool"]
lines = []
for op in ["+", "-", "*", "/", "//", "%", "**", "==", "<", "&", "|"]:
    for left in kinds:
        # The language has `&` and `|` between tensors only.
        for right in [*kinds, "2", "2.5"][: 5 if op in "&|" else 7]:
            other = right if right in ("2", "2.5") else f'ones([2]).to("{right}")'
            dist = f'(ones([2]).to("{left}") {op} {other}).dtype'
            value = {"2": 2, "2.5": 2.5}.get(right)
            try:
                a = torch.ones(2).to(getattr(torch, left))
                b = torch.ones(2).to(getattr(torch, right)) if value is None else value
                result = str(eval(f"a {op} b").dtype).removeprefix("torch.")
            except (RuntimeError, TypeError, NotImplementedError):
                continue
            lines.append(f'{dist} => "{result}"')
for f in ["sum", "mean", "prod", "cumsum", "exp", "sqrt", "abs", "relu", "sign", "amax", "argmax", "sort", "floor", "sin", "any"]:
    # `sign` of truth values and the uint8 of `any` are PyTorch's alone.
    for kind in kinds[: 3 if f in ("sign", "any") else 5]:
        arguments = ", 0" if f == "cumsum" else ""
        try:
            result = getattr(torch, f)(torch.ones(2).to(getattr(torch, kind)), *([0] if arguments else []))
            result = str((result[0] if isinstance(result, tuple) else result).dtype).removeprefix("torch.")
        except (RuntimeError, TypeError, NotImplementedError):
            continue
        lines.append(f'flat({f}(ones([2]).to("{kind}"){arguments}))[0].dtype => "{result}"')
write("promotion", lines)
