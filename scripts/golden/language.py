#!/usr/bin/env python3
"""Tests/RuntimeTests/Fixtures/language.txt: what Python answers where Dist follows it. Needs Python only.

A line is a program, a tab and what it prints; statements of a program are separated by "; "."""
import itertools
import pathlib

lines = []


def shown(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(shown(v) for v in value) + "]"
    return str(value)


def part(value):
    return "" if value is None else str(value)


# Slices of a list and of a text, read and assigned.
ends = [None, -10, -4, -3, -2, -1, 0, 1, 2, 3, 4, 10]
for start, stop, step in itertools.product(ends, ends, [None, 1, 2, -1, -2]):
    xs, text = [1, 2, 3], "äbc"
    s = f"{part(start)}:{part(stop)}" + (f":{step}" if step is not None else "")
    picked = xs[start:stop:step]
    new = [9, 8] if step in (None, 1) else [9] * len(picked)
    xs[start:stop:step] = new
    program = f"xs = [1, 2, 3]; print(xs[{s}], \"äbc\"[{s}]); xs[{s}] = {new}; print(xs)"
    lines.append((program, f"{shown(picked)} {text[start:stop:step]}|{shown(xs)}"))

# Whole numbers: quotients go down, remainders have the divisor's sign.
numbers = [-(2**62), -9, -8, -7, -3, -1, 0, 1, 2, 3, 7, 8, 9, 2**62]
for a, b in itertools.product(numbers, numbers):
    if b != 0:
        lines.append((f"print({a} // ({b}), ({a}) % ({b}))", f"{a // b} {a % b}"))
for a, b in itertools.product([-3, -2, -1, 0, 1, 2, 3, 10], [0, 1, 2, 3, 5]):
    lines.append((f"print(({a}) ** {b})", str(a**b)))
for a, b in itertools.product([-7.5, -7.0, -0.5, 0.5, 7.0, 7.5], [-2.0, -0.75, 0.75, 2.0]):
    lines.append((f"print({a} // ({b}), ({a}) % ({b}))", f"{a // b} {a % b}"))
for a, b in [(1.0, 0.1), (-1.0, 0.1), (0.3, 0.1), (6.0, 0.1), (-0.0, 2.0), (0.0, -2.0), (1e300, 1e-10), (5, 0.5)]:
    lines.append((f"print({a} // ({b}), ({a}) % ({b}))", f"{a // b} {a % b}"))
for a in [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 2.675, 1e15 + 0.5]:
    lines.append((f"print(round({a!r}))", str(round(a))))

# What is asked, in which order, and what comes of it.
for count in (2, 3, 4):
    for words in itertools.product(["and", "or"], repeat=count - 1):
        for values in itertools.product([False, True], repeat=count):
            asked = []

            def t(name, value):
                asked.append(name)
                return value

            names = "abcd"[:count]
            python = "".join(
                f"{'' if i == 0 else ' ' + words[i - 1] + ' '}t({n!r}, {v})" for i, (n, v) in enumerate(zip(names, values)))
            result = eval(python, {"t": t})
            program = python.replace("'", '"').replace("True", "true").replace("False", "false")
            program = f"seen = []; fn t(n, v) {{ seen.append(n); return v }}; print({program}); print(\"\".join(seen))"
            lines.append((program, f"{shown(result)}|{''.join(asked)}"))

# Comparisons in a chain.
for a, b, c in itertools.product([1, 2, 3], repeat=3):
    for first, second in itertools.product(["<", "<=", "==", "!=", ">"], repeat=2):
        lines.append((f"print({a} {first} {b} {second} {c})", shown(eval(f"{a} {first} {b} {second} {c}"))))

# Order and equality of lists, numbers of both kinds, texts.
values = ["[1, 2]", "[1, 2, 3]", "[1.0, 2]", "[]", "[[1], [2]]", "[[1], 2]"]
for a, b in itertools.product(values, values):
    lines.append((f"print({a} == {b}, {a} != {b})", f"{shown(eval(a) == eval(b))} {shown(eval(a) != eval(b))}"))
for values in [[3, 1, 2], [2.5, 1, 2], ["b", "a", "ab"], [3, 1, 3, 1, 2]]:
    text = str(values).replace("'", '"')
    lines.append((f"print(sorted({text}) == {str(sorted(values)).replace(chr(39), chr(34))})", "true"))
lines.append((
    "xs = [[2, \"a\"], [1, \"b\"], [2, \"c\"], [1, \"d\"]]; print([x[1] for x in sorted(xs, key=x => x[0])] == [\"b\", \"d\", \"a\", \"c\"])",
    "true"))

# Formats.
for spec in ["d", "5d", "<5d", ">5d", "^5d", "05d", "+d", ",", "x", "e", ".2f", "8.3f", "+.1e", "%", ".1%", "g", ".3g"]:
    for value in (0, 7, -42, 123456):
        lines.append((f"print(f\"[{{{value}:{spec}}}]\")".replace("{-42", "{(-42)"), f"[{value:{spec}}]"))
for spec in [".2f", "8.3f", "+.1e", ".1%", ".3g", "<9.2f", "010.2f"]:
    for value in (0.5, -2.675, 1e-7, 123456.789, 1e22):
        lines.append((f"print(f\"[{{({value!r}):{spec}}}]\")", f"[{value:{spec}}]"))

path = pathlib.Path(__file__).parents[2] / "Tests/RuntimeTests/Fixtures/language.txt"
path.write_text("".join(f"{program}\t{answer}\n" for program, answer in lines), encoding="utf-8")
print(len(lines), "programs")
