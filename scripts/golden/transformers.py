#!/usr/bin/env python3
"""Writes Tests/BuiltinsTests/Fixtures/transformers: small encoders as the library `transformers` saves them, and what it
computes with them; with all-MiniLM-L6-v2 at hand also the vectors that it gives sentences, and names and shapes of it.

usage: scripts/golden/transformers.py [FOLDER OF all-MiniLM-L6-v2]
needs: torch, transformers, tokenizers
"""
import json
import os
import shutil
import sys
import types

HERE = os.path.dirname(os.path.realpath(__file__))
# This file has the library's name.
sys.path = [place for place in sys.path if os.path.realpath(place or ".") != HERE]
# Operators that only a torchvision built for this very PyTorch would register; no encoder needs them.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import torch
from transformers import (
    AutoModel, BertConfig, BertForMaskedLM, BertForSequenceClassification, BertForTokenClassification, BertModel, DistilBertConfig,
    DistilBertForMaskedLM, DistilBertForSequenceClassification, DistilBertForTokenClassification, DistilBertModel, GPT2Config,
    GPT2LMHeadModel, RobertaConfig,
    RobertaForMaskedLM, RobertaForSequenceClassification, RobertaForTokenClassification, RobertaModel)

OUT = os.path.join(HERE, "..", "..", "Tests", "BuiltinsTests", "Fixtures", "transformers")
SENTENCES = ["Hello, world!", "", "A student network learns from a teacher.", "Wheat prices rose as exports of grain fell.",
             "日本語 café 😀", "word " * 60]


def rounded(x):
    return [round(v, 6) for v in x.flatten().tolist()]


def pooled(h, mask):
    """sentence-transformers' pooling, from its formulas."""
    m = mask.unsqueeze(-1).float()
    total = (h * m).sum(1)
    return {"cls": h[:, 0], "mean": total / m.sum(1).clamp(min=1e-9), "mean_sqrt_len": total / m.sum(1).clamp(min=1e-9).sqrt(),
            "max": torch.where(m == 0, torch.tensor(-1e9), h).max(1).values}


def write(name, model, ids, mask, types=None):
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    model.eval()
    for parameter in model.parameters():
        # Scales, shifts and biases are 1 and 0 at first: they would hide behind each other.
        parameter.data += 0.1 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    arguments = dict(input_ids=ids, attention_mask=mask)
    if types is not None:
        arguments["token_type_ids"] = types
    with torch.no_grad():
        h = getattr(model, model.base_model_prefix, model)(**arguments).last_hidden_state
    counted = h * mask.unsqueeze(-1)
    answers = {"ids": ids.tolist(), "mask": mask.tolist(), "types": None if types is None else types.tolist(),
               "hidden": rounded(counted), **{k: rounded(v) for k, v in pooled(h, mask).items()},
               "normalized": rounded(torch.nn.functional.normalize(pooled(h, mask)["mean"], dim=1))}
    with open(os.path.join(folder, "answers.json"), "w") as file:
        json.dump(answers, file)


