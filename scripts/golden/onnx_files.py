"""Writes small models of ONNX for the tests: one with several outputs, one with an operator that is not read.

usage: python3 scripts/golden/onnx_files.py
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/DataTests/Fixtures"


def port(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


weight = numpy_helper.from_array(np.array([[1, 2], [2, -1], [3, -1]], np.float32), "head.weight")
axes = numpy_helper.from_array(np.array([2], np.int64), "axes")
graph = helper.make_graph(
    [helper.make_node("Unsqueeze", ["x", "axes"], ["hidden"]), helper.make_node("MatMul", ["x", "head.weight"], ["scores"])],
    "two", [port("x", "batch", 3)], [port("hidden", "batch", 3, 1), port("scores", "batch", 2)], [weight, axes])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
(OUT / "outputs.onnx").write_bytes(model.SerializeToString())

graph = helper.make_graph(
    [helper.make_node("Bernoulli", ["x"], ["y"], name="coin")], "unread", [port("x", 2)], [port("y", 2)])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
(OUT / "unread.onnx").write_bytes(model.SerializeToString())
