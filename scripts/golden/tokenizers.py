#!/usr/bin/env python3
"""Writes Tests/TokenizationTests/Fixtures: small tokenizers of every kind, texts, and what the library `tokenizers` makes of
them. The texts have many scripts, emoji, controls, long words; scripts/verify-tokenizers asks the same of more of them. Training
decides ties by chance: the vocabularies differ a little from run to run.

usage: scripts/golden/tokenizers.py
needs: tokenizers, sentencepiece
"""
import base64
import io
import json
import os
import random
import sys
import unicodedata

# This file has the library's name.
sys.path = [place for place in sys.path if os.path.realpath(place or ".") != os.path.dirname(os.path.realpath(__file__))]
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
FIXTURES = os.path.join(ROOT, "Tests", "TokenizationTests", "Fixtures")

WORDS = """the of and to in walking walked unbelievable tokenizers distillation teacher student knowledge network it's don't
we'll I'm they've you're he'd 3.14 1,000 2024 x86_64 http://example.org/a?b=c foo_bar C++ e-mail e.g. U.S.A. naïve café Ünïcödé
Straße İstanbul résumé ﬁne ﬂow ½ ²³ ① Ⅷ ﷺ ｆｕｌｌ ａｂｃ 東京 日本語 中文字符 한국어 한국어 ひらがな カタカナ ｶﾀｶﾅ Привет мир
Καλημέρα ΣΊΣΥΦΟΣ שָׁלוֹם مَرْحَبًا नमस्ते हिन्दी สวัสดีครับ გამარჯობა Բարեւ ሰላም ᏣᎳᎩ 😀 👩‍👩‍👧‍👦 👍🏽 🇩🇪 ❤️ … — – “quoted” ‘single’ «guillemets» ¿qué? ¡hola!
$100 €50 £3 ©®™ ∑∫√ →↔ ♥ 100% #hashtag @user (parenthesis) [bracket] {brace} a/b a\\b `code` ~tilde ^caret | & * + = < >""".split()

BLANKS = [" ", " ", " ", " ", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2003", "   ", "\n\n", ""]
ODD = ["\0", "\x01", "\x07", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\u00ad", "\u200b", "\u200c", "\u200d", "\u200e", "\u2028",
       "\u2029", "\ufeff", "\ufffd", "\ufffe", "\ue000", "\u0301", "\u0327\u0301", "\u0301\u0327", "e\u0301", "\u1e9b\u0323", "\u0344",
       "\u115f", "\u1160", "\u3164", "\u180e", "\u061c", "\u2581", "\U000e0041", "\U0010fffd", "\ufe0f"]
SPECIAL = ["[MASK]", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "<s>", "</s>", "<mask>", "<unk>", "<pad>", "<0x41>", "<|endoftext|>",
           "Distill", "distill", "DISTILL", "DİSTILL", "new york", "▁▁", "##ing", "</w>", "<|end|>"]


def assigned():
    return [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]


def texts(count, seed, longest=2000):
    """Lines of all sorts."""
    rng = random.Random(seed)
    every = assigned()
    lines = ["", " ", "\n", "a", "A", "hello", " hello ", "Hello, world!", "[MASK]", " [MASK] ", "a[MASK]b", "a [MASK] b", "don't", "'s",
             "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101, "\0", "\0a", "\u0301", "日本", "日 本", "👍🏽", "  two  blanks  "]
    while len(lines) < count:
        kind = rng.random()
        if kind < 0.02:
            word = rng.choice(WORDS + ["x", "ab", "日本", "é", "1", "!", "😀", "▁"])
            lines.append((word * longest)[: rng.randint(50, longest)])
            continue
        if kind < 0.06:
            raw = "".join(rng.choices(WORDS, k=rng.randint(1, 6))).encode()
            cut = bytearray(raw)
            for _ in range(rng.randint(1, 4)):
                cut[rng.randrange(len(cut))] = rng.randrange(256)
            lines.append(bytes(cut).decode("utf-8", errors="replace"))
            continue
        if kind < 0.14:
            lines.append("".join(rng.choices(every, k=rng.randint(1, 30))))
            continue
        if kind < 0.2:
            block = rng.randrange(0, 0x20000, 128)
            near = [c for c in map(chr, range(block, block + 128)) if unicodedata.category(c) not in ("Cn", "Cs")] or ["a"]
            lines.append("".join(rng.choices(near + [" "] * 8, k=rng.randint(1, 40))))
            continue
        line = ""
        for _ in range(rng.randint(1, 14)):
            choice = rng.random()
            if choice < 0.74:
                word = rng.choice(WORDS)
                if rng.random() < 0.2:
                    word = word.upper() if rng.random() < 0.5 else word.capitalize()
                if rng.random() < 0.1:
                    word = unicodedata.normalize(rng.choice(["NFC", "NFD", "NFKC", "NFKD"]), word)
                line += word
            elif choice < 0.84:
                line += rng.choice(ODD)
            elif choice < 0.92:
                line += rng.choice(SPECIAL)
            else:
                line += "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789.,;:!?'\"-ABCXYZ", k=rng.randint(1, 12)))
            line += rng.choice(BLANKS)
        lines.append(line)
    return lines