def heads():
    """Networks with heads: what they say of padded texts, padding counted out."""
    torch.manual_seed(5)
    ids = torch.randint(2, 20, (2, 6))
    mask = torch.tensor([[1] * 6, [1] * 4 + [0] * 2])
    labels = dict(num_labels=3, id2label={0: "low", 1: "mid", 2: "high"}, label2id={"low": 0, "mid": 1, "high": 2})
    small = dict(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12)
    configs = {
        "bert": BertConfig(**small, max_position_embeddings=8, **labels),
        "roberta": RobertaConfig(**small, max_position_embeddings=10, pad_token_id=1, type_vocab_size=1, **labels),
        "distilbert": DistilBertConfig(vocab_size=20, dim=8, n_layers=1, n_heads=2, hidden_dim=12, max_position_embeddings=8, **labels)}
    kinds = {"sequence": (BertForSequenceClassification, RobertaForSequenceClassification, DistilBertForSequenceClassification),
             "tokens": (BertForTokenClassification, RobertaForTokenClassification, DistilBertForTokenClassification),
             "masked_lm": (BertForMaskedLM, RobertaForMaskedLM, DistilBertForMaskedLM)}
    for head, classes in kinds.items():
        for (kind, config), make in zip(configs.items(), classes):
            model = make(config).eval()
            for parameter in model.parameters():
                parameter.data += 0.1 * torch.randn_like(parameter)
            folder = os.path.join(OUT, "heads", f"{kind}-{head}")
            model.save_pretrained(folder)
            own = ids.where(mask == 1, torch.tensor(1)) if kind == "roberta" else ids
            with torch.no_grad():
                logits = model(input_ids=own, attention_mask=mask).logits
            if logits.ndim == 3:
                logits = logits * mask.unsqueeze(-1)
            with open(os.path.join(folder, "answers.json"), "w") as file:
                json.dump({"ids": own.tolist(), "mask": mask.tolist(), "logits": rounded(logits)}, file)


def language_model():
    """A small GPT-2: its logits, its loss, and what it writes when it takes the likeliest token."""
    torch.manual_seed(6)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=20, n_positions=16, n_embd=8, n_layer=2, n_head=2, bos_token_id=None, eos_token_id=None)).eval()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    folder = os.path.join(OUT, "gpt2")
    model.save_pretrained(folder)
    ids, mask = torch.randint(0, 20, (2, 7)), torch.tensor([[1] * 7, [1] * 5 + [0] * 2])
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask).logits * mask.unsqueeze(-1)
        loss = model(input_ids=ids, labels=ids.masked_fill(mask == 0, -100)).loss.item()
        written = model.generate(torch.tensor([[3, 5]]), max_new_tokens=9, do_sample=False, pad_token_id=0)[0].tolist()
    with open(os.path.join(folder, "answers.json"), "w") as file:
        json.dump({"ids": ids.tolist(), "mask": mask.tolist(), "logits": rounded(logits), "loss": loss, "written": written}, file)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    torch.manual_seed(3)
    ids = torch.randint(2, 40, (3, 7))
    mask = torch.tensor([[1] * 7, [1, 1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0]])
    types = torch.randint(0, 2, (3, 7))
    small = dict(vocab_size=40, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20)
    write("bert", BertModel(BertConfig(**small, max_position_embeddings=9)), ids, mask, types)
    write("bert-tanh", BertForSequenceClassification(BertConfig(**small, max_position_embeddings=9, hidden_act="gelu_new")), ids, mask)
    write("distilbert", DistilBertModel(DistilBertConfig(vocab_size=40, dim=12, n_layers=2, n_heads=3, hidden_dim=20, max_position_embeddings=9)), ids, mask)
    write("roberta", RobertaModel(RobertaConfig(**small, max_position_embeddings=11, pad_token_id=1, type_vocab_size=1)), ids.where(mask == 1, torch.tensor(1)), mask)
    heads()
    language_model()
    if len(sys.argv) > 1:
        from tokenizers import Tokenizer
        net = AutoModel.from_pretrained(sys.argv[1]).eval()
        tokenizer = Tokenizer.from_file(os.path.join(sys.argv[1], "tokenizer.json"))
        tokenizer.enable_padding()
        tokenizer.enable_truncation(32)
        encoded = tokenizer.encode_batch(SENTENCES)
        ids, mask = torch.tensor([e.ids for e in encoded]), torch.tensor([e.attention_mask for e in encoded])
        with torch.no_grad():
            h = net(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors = torch.nn.functional.normalize(pooled(h, mask)["mean"], dim=1)
        with open(os.path.join(OUT, "minilm.json"), "w") as file:
            json.dump({"sentences": SENTENCES, "vectors": rounded(vectors)}, file, ensure_ascii=False)


if __name__ == "__main__":
    main()
