"""What jupyter_kernel_test does not ask: interrupts, aborted cells, floods, progress, broken messages, speed."""
import queue
import time

from jupyter_client.manager import KernelManager

manager = KernelManager(kernel_name="distill")
begun = time.perf_counter()
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=30)
ready = time.perf_counter() - begun


def run(code, timeout=60, **options):
    """The reply, and what was published for it until idle."""
    identifier = client.execute(code, **options)
    published = []
    while True:
        message = client.get_iopub_msg(timeout=timeout)
        if message["parent_header"].get("msg_id") != identifier:
            continue
        published.append(message)
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            break
    while True:
        reply = client.get_shell_msg(timeout=timeout)
        if reply["parent_header"].get("msg_id") == identifier:
            return reply["content"], published


def text(published, stream="stdout"):
    return "".join(
        m["content"]["text"] for m in published if m["msg_type"] == "stream" and m["content"]["name"] == stream)


reply, published = run("x = 41")
assert reply["status"] == "ok", reply
times = []
for _ in range(50):
    start = time.perf_counter()
    reply, published = run("x + 1")
    times.append(time.perf_counter() - start)
result = [m for m in published if m["msg_type"] == "execute_result"]
assert result[0]["content"]["data"]["text/plain"] == "42", result
print(f"ready after {ready * 1000:.0f} ms, x + 1 in {sorted(times)[25] * 1000:.1f} ms (median of 50)")

# An interrupt ends the cell and keeps what there is.
identifier = client.execute("y = 7\nwhile true { y += 1 }")
time.sleep(0.3)
start = time.perf_counter()
manager.interrupt_kernel()
while True:
    reply = client.get_shell_msg(timeout=10)
    if reply["parent_header"].get("msg_id") == identifier:
        break
waited = time.perf_counter() - start
assert reply["content"]["status"] == "error", reply["content"]
assert waited < 1, waited
print(f"interrupted after {waited * 1000:.0f} ms")
reply, published = run("y > 7")
assert [m for m in published if m["msg_type"] == "execute_result"][0]["content"]["data"]["text/plain"] == "true"

# What waits behind an error is not run, unless the client says so.
first = client.execute('for i in range(3000000) { }\nraise "no"')
second = client.execute("z = 1")
status = {}
while len(status) < 2:
    reply = client.get_shell_msg(timeout=10)
    status[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
assert status == {first: "error", second: "aborted"}, status

# Streams in order, everything before idle.
reply, published = run("for i in range(20000) { print(i) }")
assert text(published).split() == [str(i) for i in range(20000)]

# One display per training, updated.
reply, published = run(
    "train = dataset(\"digits\")\nnet = Sequential(Linear(64, 10))\nrun = fit(net, train, epochs=3)")
kinds = [m["msg_type"] for m in published]
assert kinds.count("display_data") == 1 and "update_display_data" in kinds, kinds
assert not text(published, "stderr")

# Tables as HTML, silent cells, expressions with the reply.
reply, published = run("trials(2, seed => fit(Linear(64, 10), train, epochs=1))")
shown = [m for m in published if m["msg_type"] == "execute_result"][0]["content"]["data"]
assert "<table" in shown["text/html"] and shown["text/plain"], shown
reply, published = run("1 + 1", silent=True)
assert [m["msg_type"] for m in published] == ["status", "status"], published
reply, published = run("a = 5", user_expressions={"twice": "a * 2", "bad": "nothing_there"})
assert reply["user_expressions"]["twice"]["data"]["text/plain"] == "10"
assert reply["user_expressions"]["bad"]["status"] == "error"

# Positions count code points.
client.complete("α = log_softm", 13)
reply = client.get_shell_msg(timeout=10)["content"]
assert (reply["cursor_start"], reply["cursor_end"]) == (4, 13) and "log_softmax" in reply["matches"], reply

# A message that nobody knows gets a reply all the same; a forged one gets none and does no harm.
message = client.session.msg("dance_request", {})
client.shell_channel.send(message)
reply = client.get_shell_msg(timeout=10)
assert reply["msg_type"] == "dance_reply" and reply["content"]["status"] == "error", reply
key = client.session.key
client.session.key = b"wrong"
client.execute("w = 1")
client.session.key = key
try:
    raise AssertionError(client.get_shell_msg(timeout=1))
except queue.Empty:
    pass
reply, published = run("1")
assert reply["status"] == "ok"

client.stop_channels()
manager.shutdown_kernel(now=False)
assert not manager.is_alive()
print("interrupt, abort, flood, progress, tables, expressions, positions, unknown and forged messages: as they should be")
