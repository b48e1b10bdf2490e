"""What the scripts share that write programs with their results: the functions of Fixtures/prelude.dist for PyTorch, and the
form of a line, an expression that is both Dist and Python, ` => `, and what PyTorch gives."""

import math
import pathlib
import sys

# The scripts' folder has a file called statistics, which PyTorch looks for elsewhere.
sys.path.remove(str(pathlib.Path(__file__).resolve().parent))

import torch

folder = pathlib.Path(__file__).resolve().parents[2] / "Tests/BuiltinsTests/Fixtures"


def wave(sizes, k=0):
    # Rounded as in float32, so that both sides begin with the same numbers.
    t = torch.arange(math.prod(sizes)).float() * torch.tensor(0.7, dtype=torch.float32) + float(k)
    return t.sin().to(torch.get_default_dtype()).reshape(sizes)


def leaf(x):
    y = x.detach().clone()
    return y.requires_grad_() if y.is_floating_point() else y


def fill(net):
    state, k = net.state_dict(), 0
    for name, t in state.items():
        if t.is_floating_point():
            k += 1
            value = wave(list(t.shape), k) * 0.5
            t.copy_(value.abs() + 0.25 if name.endswith("running_var") else value)
    return net


def flat(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for part in value for t in flat(part)]


def grad_of(x):
    return torch.zeros_like(x).tolist() if x.grad is None else x.grad.tolist()


def flow(outs, leaves):
    flowing = [o for o in outs if o.requires_grad]
    if flowing:
        sum((o * torch.cos(torch.arange(1, o.numel() + 1).double()).reshape(o.shape)).sum() for o in flowing).backward()
    return [o.tolist() for o in outs] + [grad_of(x) for x in leaves if x.requires_grad]


def trial(net, *inputs):
    fill(net)
    leaves = [leaf(x) for x in inputs]
    results = flow(flat(net(*leaves)), leaves)
    return results + [grad_of(p) for p in net.parameters()] + [t.tolist() for name, t in net.state_dict().items() if "running" in name]


def of(f, *inputs):
    leaves = [leaf(x) for x in inputs]
    return flow(flat(f(*leaves)), leaves)


def plain(value, digits=7):
    if isinstance(value, (list, tuple, torch.Size)):
        return [plain(element, digits) for element in value]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return "nan" if math.isnan(value) else "inf" if value == math.inf else "-inf" if value == -math.inf else float(format(value, f".{digits}g"))
    return value


def write(name, lines):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
    print(f"{name}: {len(lines)} cases, {(folder / f'{name}.txt').stat().st_size} bytes")
