"""Writes Tests/BuiltinsTests/TensorReference.swift: what PyTorch gives for expressions that are both Dist and Python.

One line is one case: EXPRESSION => [values, shape, dtype], with a list of several results in place of the values as
[values of each, 0, 0]. It checks names, argument names, their order and their defaults; values and gradients of the
functions themselves are checked in Tests/TensorsTests. Run with the Python that has PyTorch.
"""

import pathlib
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")
M = "tensor([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]])"
P = "tensor([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]])"
X = "arange(32).reshape(1, 2, 4, 4).float().sin()"
W = "arange(36).reshape(2, 2, 3, 3).float().cos()"
cases = f"""
full([2], 0.5)
arange(1, 2, 0.25)
linspace(0, 1, 7)
eye(2, 3)
{M}.flatten(0, 1)
{M}.transpose(0, 1)
{X}.permute(0, 2, 3, 1).sum(0)
roll({M}, [1, 1], [0, 1])
roll({M}, 2)
{M}.repeat(2, 1, 2)
tensor([[1.0], [2.0]]).expand(2, 3)
chunk(arange(7), 3)
split(arange(7), 3)
pad({M}, [1, 2])
pad({M}, [1, 2, 0, 1], "constant", 9)
pad({X}, [1, 1, 2, 0], "reflect")
pad({X}, [1, 1, 2, 0], mode="replicate")
pad({X}, [1, 1, 2, 0], mode="circular")
gather({M}, 1, tensor([[2, 0], [1, 1]]))
scatter({M}, 1, tensor([[2, 0], [1, 0]]), tensor([[7.0, 8.0], [9.0, 1.0]]))
scatter({M}, 0, tensor([[1, 0, 1]]), 5.0)
index_select({M}, 1, tensor([2, 0]))
masked_fill({M}, {M} > 0, -1)
where({M} > 0, {M}, 0.0)
tril({M}, -1)
triu({M}, 1)
diag(tensor([1, 2]), 1)
diag({M}, 1)
nonzero({M} > 0)
unique(tensor([3, 1, 3, 2]), return_inverse=true, return_counts=true)
bincount(tensor([1, 3, 1]), weights=tensor([0.5, 1.0, 2.0]), minlength=6)
bincount(tensor([1, 3, 1]), minlength=6)
exp({M})
log1p({P})
expm1({M})
rsqrt({P})
erf({M})
leaky_relu({M}, 0.2)
elu({M}, 0.5)
gelu({M})
gelu({M}, approximate="tanh")
silu({M})
softplus({M}, 2, 1)
hardtanh({M}, -1.0, 0.6)
clamp({M}, -1, 1)
clamp({M}, max=tensor([0.0, 1.0, 2.0]))
sign({M})
round({M} * 10.37, decimals=1)
floor({M})
ceil({M})
maximum({M}, {P})
isnan({M})
var({M})
var({M}, dim=1, correction=0)
std({M}, 0)
std({M}, dim=[0, 1], keepdim=true)
norm({M})
norm({M}, 1)
norm({M}, 3, 1)
norm({M}, p="fro", dim=0, keepdim=true)
logsumexp({M}, 1)
logsumexp({M}, dim=[0, 1], keepdim=true)
cumsum({M}, 1)
prod({M})
prod({M}, 0, true)
max({M}, 1)
min({M}, dim=0, keepdim=true)
amax({M}, [0, 1])
amin({M}, 1, true)
argmax({M})
argmin({M}, 1, true)
any({M} > 2.5, 1)
all({M} > -2)
topk({M}, 2)
topk({M}, 1, 0, false)
sort({M}, 1, true)
argsort({M}, dim=0)
matmul({M}, {P}.T)
bmm({M}.unsqueeze(0), {P}.T.unsqueeze(0))
outer({M}[0], {P}[1])
dot({M}[0], {P}[1])
einsum("ij,kj->ik", {M}, {P})
einsum("bi,bj->bij", {M}, {P})
cdist({M}, {P})
cdist({M}, {P}, p=1)
linalg_svd({M}, full_matrices=false)[1]
linalg_svd({M})[2].shape
linalg_eigh(matmul({M}, {M}.T))[0]
linalg_inv(matmul({M}, {M}.T))
linear({M}, {P}, tensor([0.1, 0.2]))
conv1d({X}[0], ones(3, 4, 2), tensor([0.1, 0.2, 0.3]), 2, 1)
conv1d({X}[0], ones(4, 2, 2), groups=2, dilation=2, padding=1)
conv2d({X}, {W})
conv2d({X}, {W}, tensor([0.5, 1.0]), stride=2, padding=1)
conv2d({X}, {W}, none, [2, 1], [1, 0], 1, 1)
conv2d({X}, ones(2, 1, 3, 3), padding=1, groups=2)
conv_transpose2d({X}, {W}, none, 2, 1, 1)
conv_transpose2d({X}, {W}, tensor([0.5, 1.0]), stride=[2, 1])
max_pool2d({X}, 2)
max_pool2d({X}, 3, 2, 1)
max_pool2d({X}, [2, 1], ceil_mode=true)
avg_pool2d({X}, 2)
avg_pool2d({X}, 3, 2, 1, false, false)
avg_pool2d({X}, 3, 2, 1, count_include_pad=true, divisor_override=2)
adaptive_avg_pool2d({X}, [3, 2])
batch_norm({M}, zeros(3), ones(3), tensor([1.0, 2.0, 3.0]), tensor([0.1, 0.2, 0.3]))
batch_norm({M}, none, none, training=true)
layer_norm({M}, [3], tensor([1.0, 2.0, 3.0]), tensor([0.1, 0.2, 0.3]))
group_norm({X}, 2, ones(2) * 3)
embedding(tensor([[0, 1], [1, 0]]), {M})
scaled_dot_product_attention({X}, {X}, {X})
scaled_dot_product_attention({X}, {X}, {X}, is_causal=true)
scaled_dot_product_attention({X}, {X}, {X}, ones(4, 4).tril().bool())
scaled_dot_product_attention({X}, {X}, {X}, scale=0.3)
interpolate({X}, [6, 3])
interpolate({X}, scale_factor=2)
interpolate({X}, [6, 7], mode="bilinear")
interpolate({X}, [6, 7], mode="bilinear", align_corners=true)
interpolate({X}, scale_factor=0.5, mode="bilinear")
unfold({X}, 3, 1, 1, 2)
softmax({M}, 1)
softmax({M}, dim=0)
log_softmax({M}, -1)
normalize({M})
normalize({M}, p=1, dim=0)
cosine_similarity({M}, {P})
cosine_similarity({M}, {P}, dim=0)
cross_entropy({M}, tensor([2, 0]))
cross_entropy({M}, tensor([2, 0]), tensor([0.5, 1.0, 2.0]))
cross_entropy({M}, tensor([2, -100]), label_smoothing=0.1)
cross_entropy({M}, tensor([2, 0]), tensor([0.5, 1.0, 2.0]), label_smoothing=0.1)
cross_entropy({M}, {P}, reduction="sum")
cross_entropy({M}, {P}, reduction="none", label_smoothing=0.2)
cross_entropy({X}, tensor([[[0, 1, 1, 0], [0, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 0]]]))
nll_loss({M}, tensor([2, 0]), tensor([0.5, 1.0, 2.0]))
nll_loss({M}, tensor([2, 1]), ignore_index=1, reduction="none")
kl_div({M}.log_softmax(1), {P})
kl_div({M}.log_softmax(1), {P}, reduction="batchmean")
kl_div({M}.log_softmax(1), {P}.log(), reduction="sum", log_target=true)
kl_div({M}.log_softmax(1), {P}, reduction="none")
mse_loss({M}, {P}, reduction="none")
l1_loss({M}, {P}, reduction="sum")
smooth_l1_loss({M}, {P}, beta=0.5)
huber_loss({M}, {P}, reduction="none", delta=0.5)
binary_cross_entropy_with_logits({M}, {P})
binary_cross_entropy_with_logits({M}, {P}, {P}, reduction="sum", pos_weight=tensor([1.0, 2.0, 3.0]))
cosine_embedding_loss({M}, {P}, tensor([1, -1]), margin=0.1)
cosine_embedding_loss({M}, {P}, tensor([1, -1]), reduction="none")
CrossEntropyLoss(weight=tensor([0.5, 1.0, 2.0]), label_smoothing=0.3)({M}, tensor([0, 1]))
NLLLoss(reduction="sum")({M}, tensor([0, 1]))
BCEWithLogitsLoss(pos_weight=tensor([1.0, 2.0, 3.0]))({M}, {P})
CosineEmbeddingLoss(0.3)({M}, {P}, tensor([-1, -1]))
one_hot(tensor([[1, 0], [2, 2]]))
one_hot(tensor([1, 0]), num_classes=4)
tensor([1, 2]) / 2
tensor([7, -7]) // 2
tensor([7, -7]) % 3
tensor([1, 2]).float().mean()
mean({M}, dim=[0, 1])
sum({M}, 0, keepdim=true)
logsumexp(tensor([1000.0, 1000.0]), 0)
KLDivLoss(reduction="batchmean", log_target=true)({M}, {P})
full_like({M}, 2)
zeros_like({M})
ones_like(tensor([1]))
abs({M})
log({P})
sqrt({P})
sin({M})
cos({M})
tanh({M})
sigmoid({M})
relu({M})
minimum({M}, {P})
isinf({M})
isfinite({M})
reshape({M}, [3, 2])
squeeze(ones(1, 2, 1))
squeeze(ones(1, 2, 1), 0)
unsqueeze({M}, 1)
cat([{M}, {P}], 1)
cat([{M}, {P}])
stack([{M}, {P}], -1)
flip({M}, [0, 1])
zeros([2, 1])
ones([2])
tensor([[1, 2], [3, 4]])
dropout({M}, 0.5, false)
MSELoss()({M}, {P})
L1Loss(reduction="none")({M}, {P})
SmoothL1Loss(beta=0.5)({M}, {P})
HuberLoss(delta=0.5)({M}, {P})
"""

