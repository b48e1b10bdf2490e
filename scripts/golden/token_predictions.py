"""What a language model says of the tokens of three texts, in the layouts of servers and frameworks, and the loss of a student
beside it: Tests/DistillationTests/Fixtures/tokens.

    python3 scripts/golden/token_predictions.py
"""
import json
import pathlib

import torch

place = pathlib.Path(__file__).resolve().parents[2] / "Tests/DistillationTests/Fixtures/tokens"
place.mkdir(exist_ok=True)
torch.manual_seed(3)
lengths, vocabulary, longest = [5, 3, 4], 7, 5
x, weight = torch.randn(3, longest, 4), torch.randn(vocabulary, 4)
logs = (2 * torch.randn(3, longest, vocabulary)).log_softmax(-1)
q = (x @ weight.T).log_softmax(-1)


def top(text, position):
    """Two or three classes of a position."""
    values, tokens = logs[text, position].topk(2 + (text + position) % 2)
    return tokens.tolist(), values.tolist()


def bucket(text, position):
    tokens, values = top(text, position)
    p, own = torch.tensor(values, dtype=torch.float64).exp(), q[text, position].double()
    tail, rest = 1 - p.sum(), 1 - own[tokens].exp().sum()
    return ((p * (p.log() - own[tokens])).sum() + tail * (tail.log() - rest.log())).item()


def mean(positions):
    losses = [bucket(text, position) for text, known in enumerate(positions) for position in known]
    return sum(losses) / len(losses)


# vLLM: what is said of token i stands behind i − 1 tokens, and of the first nothing.
with open(place / "vllm.jsonl", "w") as file:
    for text, length in enumerate(lengths):
        row = [None] + [
            [{"token": f"token_id:{t}", "logprob": v} for t, v in zip(*top(text, position))] for position in range(length - 1)]
        file.write(json.dumps({"id": f"text{text}", "prompt_logprobs": row}) + "\n")
with open(place / "probabilities.jsonl", "w") as file:
    for text, length in enumerate(lengths):
        tokens = [top(text, position) for position in range(length)]
        file.write(json.dumps([dict(zip(map(str, t), torch.tensor(v, dtype=torch.float64).exp().tolist())) for t, v in tokens]) + "\n")
(place / "probabilities.json").write_text(
    "[" + ",\n".join((place / "probabilities.jsonl").read_text().splitlines()) + "]\n")
prompt, items = 2, []
for text, length in enumerate(lengths):
    known = [top(text, position) for position in range(prompt - 1, length - 1)]
    items.append({
        "full_ids": list(range(length)), "prompt_len": prompt,
        "indices": torch.tensor([(t + [-1])[:3] for t, _ in known]), "values": torch.tensor([(v + [-float("inf")])[:3] for _, v in known])})
torch.save({"items": items}, place / "items.pt")
(place / "expected.json").write_text(json.dumps({
    "x": x.tolist(), "weight": weight.tolist(),
    "vllm.jsonl": mean([range(length - 1) for length in lengths]),
    "probabilities.jsonl": mean([range(length) for length in lengths]),
    "probabilities.json": mean([range(length) for length in lengths]),
    "items.pt": mean([range(prompt - 1, length - 1) for length in lengths]),
}) + "\n")
