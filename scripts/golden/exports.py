"""
Writes the .onnx files of Tests/BuiltinsTests/Fixtures with the built program, and keeps each only if ONNX Runtime gives the
program's outputs to 1e-5. Needs numpy, onnx and onnxruntime:

    python3 scripts/golden/exports.py [program]
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

root = pathlib.Path(__file__).resolve().parents[2]
program = sys.argv[1] if len(sys.argv) > 1 else str(root / ".build/debug/distill")
folder = root / "Tests/BuiltinsTests/Fixtures"
source = (folder / "exports.dist").read_text()
for name in ["perceptron", "convolution", "sequence", "scripted", "statistics"]:
    with tempfile.TemporaryDirectory() as work:
        script = f"""{source}
net = export("{name}", "{work}/net.onnx")
net.eval()
shape = if type(inputs["{name}"]) == "list" {{ [3] + inputs["{name}"] }} else {{ [3, 5] }}
x = if type(inputs["{name}"]) == "list" {{ randn(shape) }} else {{ randint(0, 5, shape) }}
save({{"x": x, "y": net(x)}}, "{work}/values.npz")
"""
        path = pathlib.Path(work) / "script.dist"
        path.write_text(script)
        subprocess.run([program, "run", str(path)], check=True)
        values = np.load(f"{work}/values.npz")
        model = pathlib.Path(f"{work}/net.onnx")
        onnx.checker.check_model(onnx.load(str(model)), full_check=True)
        found = onnxruntime.InferenceSession(str(model)).run(None, {"input": values["x"]})[0]
        np.testing.assert_allclose(found, values["y"], rtol=1e-5, atol=1e-5)
        (folder / f"{name}.onnx").write_bytes(model.read_bytes())
        print(f"{name}.onnx, {model.stat().st_size} bytes")
