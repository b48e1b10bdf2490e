"""Values of metrics by scikit-learn, SciPy, NumPy and seqeval: writes Tests/LearningTests/Fixtures/metrics.json.

    python scripts/golden/metrics.py

Needs numpy, scipy, scikit-learn and seqeval. Each case has a task, outputs and targets as nested lists (null is unknown)
and the values that the metrics must have.
"""

import json
import pathlib

import numpy as np
import scipy.stats
import sklearn.metrics as sk
from seqeval.metrics import f1_score as span_f1

rng = np.random.default_rng(7)
cases = []


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def plain(x):
    x = np.asarray(x)
    if x.dtype.kind == "f":
        flat = [None if np.isnan(v) else float(v) for v in x.ravel()]
    else:
        flat = [int(v) for v in x.ravel()]
    return {"shape": list(x.shape), "values": flat, "float": x.dtype.kind == "f"}


def calibration(confidence, right, bins=15):
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def averages(values, name, function, *arguments, kinds=("macro", "micro", "weighted"), **options):
    for kind in kinds:
        values[f"{name}_{kind}"] = function(*arguments, average=kind, zero_division=0, **options)
    values[f"{name}_per_class"] = list(function(*arguments, average=None, zero_division=0, **options))


def classes(name, z, y, task="classes", ignore=None, class_names=None):
    """Logits [R, K] with labels [R]: what is ignored is left out."""
    kept = np.ones(len(y), bool) if ignore is None else y != ignore
    zk, yk = z[kept], y[kept]
    p, c = softmax(zk), zk.argmax(axis=1)
    k = z.shape[1]
    one_hot = np.eye(k)[yk]
    values = {
        "accuracy": sk.accuracy_score(yk, c),
        "balanced_accuracy": sk.balanced_accuracy_score(yk, c),
        "matthews_corrcoef": sk.matthews_corrcoef(yk, c),
        "cohen_kappa": sk.cohen_kappa_score(yk, c),
        "hamming": sk.hamming_loss(yk, c),
        "nll": sk.log_loss(yk, p, labels=range(k)),
        "perplexity": np.exp(sk.log_loss(yk, p, labels=range(k))),
        "brier": ((p - one_hot) ** 2).sum(axis=1).mean(),
        "ece": calibration(p.max(axis=1), c == yk),
        "top2": sk.top_k_accuracy_score(yk, zk, k=2, labels=range(k)) if k > 2 else 1.0,
        "precision": sk.precision_score(yk, c, average="macro", zero_division=0),
        "f1": sk.f1_score(yk, c, average="macro", zero_division=0),
        "miou": sk.jaccard_score(yk, c, average="macro", zero_division=0),
        "dice": sk.f1_score(yk, c, average="macro", zero_division=0),
    }
    present = set(yk) | set(c)
    if len(present) == k:
        for metric, function in [
            ("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score),
            ("iou", sk.jaccard_score),
        ]:
            averages(values, metric, function, yk, c)
    if len(set(yk)) == k:
        areas = [sk.roc_auc_score(yk == j, p[:, j]) for j in range(k)]
        values["auroc"] = np.mean(areas)
        values["auroc_per_class"] = areas
        precisions = [sk.average_precision_score(yk == j, p[:, j]) for j in range(k)]
        values["average_precision"] = np.mean(precisions)
        values["average_precision_weighted"] = np.average(precisions, weights=one_hot.sum(axis=0))
    return values


def add(name, task, z, y, values, **options):
    values = {key: ([float(v) for v in value] if isinstance(value, list) else float(value)) for key, value in values.items()}
    cases.append({"name": name, "task": task, "outputs": plain(z), "y": plain(y), "values": values, **options})


# One class among several.
z, y = rng.normal(size=(60, 4)) * 2, rng.integers(0, 4, 60)
z[np.arange(60), y] += 1.0
add("four classes", "classes", z, y, classes("", z, y))
y = y.copy()
y[::7] = -100
add("rows without a label", "classes", z, y, classes("", z, y, ignore=-100))
y2 = np.where(y == -100, 255, y)
add("ignore_index 255", "classes", z, y2, classes("", z, y2, ignore=255), ignore_index=255)
y3 = np.where(np.arange(60) % 2 == 0, 0, 2)
add("classes that do not occur", "classes", z, y3, classes("", z, y3))
z2, y4 = rng.normal(size=(40, 2)), rng.integers(0, 2, 40)
add("two classes", "classes", z2, y4, classes("", z2, y4))

# Distributions.
q = rng.dirichlet(np.ones(3), 30)
z = rng.normal(size=(30, 3))
p = softmax(z)
add("distributions", "probabilities", z, q, {
    "accuracy": sk.accuracy_score(q.argmax(axis=1), z.argmax(axis=1)),
    "nll": -(q * np.log(p)).sum(axis=1).mean(),
    "brier": ((p - q) ** 2).sum(axis=1).mean(),
    "f1": sk.f1_score(q.argmax(axis=1), z.argmax(axis=1), average="macro", zero_division=0),
})


def binary(z, y):
    c, p = (z > 0).astype(int), sigmoid(z)
    return {
        "accuracy": sk.accuracy_score(y, c), "precision": sk.precision_score(y, c), "recall": sk.recall_score(y, c),
        "f1": sk.f1_score(y, c), "specificity": sk.recall_score(y, c, pos_label=0),
        "balanced_accuracy": sk.balanced_accuracy_score(y, c), "matthews_corrcoef": sk.matthews_corrcoef(y, c),
        "cohen_kappa": sk.cohen_kappa_score(y, c), "auroc": sk.roc_auc_score(y, z),
        "average_precision": sk.average_precision_score(y, z), "nll": sk.log_loss(y, p), "brier": sk.brier_score_loss(y, p),
        "iou": sk.jaccard_score(y, c), "f1_macro": sk.f1_score(y, c, average="macro"),
        "f1_micro": sk.f1_score(y, c, average="micro"), "f1_weighted": sk.f1_score(y, c, average="weighted"),
        "f1_per_class": list(sk.f1_score(y, c, average=None)),
        "ece": calibration(np.maximum(p, 1 - p), c == y),
    }


y = (rng.random(80) < 0.2).astype(int)
z = rng.normal(size=80) + 1.5 * y - 0.5
z[10:14] = z[20]
add("one logit [N]", "binary", z, y, binary(z, y))
add("one logit [N, 1]", "binary", z[:, None], y[:, None], binary(z, y))
yf = y.astype(float)
yf[::9] = np.nan
kept = ~np.isnan(yf)
add("one logit, labels missing", "binary", z, yf, binary(z[kept], y[kept]))

# Several labels, some unknown.
y = (rng.random((50, 3)) < 0.4).astype(int)
z = rng.normal(size=(50, 3)) + 1.5 * y - 0.7


def several(z, y, known):
    c, p = (z > 0).astype(int), sigmoid(z)
    def each(function, scores):
        return [function(y[known[:, j], j], scores[known[:, j], j]) for j in range(y.shape[1])]
    f1 = each(sk.f1_score, c)
    rows = known.any(axis=1)
    return {
        "accuracy": (c == y)[known].mean(), "hamming": (c != y)[known].mean(),
        "f1": np.mean(f1), "f1_per_class": f1, "f1_micro": sk.f1_score(y[known], c[known]),
        "recall": np.mean(each(sk.recall_score, c)), "precision": np.mean(each(sk.precision_score, c)),
        "auroc": np.mean(each(sk.roc_auc_score, z)), "average_precision": np.mean(each(sk.average_precision_score, z)),
        "auroc_micro": sk.roc_auc_score(y[known], z[known]),
        "subset_accuracy": ((c == y) | ~known).all(axis=1)[rows].mean(),
        "nll": sk.log_loss(y[known], p[known]), "brier": ((p - y) ** 2)[known].mean(),
    }


known = np.ones_like(y, bool)
full = several(z, y, known)
full["f1_weighted"] = sk.f1_score(y, (z > 0).astype(int), average="weighted")
full["subset_accuracy"] = sk.accuracy_score(y, (z > 0).astype(int))
full["hamming"] = sk.hamming_loss(y, (z > 0).astype(int))
add("several labels", "multilabel", z, y, full)
known = rng.random(y.shape) < 0.8
known[3] = False
add("several labels, some -1", "multilabel", z, np.where(known, y, -1), several(z, y, known))
add("several labels, some nan", "multilabel", z, np.where(known, y, np.nan), several(z, y, known))

# Pixels [N, K, H, W] and tokens [N, L, K].
z = rng.normal(size=(3, 4, 5, 6))
y = rng.integers(0, 4, (3, 5, 6))
y[0, 0] = 255
flat = z.transpose(0, 2, 3, 1).reshape(-1, 4)
values = classes("", flat, y.ravel(), ignore=255)
values["pixel_accuracy"] = values["accuracy"]
add("pixels", "positions", z, y, values, ignore_index=255)
names = ["O", "B-a", "I-a", "B-b", "I-b"]
z = rng.normal(size=(6, 7, 5))
y = rng.integers(0, 5, (6, 7))
z[np.arange(6)[:, None], np.arange(7), y] += 1.5
mask = np.arange(7)[None, :] < np.array([7, 3, 1, 5, 7, 2])[:, None]
flat, labels = z[mask], y[mask]
values = classes("", flat, labels)
values["token_accuracy"] = values["accuracy"]
values["span_f1"] = span_f1(
    [[names[t] for t in row[m]] for row, m in zip(y, mask)],
    [[names[t] for t in row[m]] for row, m in zip(z.argmax(axis=2), mask)])
add("tokens with a mask", "positions", z, y, values, mask=plain(mask.astype(int)), classes=names)
add("classes in dimension 1", "positions", z.transpose(0, 2, 1), y, {
    k: v for k, v in classes("", z.reshape(-1, 5), y.ravel()).items()}, class_dim=1)


# Numbers.
def numbers(z, y):
    return {
        "mse": sk.mean_squared_error(y, z), "mae": sk.mean_absolute_error(y, z),
        "rmse": sk.root_mean_squared_error(y, z), "r2": sk.r2_score(y, z),
        "spearman": np.mean([scipy.stats.spearmanr(y[:, j], z[:, j]).statistic for j in range(y.shape[1])]),
        "pearson_correlation": np.mean([scipy.stats.pearsonr(y[:, j], z[:, j]).statistic for j in range(y.shape[1])]),
    }


y = rng.normal(size=(40, 1)) * 3 + 1
z = y + rng.normal(size=(40, 1))
add("one number", "numbers", z, y[:, 0], numbers(z, y))
y = rng.normal(size=(40, 3)) * np.array([1, 100, 0.01])
z = y + rng.normal(size=(40, 3)) * np.array([0.5, 20, 0.02])
z[:5, 0] = z[6, 0]
add("three numbers", "numbers", z, y, numbers(z, y) | {"r2_per_class": list(sk.r2_score(y, z, multioutput="raw_values"))})
add("constant targets, exact", "numbers", np.full((4, 1), 3.0), np.full((4, 1), 3.0), {"r2": 1.0, "mse": 0.0})
add("constant targets, not exact", "numbers", np.arange(4.0)[:, None], np.full((4, 1), 3.0),
    {"r2": sk.r2_score(np.full(4, 3.0), np.arange(4.0))})
missing = y.copy()
missing[::3, 1] = np.nan
columns = [~np.isnan(missing[:, j]) for j in range(3)]
add("three numbers, some missing", "numbers", z, missing, {
    "r2": np.mean([sk.r2_score(y[k, j], z[k, j]) for j, k in enumerate(columns)]),
    "rmse": np.mean([sk.root_mean_squared_error(y[k, j], z[k, j]) for j, k in enumerate(columns)]),
    "mse": np.nanmean((z - missing) ** 2), "mae": np.nanmean(np.abs(z - missing)),
})
y = rng.normal(size=(4, 5))
z = (y + rng.normal(size=(4, 5)))[:, :, None]
mask = np.arange(5)[None, :] < np.array([5, 2, 4, 1])[:, None]
add("sequences of numbers with a mask", "numbers", z, np.where(mask, y, 100.0), numbers(z[mask], y[mask][:, None]),
    mask=plain(mask.astype(int)))

# Orders.
y = rng.integers(0, 3, (10, 8)).astype(float)
z = y + rng.normal(size=(10, 8))
z[0, :4] = 0.5


def reciprocal(z, y):
    order = np.argsort(-z, kind="stable")
    return 1 / (1 + np.argmax(y[order] > 0))


def recall(z, y, k):
    return (y[np.argsort(-z, kind="stable")[:k]] > 0).sum() / (y > 0).sum()


add("orders", "ranking", z, y, {
    "ndcg": sk.ndcg_score(y, z), "ndcg_at_3": sk.ndcg_score(y, z, k=3),
    "mrr": np.mean([reciprocal(a, b) for a, b in zip(z, y)]),
    "recall_at_3": np.mean([recall(a, b, 3) for a, b in zip(z, y)]),
    "spearman": np.mean([scipy.stats.spearmanr(a, b).statistic for a, b in zip(z, y)]),
})

path = pathlib.Path(__file__).parents[2] / "Tests/LearningTests/Fixtures/metrics.json"
path.write_text(json.dumps(cases, indent=None, separators=(",", ":")) + "\n")
print(path, len(cases), "cases")
