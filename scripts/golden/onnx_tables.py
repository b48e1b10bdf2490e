"""Writes models of scikit-learn as ONNX for LearningTests, with what goes in and what ONNX Runtime says.

usage: python3 scripts/golden/onnx_tables.py [FOLDER]

Without a folder small ones go to Tests/LearningTests/Fixtures/onnx-tables. Each is NAME.onnx and NAME.npz with the input as in_X
and the outputs that are tensors of numbers as out_NAME; of tables of class and probability the numbers. Needs scikit-learn,
skl2onnx and onnxruntime.
"""
import pathlib
import sys
import warnings

import numpy as np
import onnxruntime
from sklearn.ensemble import (AdaBoostClassifier, ExtraTreesClassifier, GradientBoostingClassifier, GradientBoostingRegressor,
                              RandomForestClassifier, RandomForestRegressor)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, MinMaxScaler, Normalizer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skl2onnx import to_onnx

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "Tests/LearningTests/Fixtures/onnx-tables"
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(0)
x = rng.standard_normal((120, 5)).astype(np.float32)
three = rng.integers(0, 3, 120)
two = (x[:, 0] + 0.3 * x[:, 1] > 0).astype(int)
named = np.array(["a", "b", "c"])[three]
models = {
    "forest_three": (RandomForestClassifier(4, max_depth=4, random_state=0), three),
    "forest_two": (RandomForestClassifier(4, max_depth=4, random_state=0), two),
    "forest_named": (ExtraTreesClassifier(3, max_depth=4, random_state=0), named),
    "tree": (DecisionTreeClassifier(max_depth=5, random_state=0), three),
    "boosted_two": (GradientBoostingClassifier(n_estimators=4, random_state=0), two),
    "boosted_three": (GradientBoostingClassifier(n_estimators=4, random_state=0), three),
    "forest_regressor": (RandomForestRegressor(4, max_depth=4, random_state=0), x[:, 0]),
    "boosted_regressor": (GradientBoostingRegressor(n_estimators=4, random_state=0), x[:, 0]),
    "logistic_two": (LogisticRegression(), two),
    "logistic_three": (make_pipeline(StandardScaler(), LogisticRegression()), three),
    "sgd": (make_pipeline(Normalizer("l1"), SGDClassifier(loss="log_loss", random_state=0)), two),
    "linear": (make_pipeline(SimpleImputer(), Normalizer(), LinearRegression()), x[:, 1]),
    "ridge": (make_pipeline(Binarizer(threshold=0.1), Ridge()), np.stack([x[:, 1], x[:, 2]], 1)),
    "perceptron": (make_pipeline(MinMaxScaler(), MLPClassifier((8,), max_iter=50, random_state=0)), three),
}
for name, (model, y) in models.items():
    model.fit(x, y)
    onnx_model = to_onnx(model, x[:1], target_opset={"": 17, "ai.onnx.ml": 3})
    (folder / f"{name}.onnx").write_bytes(onnx_model.SerializeToString())
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString(), providers=["CPUExecutionProvider"])
    seen = x[:20] + 0.01
    if name == "linear":
        seen[::3, 1] = np.nan
    arrays = {"in_X": seen}
    for port, value in zip(session.get_outputs(), session.run(None, {"X": seen})):
        if isinstance(value, list):
            value = np.array([list(row.values()) for row in value], np.float32)
        if value.dtype.kind in "fi":
            arrays["out_" + port.name] = value
    np.savez(folder / f"{name}.npz", **arrays)
print(len(models), "models in", folder)