def corpus():
    """What the vocabularies are learned from."""
    rng = random.Random(7)
    lines = [" ".join(rng.choices(WORDS, weights=[1 / (i + 3) for i in range(len(WORDS))], k=12)) for _ in range(1500)]
    return lines + [line for line in texts(300, seed=5, longest=60) if "\0" not in line]


def character_map(rules):
    """SentencePiece's table for lines `from<TAB>to` of hexadecimal scalars; its own usual one without."""
    import sentencepiece
    out = io.BytesIO()
    options = {}
    if rules:
        path = "/tmp/distill-rules.tsv"
        with open(path, "w") as file:
            file.write("".join(f"{' '.join(f'{ord(c):X}' for c in a)}\t{' '.join(f'{ord(c):X}' for c in b)}\n" for a, b in rules))
        options = dict(normalization_rule_tsv=path)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d e f g"] * 50), model_writer=out, vocab_size=12, hard_vocab_limit=False, minloglevel=2, **options)
    from sentencepiece import sentencepiece_model_pb2
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(out.getvalue())
    return base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()


RULES = [("ﬁ", "fi"), ("½", "1/2"), ("é", "e"), ("e\u0301", "E!"), ("\u200b", ""), ("\u00a0", " "), ("日", "nichi"), ("①", "1"), ("ｆ", "f"), ("\t", " "), ("🇩", "D")]
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CLIP = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def build(size, lines, full_map=False):
    """Tokenizers of every kind by name."""
    built = {}

    # Pieces need room for every character: those of the first words.
    few = [" ".join(rng.choices(WORDS[:70], k=9)) for rng in [random.Random(3)] for _ in range(1500)]

    def finish(name, t, trainer, added=(), special=()):
        t.train_from_iterator(few if isinstance(trainer, trainers.UnigramTrainer) else lines, trainer)
        if special:
            t.add_special_tokens(list(special))
        if added:
            t.add_tokens(list(added))
        built[name] = t
        return t

    mixed = [AddedToken("Distill", normalized=True), AddedToken("new york", single_word=True, normalized=True),
             AddedToken("<|end|>", lstrip=True, rstrip=True, normalized=False)]

    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    finish("bert", t, trainers.WordPieceTrainer(vocab_size=size, special_tokens=names, show_progress=False), mixed)
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
                                                     special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.enable_truncation(16)
    t.enable_padding(length=16)

    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    t.normalizer = normalizers.BertNormalizer(lowercase=False, clean_text=False)
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_next")])
    t.decoder = decoders.WordPiece(cleanup=False)
    finish("bert-cased", t, trainers.WordPieceTrainer(vocab_size=size, special_tokens=names, show_progress=False))
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))

    alphabet = pre_tokenizers.ByteLevel.alphabet()
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    finish("gpt2", t, trainers.BpeTrainer(vocab_size=size, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False), mixed)
    t.post_processor = processors.ByteLevel()

    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    t.decoder = decoders.ByteLevel()
    names = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True)]
    finish("roberta", t, trainers.BpeTrainer(vocab_size=size, special_tokens=names, initial_alphabet=alphabet, show_progress=False))
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))

    t = Tokenizer(models.BPE(ignore_merges=True))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    finish("llama3", t, trainers.BpeTrainer(vocab_size=size, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False))
    t.post_processor = processors.Sequence([processors.ByteLevel(), processors.TemplateProcessing(
        single="<s> $A:1", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)])])

    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    finish("llama", t, trainers.BpeTrainer(vocab_size=size + 256, special_tokens=names, limit_alphabet=60, show_progress=False))
    t.pre_tokenizer = None
    data = json.loads(t.to_str())
    data["added_tokens"] = data["added_tokens"][:3]
    t = built["llama"] = Tokenizer.from_str(json.dumps(data))
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])

    t = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(CLIP), "removed", invert=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.Sequence([decoders.BPEDecoder("</w>")])
    finish("clip", t, trainers.BpeTrainer(vocab_size=size + 250, special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>",
                                          initial_alphabet=alphabet, show_progress=False))

    t = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="@@"))
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Strip(left=False)])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)])
    t.decoder = decoders.WordPiece(prefix="@@", cleanup=False)
    finish("bpe-prefix", t, trainers.BpeTrainer(vocab_size=size, special_tokens=["<unk>"], continuing_subword_prefix="@@", limit_alphabet=150, show_progress=False))

    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(base64.b64decode(character_map(None if full_map else RULES))),
                                         normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.decoder = decoders.Metaspace()
    finish("t5", t, trainers.UnigramTrainer(vocab_size=size, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False), mixed)
    t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])

    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")])
    t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    names = ["<unk>"] + [f"<0x{i:02X}>" for i in range(256)]
    finish("albert", t, trainers.UnigramTrainer(vocab_size=size + 256, special_tokens=names, unk_token="<unk>", show_progress=False))
    data = json.loads(t.to_str())
    data["model"]["byte_fallback"] = True
    data["added_tokens"] = data["added_tokens"][:1]
    built["albert"] = Tokenizer.from_str(json.dumps(data))

    t = Tokenizer(models.Unigram())
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    t.decoder = decoders.Metaspace(prepend_scheme="first")
    finish("unsplit", t, trainers.UnigramTrainer(vocab_size=size, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False))

    t = Tokenizer(models.WordLevel(unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.BertNormalizer(lowercase=True, strip_accents=False)])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(), pre_tokenizers.Punctuation("contiguous"),
                                               pre_tokenizers.Split("a", "merged_with_previous"), pre_tokenizers.CharDelimiterSplit("b")])
    finish("words", t, trainers.WordLevelTrainer(vocab_size=size, special_tokens=["<unk>"], show_progress=False))
    return built


