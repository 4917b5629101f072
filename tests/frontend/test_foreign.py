"""Words of other simulators and slips of the pen: each has a sentence of its own."""

from __future__ import annotations

import pytest

from snncc.frontend.foreign import FOREIGN
from snncc.frontend.lower.settings import _SETTINGS
from snncc.frontend.program import survey_text
from snncc.frontend.syntax.lexer import KEYWORDS
from snncc.frontend.typing.operators import FUNCTIONS
from snncc.ir.diagnostics import Source
from snncc.ir.rules import ENCODINGS
from snncc.ir.wiring import CONNECTIVITIES, INITS

MODEL = "neuron m {{ param tau: ms = 20 ms  state v: mV = 0 mV {} dv/dt = -v / tau {} }}"
NETWORK = (
    "network n {{ input x[2] encode poisson(duration = 2 ms)\n population h[2] : lif\n {}\n"
    " let last = 1 }}"
)
SPIKE = "spike when v > 1 mV"


def in_model(clause: str) -> str:
    return MODEL.format(clause, SPIKE)


def connected(connectivity: str) -> str:
    return NETWORK.format(f"x -> h : {connectivity}")


@pytest.mark.parametrize(
    ("text", "code", "message", "way_out"),
    [
        (connected("fixed_fan_out(k = 1)"), "E010", "fixed_fan_out", "fixed_fan_in(k = 10)"),
        (connected("all_to_all"), "E010", "all_to_all", "`dense` joins every neuron"),
        (connected("dense(init = randn(0, 1))"), "E010", "randn", "`normal(0, 1)`"),
        (connected("dense(weight = randn())"), "E010", "randn", "no random numbers"),
        (connected("dense(weight = pi * i)"), "E010", "no name `pi`", "3.14159265"),
        (NETWORK.format("let a = 2 * pi"), "E010", "no constant `pi`", "3.14159265"),
        (NETWORK.format("let a = normal(0, 1)"), "E010", "normal", "noise is an input"),
        (NETWORK.format("seed = 3"), "E012", "seed", "--seed"),
        (NETWORK.format("layer h[3]"), "E001", "no statement begins with `layer`", "population"),
        (NETWORK.format("connect x h"), "E001", "connect", "`a -> b : dense`"),
        (
            NETWORK.format("neuron own { state v: mV = 0 mV }"),
            "E001",
            "a model by its equations stands outside of networks",
            "`neuron own = lif(…)`",
        ),
        (NETWORK.format("module a { }"), "E001", "`module` stands outside", "move it out"),
        (
            NETWORK.format("train n { data digits }"),
            "E001",
            "`train` stands outside",
            "move it out",
        ),
        (NETWORK.format('\n import "a.snn"'), "E001", "`import` stands outside", "move it out"),
        (MODEL.format("", "spike when v > xi * 1 mV"), "E010", "`xi`", "no random numbers"),
        (in_model("threshold v > 1 mV"), "E001", "begins with `threshold`", "spike when v > v_th"),
        (in_model("reset v = 0 mV"), "E001", "begins with `reset`", "on spike { v = 0 mV }"),
        (in_model("param b = 20 mV"), "E001", "`b` does not say its unit", "`param b: mV = …`"),
        (in_model("param b = 2"), "E001", "`b` does not say its unit", "`param b: 1 = …`"),
        (in_model("state u = 2 ms"), "E001", "`u` does not say its unit", "`state u: ms = …`"),
        ("network n(a = 3) { }", "E001", "`a` does not say its type", "`a: int = …`"),
        ("network n(a = 3 ms) { }", "E001", "`a` does not say its type", "`a: ms = …`"),
        ('network n(a = "b") { }', "E001", "`a` does not say its type", "`a: text = …`"),
    ],
)
def test_each_has_its_sentence(text: str, code: str, message: str, way_out: str) -> None:
    (found,) = survey_text(Source("t.snn", text)).diagnostics
    assert found.code == code
    assert message in found.message
    assert way_out in found.help


def test_no_word_of_the_language_is_foreign() -> None:
    words = {
        "connectivity": CONNECTIVITIES,
        "function": FUNCTIONS,
        "init": INITS,
        "encoding": ENCODINGS,
        "setting": _SETTINGS,
        "statement": KEYWORDS,
        "clause of a model": KEYWORDS,
    }
    for what, known in words.items():
        assert not FOREIGN[what].keys() & set(known)