# Names are sought where PyTorch has them: in torch.nn.functional first, then in torch.nn, in torch and in torch.linalg.
names = {name: getattr(torch, name) for name in dir(torch)}
names |= {"linalg_" + name: getattr(torch.linalg, name) for name in ["svd", "eigh", "inv"]}
names |= {name: getattr(nn, name) for name in dir(nn) if name.endswith("Loss")}
names |= {name: getattr(F, name) for name in dir(F) if not name.startswith("_") and name != "unique"}
names |= {"true": True, "false": False, "none": None, "sum": torch.sum, "max": torch.max, "min": torch.min}


def plain(value):
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    if isinstance(value, bool):
        return int(value)
    return float(format(value, ".8g")) if isinstance(value, float) else value


lines = []
for case in cases.split("\n"):
    if not case:
        continue
    result = eval(case, dict(names))
    if isinstance(result, torch.Tensor):
        expected = [plain(result), list(result.shape), str(result.dtype).removeprefix("torch.")]
    else:
        expected = [plain(list(result)), 0, 0]
    lines.append(f"{case} => {expected}".replace("'", '"'))
path = pathlib.Path(__file__).resolve().parents[2] / "Tests/BuiltinsTests/TensorReference.swift"
text = "\n".join("    " + line for line in lines)
path.write_text(
    "/// Written by scripts/golden/tensor_library.py.\n"
    f'let tensorReference = #"""\n{text}\n    """#\n'
)
print(len(lines), "cases,", path.stat().st_size, "bytes")
