"""Writes Tests/DistillationTests/Fixtures/statistics.json: paired t tests by SciPy, CKA by NumPy, PCA by scikit-learn."""
import json, pathlib
import numpy as np
from scipy import stats
from sklearn.decomposition import PCA

rng = np.random.default_rng(0)
out = {"tests": [], "t": [], "cka": [], "pca": [], "correlation": []}

for n, shift, spread in [(2, 0.1, 1), (3, 0, 1), (5, 0.02, 0.01), (5, -0.5, 1), (10, 0.3, 0.3), (40, 0.01, 0.2), (3, 5, 1e-3), (6, -0.4, 0.1)]:
    a = rng.normal(0.9, 0.05, n)
    b = a - rng.normal(shift, spread, n)
    result = stats.ttest_rel(a, b)
    for level in [0.05, 0.01]:
        low, high = result.confidence_interval(1 - level)
        out["tests"].append({"a": a.tolist(), "b": b.tolist(), "level": level, "p": result.pvalue, "low": low, "high": high})

for degrees in [1, 2, 3, 4, 9, 29, 100, 1000]:
    for t in [0, 0.1, 1, 2, 3.5, 10, 60]:
        out["t"].append({"degrees": degrees, "t": t, "p": 2 * stats.t.sf(t, degrees)})


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


for n, p, q in [(12, 4, 3), (6, 10, 8), (20, 3, 3)]:
    x, y = rng.normal(size=(n, p)), rng.normal(size=(n, q))
    y[:, :2] += 2 * x[:, :2]
    out["cka"].append({"x": x.tolist(), "y": y.tolist(), "value": cka(x, y)})

for n, d, k in [(10, 4, 2), (5, 8, 3)]:
    x = rng.normal(size=(n, d)) * np.arange(1, d + 1)
    out["pca"].append({"x": x.tolist(), "k": k, "scores": PCA(k, svd_solver="full").fit_transform(x).tolist()})

t, s = rng.normal(size=(15, 4)), rng.normal(size=(15, 4))
out["correlation"].append({"t": t.tolist(), "s": s.tolist(), "value": (np.corrcoef(t.T) - np.corrcoef(s.T)).tolist()})

path = pathlib.Path(__file__).parents[2] / "Tests/DistillationTests/Fixtures/statistics.json"
path.write_text(json.dumps(out) + "\n")
