"""Texts as large as the language admits: whatever a grammar rule or a scheme of parts repeats,
repeated until a bound of the frontend is reached. `#` in a statement is the number of its copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from snncc.frontend.limits import LIMITS
from snncc.frontend.syntax.lexer import words as words_of
from snncc.ir.diagnostics import Source

PRE = (
    "dt = 1 ms delay = 1 ms input x[2, 2] encode poisson(duration = 3 ms) "
    "population a[4] : lif population b[4] : lif output y[2] : lif "
)
MODULE = "module part(n: int = 2) { population h[n] : lif port in i = h.i port out o = h }\n"

PROJECTIONS = {
    "dense": "a -> b : dense",
    "dense drawn": "a -> b : dense(init = uniform(-1, 1))",
    "dense learning": "a -> b : dense trainable(lr_mult = 0.1)",
    "one_to_one": "a -> b : one_to_one(weight = 1)",
    "sparse": "a -> b : sparse(p = 0.5)",
    "fixed_fan_in": "a -> b : fixed_fan_in(k = 2)",
    "fixed_fan_out": "a -> a : fixed_fan_out(k = 2, self = false)",
    "fixed_total": "a -> b : fixed_total(n = 5)",
    "expression": "a -> b : expression(where = i < j, weight = i + j)",
    "list": "a -> b : list(synapses = [[0, 1, 0.5]])",
    "lateral": "y -> y : lateral_inhibition(weight = -1)",
    "windows": "x -> a : conv2d(channels = 1, kernel = 2, init = uniform(-1, 1))",
    "pooled": "x -> a : pool2d(size = 1)",
    "composed": "x -> a : one_to_one then pool2d(kernel = 1) fixed then dense delay 2 ms",
    "composed of what fixes no shape": "a -> b : dense then dense",
    "delayed": "a -> b : dense delay 2 ms",
    "named": "a -> b : dense as p#",
    "fed back": "b -> a : dense as feedback#",
    "unknown": "a -> q# : dense",
    "own kind": "a -> b : kind#",
}
STATEMENTS = {
    **{f"projection {name}": text for name, text in PROJECTIONS.items()},
    **{
        f"population {model}": f"population h#[2] : {model}"
        for model in ("lif", "alif", "cuba_lif", "izhikevich", "li", "stbp", "own")
    },
    "population of arguments": "population h#[2] : lif(tau_mem = 20 ms, v_th = 5 mV)",
    "population of numbers": "population h#[2] : lif(v_th = # mV)",
    "population of method": "population h#[2] : lif method exact",
    "population learning": "population h#[2] : lif(v_th = 5 mV trainable)",
    "population array": "population h#[k in 0..2][2] : lif",
    "input": "input q#[2] encode poisson(duration = 3 ms)",
    "output": "output z#[2] : lif",
    "let": "let c# = 1",
    "let of the one before": "let c = # + n",
    "let of calls": "let c# = max(min(1, 2), #)",
    "let of quantities": "let c# = 20 mV / 2 ms",
    "let of a list": "let c# = [1, 2, 3]",
    "cell": "neuron m# = lif(tau_mem = 20 ms)",
    "setting": "dt = 1 ms",
    "delay": "delay = # ms",
    "instance": "instance s# : part(n = 2)",
    "instance and projection": "instance s# : part a -> s#.i : dense s#.o -> b : dense",
    "instance array": "instance s#[2] : part",
    "instance of none": "instance s# : nothing",
    "port in": "port in i# = a.i",
    "port out": "port out o# = a",
    "empty loop": "for k in 0..1 { }",
    "loop of a let": "for k in 0..2 { let c# = k }",
    "nothing": "?",
}


def _bare(name: str, statements: str) -> str:
    return f"network n(n: int = 1) {{ {PRE} {statements} }}"


def _module(name: str, statements: str) -> str:
    return f"module m {{ {PRE} {statements} }} network n {{ instance q : m }}"


def _unused(name: str, statements: str) -> str:
    return f"module m(n: int) {{ {PRE} {statements} }} network n {{ }}"


# Contexts of a row of statements; each takes the row's copies as they stand in the text.
WRITTEN: dict[str, Callable[[str, str], str]] = {
    "network": _bare,
    "module": _module,
    "unused module": _unused,
    "loop": lambda name, row: f"network n {{ {PRE} for k in 0..1 {{ {row} }} }}",
}
OWN = "neuron own { state v: mV = 0 mV dv/dt = (i - v) / 1 ms spike when v > 1 mV }\n"


def written() -> Iterator[tuple[str, str]]:
    """Each statement in each context, as often as the words of a file admit."""
    for context, frame in WRITTEN.items():
        for name, statement in STATEMENTS.items():
            for kind, copies in (
                ("", lambda k, s=statement: s.replace("#", str(k))),
                ("same ", lambda k, s=statement: s.replace("#", "0")),
            ):
                if kind and "#" not in statement:
                    continue
                text = OWN + MODULE + frame(name, filled(copies, LIMITS.words - 400))
                yield f"{kind}{name} in {context}", text


def unrolled() -> Iterator[tuple[str, str]]:
    """Each statement in loops and modules that repeat it as often as the bounds of parts and of
    statements admit."""
    for name, statement in STATEMENTS.items():
        indexed = statement.replace("h#[", "h[2][").replace("#", "0")
        for count in (LIMITS.parts - 10, LIMITS.statements // 2 - 10):
            yield (
                f"{name}, a loop of {count}",
                f"{OWN}{MODULE}network n(n: int = 1) {{ {PRE} "
                f"for k in 0..{count} {{ {indexed} }} }}",
            )
        yield (
            f"{name}, modules",
            f"{OWN}{MODULE}module m {{ {PRE} {indexed} }} "
            f"network n {{ instance q[k in 0..{LIMITS.parts // 5}] : m }}",
        )
        yield (
            f"{name}, loops in loops",
            f"{OWN}{MODULE}network n(n: int = 1) {{ {PRE} for k in 0..220 {{ for l in 0..220 {{ "
            f"{indexed} }} }} }}",
        )


# What repeats within one statement or definition: before, the repeated, after.
WITHIN = {
    "clauses: param": ("neuron m {", "param p#: ms = 20 ms ", "}"),
    "clauses: param without default": ("neuron m {", "param p#: ms ", "}"),
    "clauses: param learning": ("neuron m {", "param p#: mV = 2 mV trainable ", "}"),
    "clauses: state": ("neuron m {", "state v#: mV = 0 mV ", "}"),
    "clauses: input": ("neuron m {", "input p#: mV ", "}"),
    "clauses: derivative": ("neuron m { state v: mV = 0 mV ", "dv/dt = i / 1 ms ", "}"),
    "clauses: states and derivatives": (
        "neuron m {",
        "state v#: mV = 0 mV dv#/dt = (i - v#) / 1 ms ",
        "spike when v0 > 1 mV } network n { population h[2] : m }",
    ),
    "clauses: chained derivatives": (
        "neuron m { state v: mV = 0 mV ",
        "state v#: mV = 0 mV dv#/dt = (v - v#) / 1 ms ",
        "spike when v0 > 1 mV } network n { population h[2] : m method exact }",
    ),
    "clauses: on input": ("neuron m {", "on input { } ", "}"),
    "clauses: on spike": ("neuron m {", "on spike { } ", "}"),
    "clauses: spike when": ("neuron m {", "spike when true ", "}"),
    "clauses: refractory": ("neuron m {", "refractory 2 ms { } ", "}"),
    "clauses: emit": ("neuron m {", "emit 1 ", "}"),
    "assignments: input": (
        "neuron m { state v: mV = 0 mV on input {",
        "v = v + i ",
        "} spike when v > 1 mV } network n { population h[2] : m }",
    ),
    "assignments: spike": (
        "neuron m { state v: mV = 0 mV on spike {",
        "v = v - 1 mV ",
        "} spike when v > 1 mV } network n { population h[2] : m }",
    ),
    "assignments: refractory": (
        "neuron m { state v: mV = 0 mV spike when v > 1 mV refractory 2 ms {",
        "v = 0 mV ",
        "} } network n { population h[2] : m }",
    ),
    "formals of a network": ("network n(", "p#: int = #, ", "last: int = 1) { }"),
    "formals of a module": ("module n(", "p#: int, ", "last: int) { } network m { }"),
    "entries": ("network n { } train n {", "epochs # ", "}"),
    "entries: data": ("network n { } train n {", "data digits ", "}"),
    "entries: unknown": ("network n { } train n {", "entry# on ", "}"),
    "choices": ("network n { } deploy n {", "bits # ", "}"),
    "choices: rows": ("network n { } deploy n {", "scale neuron ", "}"),
    "choices: unknown": ("network n { } deploy n {", "entry# neuron ", "}"),
    "choices of projections": (
        "network n { population h[2] : lif h -> h : dense delay 1 ms } deploy n {",
        "h -> h bits 4 ",
        "}",
    ),
    "choices of unknown projections": (
        "network n { population h[2] : lif } deploy n {",
        "h -> h# bits # ",
        "}",
    ),
    "deploys": ("network n { }", "deploy n { bits 3 } ", ""),
    "trains": ("network n { }", "train n { epochs 3 } ", ""),
    "networks": ("", "network n# { population h[2] : lif } ", ""),
    "networks of parameters": ("", "network n#(k: int = #) { population h[k + 1] : lif } ", ""),
    "modules": ("", "module m# { population h[2] : lif } ", "network n { }"),
    "modules in modules": ("module m0 { }", "module m# { instance x : m0 } ", "network n { }"),
    "neurons": ("", "neuron m# { state v: mV = 0 mV spike when v > i } ", "network n { }"),
    "cells": ("", "neuron m# = lif(tau_mem = 3 ms) ", "network n { }"),
    "imports": ("", 'import "q#.snn" ', "network n { }"),
    "the same import": ("", 'import "q.snn" ', "network n { }"),
    "brackets": ("network n { population h", "[2]", " : lif }"),
    "bracket items": ("network n { population h[", "1, ", "1] : lif }"),
    "ranges": ("network n { population h[", "k# in 0..1, ", "1][2] : lif }"),
    "indices": ("network n { population h[2] : lif h", "[0]", " -> h : dense }"),
    "parts of a path": ("network n { population h[2] : lif h", ".h", " -> h : dense }"),
    "parts": (
        "network n { population h[2] : lif h -> h : ",
        "one_to_one then ",
        "dense delay 2 ms }",
    ),
    "parts of no shape": ("network n { population h[2] : lif h -> h : ", "dense then ", "dense }"),
    "options of a part": (
        "network n { population h[2] : lif h -> h : one_to_one ",
        "delay 2 ms ",
        "then dense }",
    ),
    "delays": ("network n { population h[2] : lif h -> h : dense ", "delay 2 ms ", "}"),
    "fixed": ("network n { population h[2] : lif h -> h : dense ", "fixed ", "}"),
    "trainable": (
        "network n { population h[2] : lif h -> h : dense ",
        "trainable(lr_mult = 1) ",
        "}",
    ),
    "aliases": ("network n { population h[2] : lif h -> h : dense ", "as p# ", "}"),
    "givens": ("network n { population h[2] : lif(", "tau_mem = # ms, ", ") }"),
    "givens of other names": ("network n { population h[2] : lif(", "p# = 1, ", ") }"),
    "arguments of an encoding": (
        "network n { input x[2] encode poisson(",
        "duration = 1 ms, ",
        ") }",
    ),
    "arguments of a kind": (
        "network n { population h[2] : lif h -> h : dense(",
        "init = 1, ",
        ") }",
    ),
    "places of a kind": ("network n { population h[2] : lif h -> h : dense(", "#, ", ") }"),
    "arguments of trainable": (
        "network n { population h[2] : lif h -> h : dense trainable(",
        "lr_mult = 1, ",
        ") }",
    ),
    "arguments of a function": ("network n { let a = max(", "1, ", "1) }"),
    "items": ("network n { let a = [", "1, ", "] }"),
    "items: quantities": ("network n { let a = [", "1 mV, ", "] }"),
    "items: texts": ("network n { let a = [", '"t", ', "] }"),
    "items: lists": ("network n { let a = [", "[1, 2], ", "] }"),
    "items: mixed": ("network n { let a = [", '1, "t", [2], ', "] }"),
    "items: names": ("network n { let b = 1 let a = [", "b, ", "] }"),
    "items: unknown names": ("network n { let a = [", "b#, ", "] }"),
    "items: sums": ("network n { let a = [", "1 + #, ", "] }"),
    "items: calls": ("network n { let a = [", "max(1, #), ", "] }"),
    "synapses": (
        "network n { population h[2] : lif h -> h : list(synapses = [",
        "[0, 1, 0.5], ",
        "]) }",
    ),
    "synapses of delays": (
        "network n { population h[2] : lif h -> h : list(synapses = [",
        "[0, 1, 0.5, 2], ",
        "]) }",
    ),
    **{
        f"operators {sign}": ("network n { let a = 1 ", f"{sign} 1 ", "}")
        for sign in ("+", "-", "*", "/", "%", "^", "==", "<", "and", "or")
    },
    "operators in a model": (
        "neuron m { state v: mV = 0 mV dv/dt = (i - v",
        " + v",
        ") / 1 ms spike when v > 1 mV } network n { population h[2] : m }",
    ),
    "operators in a condition": (
        "neuron m { state v: mV = 0 mV dv/dt = i / 1 ms spike when v > 1 mV ",
        "and v > # mV ",
        "} network n { population h[2] : m }",
    ),
    "operators over pairs": (
        "network n { population h[2] : lif h -> h : expression(where = i < j ",
        "or i == # ",
        ") }",
    ),
    "minus signs": ("network n { let a = ", "- ", "1 }"),
    "not": ("network n { let a = ", "not ", "true }"),
    "brackets round": ("network n { let a = ", "(", "1 }"),
    "comments": ("", "# c\n", "network n { }"),
    "errors of syntax": ("network n { ", "let a = = # ", "}"),
    "braces": ("", "{ } ", ""),
    "closing braces": ("network n { ", "} ", ""),
    "strings": ("network n { ", '"t" ', "}"),
    "definitions cut short": ("", "network n# { ", ""),
}


def within() -> Iterator[tuple[str, str]]:
    """Whatever repeats in one statement or definition."""
    for name, (before, repeated, after) in WITHIN.items():
        row = filled(
            lambda k, r=repeated: r.replace("#", str(k)) if r != "# c\n" else r, LIMITS.words - 60
        )
        yield name, before + row + after


def filled(copy: Callable[[int], str], words: int) -> str:
    """Copies until they have so many words, the blanks between them included in none."""
    each = max(1, len(words_of(Source("copy", copy(123)))))
    return " ".join(copy(k) for k in range(words // each))


def largest_texts() -> Iterator[tuple[str, str]]:
    yield from within()
    yield from unrolled()
    yield from written()
