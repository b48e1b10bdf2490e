"""A client of the language server: what it asks of a whole session, and how long the answers take on 5,000 lines."""

import json
import statistics
import subprocess
import sys
import time

URI = "file:///nowhere/long.dist"


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.count = 0

    def send(self, message):
        body = json.dumps(dict(jsonrpc="2.0", **message)).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()) != b"":
            name, value = line.split(b":")
            assert name == b"Content-Length"
            length = int(value)
        assert length > 0, "the server is gone"
        return json.loads(self.process.stdout.read(length))

    def ask(self, method, **parameters):
        self.count += 1
        self.send(dict(id=self.count, method=method, params=parameters))
        while (answer := self.receive()).get("id") != self.count:
            pass
        assert "result" in answer, answer
        return answer["result"]

    def tell(self, method, **parameters):
        self.send(dict(method=method, params=parameters))

    def findings(self):
        while (message := self.receive()).get("method") != "textDocument/publishDiagnostics":
            pass
        return message["params"]["diagnostics"]


def milliseconds(times):
    return f"{statistics.median(times) * 1e3:.1f} ms, at worst {max(times) * 1e3:.1f} ms"


cell = "# %% Part {0}\nw{0} = randn(4, 3)\nfn f{0}(x, scale=2) {{\n    y = x @ w{0}\n    softmax(y * scale, dim=-1)\n}}\n"
cell += "net{0} = Sequential(\n    Linear(4, 8),\n    ReLU(),\n    Linear(8, 3)\n)\nout{0} = f{0}(randn(2, 4), scale=3)\n"
text = "".join(cell.format(number) for number in range(417))
lines = text.count("\n")
file = dict(uri=URI)

server = Server(sys.argv[1])
offered = server.ask("initialize", processId=None, rootUri=None, capabilities=dict(general=dict(positionEncodings=["utf-16"])))
assert offered["capabilities"]["positionEncoding"] == "utf-16"
server.tell("initialized")
start = time.perf_counter()
server.tell("textDocument/didOpen", textDocument=dict(uri=URI, languageId="dist", version=1, text=text))
assert server.findings() == []
print(f"{lines} lines opened and checked: {(time.perf_counter() - start) * 1e3:.0f} ms")

# Keys in the middle: a name is typed and taken back.
line = lines // 2 // 12 * 12 + 11
keys, words = [], []
for number in range(20):
    start = time.perf_counter()
    end = dict(line=line, character=0)
    change = dict(range=dict(start=end, end=end), text="nowhere\n")
    server.tell("textDocument/didChange", textDocument=dict(uri=URI, version=2), contentChanges=[change])
    found = server.findings()
    keys.append(time.perf_counter() - start)
    assert [one["message"].split(" ")[0] for one in found] == ["nowhere"], found
    assert found[0]["range"]["start"] == end, found
    start = time.perf_counter()
    items = server.ask("textDocument/completion", textDocument=file, position=dict(line=line, character=2))["items"]
    words.append(time.perf_counter() - start)
    back = dict(range=dict(start=end, end=dict(line=line + 1, character=0)), text="")
    server.tell("textDocument/didChange", textDocument=dict(uri=URI, version=3), contentChanges=[back])
    assert server.findings() == []
print("errors after a key:", milliseconds(keys))
print("completion:", milliseconds(words))

places = server.ask(
    "textDocument/references", textDocument=file, position=dict(line=2, character=3), context=dict(includeDeclaration=True))
assert [one["range"]["start"]["line"] for one in places] == [2, 11], places
tokens = server.ask("textDocument/semanticTokens/full", textDocument=file)["data"]
assert len(tokens) % 5 == 0 and len(tokens) > 5 * lines
cells = server.ask("textDocument/documentSymbol", textDocument=file)
assert [cell["name"] for cell in cells[:2]] == ["Part 0", "Part 1"] and len(cells) == 417
folds = server.ask("textDocument/foldingRange", textDocument=file)
assert len(folds) == 3 * 417, len(folds)
assert server.ask("shutdown") is None
server.tell("exit")
assert server.process.wait(10) == 0
print("all answers as they should be")
