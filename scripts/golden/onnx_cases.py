"""Writes ONNX's own node tests and networks of PyTorch's exporter for LearningTests, with what goes in and comes out.

usage: python3 scripts/golden/onnx_cases.py [FOLDER]

Without a folder a fixed sample goes to Tests/LearningTests/Fixtures/onnx: one small case of each operator. Each case is
NAME.onnx and NAME.npz with the inputs as in_NAME and the outputs as out_NAME. Only cases with numeric tensors are written: no
text, no sequences, nothing of 8-bit floats or 4-bit integers. All outputs are compared.
"""
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = {np.dtype(k) for k in ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")}
everything = len(sys.argv) > 1
folder = pathlib.Path(sys.argv[1]) if everything else ROOT / "Tests/LearningTests/Fixtures/onnx"
folder.mkdir(parents=True, exist_ok=True)
for old in folder.iterdir():
    old.unlink()


def numeric(value):
    """The array of a value if it is one of numbers (bfloat16 widened, which is exact), else nothing."""
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    if not isinstance(value, (np.ndarray, np.generic)):
        return None
    array = np.asarray(value)
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    return array if array.dtype in KINDS else None


SAMPLE = set((ROOT / "scripts/golden/onnx_sample.txt").read_text().split())
count = 0
for case in collect_testcases(None):
    if case.model is None or not case.data_sets:
        continue
    inputs, outputs = case.data_sets[0]
    inputs, outputs = [numeric(a) for a in inputs], [numeric(a) for a in outputs]
    if not inputs or any(a is None for a in inputs + outputs):
        continue
    if not everything and case.name not in SAMPLE:
        continue
    names = [i.name for i in case.model.graph.input]
    outs = [o.name for o in case.model.graph.output]
    if len(names) != len(inputs):
        continue
    (folder / f"{case.name}.onnx").write_bytes(case.model.SerializeToString())
    arrays = {f"in_{n}": a for n, a in zip(names, inputs)} | {f"out_{n}": a for n, a in zip(outs, outputs)}
    np.savez(folder / f"{case.name}.npz", **arrays)
    count += 1
print(count, "cases in", folder)