def answers(tokenizer, lines):
    """What the library makes of texts, neither cut nor filled up."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encoded = [tokenizer.encode(line) for line in lines]
    return {
        "ids": [e.ids for e in encoded], "types": [e.type_ids for e in encoded], "tokens": [e.tokens for e in encoded],
        "decoded": [tokenizer.decode(e.ids) if e.ids else "" for e in encoded],
        "whole": [tokenizer.decode(e.ids, skip_special_tokens=False) if e.ids else "" for e in encoded],
    }


def write(name, value):
    path = os.path.join(FIXTURES, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))


def main():
    lines = texts(170, seed=1, longest=160)
    write("texts.json", lines)
    for name, tokenizer in build(400, corpus()).items():
        data = json.loads(tokenizer.to_str())
        write(f"{name}/tokenizer.json", data)
        found = answers(tokenizer, lines)
        # Tokens and decoded texts are long: of some of the lines.
        write(f"{name}/answers.json", {"ids": found["ids"], "types": [max(t, default=0) for t in found["types"]],
                                       "tokens": found["tokens"][:70], "decoded": found["decoded"][:70], "whole": found["whole"][:70]})
        print(name, tokenizer.get_vocab_size())
        if name == "bert":
            write_vocabulary(tokenizer, lines)


def write_vocabulary(tokenizer, lines):
    """The same vocabulary as BERT's own file has it."""
    from tokenizers.implementations import BertWordPieceTokenizer
    folder = os.path.join(FIXTURES, "vocab")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "vocab.txt")
    # The tokens that were added to the vocabulary are not the model's.
    model = json.loads(tokenizer.to_str())["model"]["vocab"]
    with open(path, "w") as file:
        file.write("".join(token + "\n" for token, _ in sorted(model.items(), key=lambda item: item[1])))
    found = answers(BertWordPieceTokenizer(path), lines)
    write("vocab/answers.json", {"ids": found["ids"], "types": [max(t, default=0) for t in found["types"]],
                                 "tokens": found["tokens"][:70], "decoded": found["decoded"][:70], "whole": found["whole"][:70]})


if __name__ == "__main__":
    main()
