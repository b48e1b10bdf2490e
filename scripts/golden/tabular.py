"""A table with a tree ensemble's probabilities, for examples/tabular.dist: writes examples/data/tabular-*.csv.

    python scripts/golden/tabular.py

Needs scikit-learn. The table is the Wisconsin diagnostic breast cancer data that scikit-learn carries; the teacher is a
random forest, whose probabilities of the training rows are those of the trees that did not see them (out of bag).
"""

import pathlib

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

folder = pathlib.Path(__file__).parents[2] / "examples/data"
data = load_breast_cancer()
names = [name.replace(" ", "_") for name in data.feature_names]
words = np.array(["malignant", "benign"])[data.target]
x_train, x_test, y_train, y_test = train_test_split(data.data, words, test_size=0.3, random_state=0, stratify=words)
forest = RandomForestClassifier(300, oob_score=True, random_state=0, n_jobs=1).fit(x_train, y_train)
classes = list(forest.classes_)


def write(name, header, rows):
    lines = [",".join(header)] + [",".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row) for row in rows]
    (folder / name).write_text("\n".join(lines) + "\n")


write("tabular-train.csv", names + ["diagnosis"], [list(map(float, r)) + [l] for r, l in zip(x_train, y_train)])
write("tabular-test.csv", names + ["diagnosis"], [list(map(float, r)) + [l] for r, l in zip(x_test, y_test)])
# A probability of exactly 0 or 1 is one of few trees; a tree more of each kind keeps the logarithm finite.
trees = 300 * 0.37
smooth = (forest.oob_decision_function_ * trees + 1) / (trees + 2)
write("tabular-teacher.csv", [f"p_{c}" for c in classes], smooth.tolist())
write("tabular-teacher-test.csv", [f"p_{c}" for c in classes], forest.predict_proba(x_test).tolist())
print("forest: out of bag", forest.oob_score_, "test", forest.score(x_test, y_test), classes)
