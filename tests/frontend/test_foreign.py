"""Words of other simulators and slips of the pen: each has a sentence of its own."""

from __future__ import annotations

import pytest

from snncc.frontend.foreign import foreign
from snncc.frontend.lower.settings import _SETTINGS
from snncc.frontend.program import survey_text
from snncc.frontend.syntax.lexer import KEYWORDS
from snncc.frontend.typing.operators import FUNCTIONS
from snncc.ir.adjoint.curves import CURVES
from snncc.ir.augmentations import AUGMENTATIONS
from snncc.ir.diagnostics import Source
from snncc.ir.rules import ENCODINGS, LOSSES, OPTIMIZERS
from snncc.ir.wiring import CONNECTIVITIES, INITS

MODEL = "neuron m {{ param tau: ms = 20 ms  state v: mV = 0 mV {} dv/dt = -v / tau {} }}"
NETWORK = (
    "network n {{ input x[2] encode poisson(duration = 2 ms)\n population h[2] : lif\n {}\n"
    " let last = 1 }}"
)
SPIKE = "spike when v > 1 mV"
TRAIN = (
    "network n {{ input x[2] encode poisson(duration = 9 ms)\n output y[2] : lif\n"
    " x -> y : dense  delay 1 ms }}\ntrain n {{ data digits\n {}\n }}"
)


def by_rule(arguments: str) -> str:
    return TRAIN.format(f"rule surrogate(width = 3, {arguments})\n epochs 1")


def trained(line: str) -> str:
    return TRAIN.format(f"rule surrogate(width = 3)\n {line}")


def in_model(clause: str) -> str:
    return MODEL.format(clause, SPIKE)


def connected(connectivity: str) -> str:
    return NETWORK.format(f"x -> h : {connectivity}")


@pytest.mark.parametrize(
    ("text", "code", "message", "way_out"),
    [
        (connected("fixed_outdegree(k = 1)"), "E010", "fixed_outdegree", "fixed_fan_out(k = 10)"),
        (connected("fixed_total_number(k = 1)"), "E010", "fixed_total", "fixed_total(n = 1000)"),
        (connected("all_to_all"), "E010", "all_to_all", "`dense` joins every neuron"),
        (connected("dense(init = randn(0, 1))"), "E010", "randn", "`normal(0, 1)`"),
        (connected("dense(weight = randn())"), "E010", "randn", "no random numbers"),
        (connected("dense(weight = pi * i)"), "E010", "no name `pi`", "3.14159265"),
        (NETWORK.format("let a = 2 * pi"), "E010", "no constant `pi`", "3.14159265"),
        (
            NETWORK.format("let a = normal(0, 1)"),
            "E023",
            "`normal` is a value for each",
            "a parameter",
        ),
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
        (in_model("refractory 2 ms"), "E001", "in braces what is held", "write `{ }` after"),
        (in_model("refractory tau spike when v > 1 mV"), "E001", "in braces what is held", "{ v ="),
        (connected("AllToAll"), "E010", "AllToAll", "`dense` joins every neuron"),
        (connected("dense(weight = randn)"), "E010", "no name `randn`", "no random numbers"),
        (connected("dense(weight = PI)"), "E010", "no name `PI`", "3.14159265"),
        (in_model("param b: mV = 1 mV * i"), "E010", "no constant `i`", "`expression(1 mV * i)`"),
        (in_model("state b: mV = 1 mV * i"), "E010", "no name `i`", "`expression(1 mV * i)`"),
        (in_model("Threshold v > 1 mV"), "E001", "begins with `Threshold`", "spike when v > v_th"),
        (in_model("fire when v > 1 mV"), "E001", "begins with `fire`", "spike when v > v_th"),
        (in_model("refractory = 2 ms"), "E001", "got `=`", "`refractory` is written without `=`"),
        (
            NETWORK.format("param tau = 20 ms"),
            "E001",
            "`param` stands in a model",
            "`network n(tau: ms = 20 ms) { … }`; a constant is `let tau = 20 ms`",
        ),
        (NETWORK.format("state v: mV = 0 mV"), "E001", "`state` stands in a model", "outside"),
        (NETWORK.format("emit v"), "E001", "`emit` stands in a model", "outside"),
        (in_model("let a = 3"), "E001", "`let` stands in a network or a module", "param tau: ms"),
        (in_model("population h[3] : lif"), "E001", "`population` stands in a network", "move it"),
        ("network n(a = 3) { }", "E001", "`a` does not say its type", "`a: int = …`"),
        ("network n(a = 3 ms) { }", "E001", "`a` does not say its type", "`a: ms = …`"),
        (trained("optimizer adamw(lr = 1)"), "E010", "adamw", "`decay decoupled(rate = 0.01)`"),
        (trained("augment RandomCrop(32)"), "E010", "RandomCrop", "`crop(padding = 4)`"),
        (trained("augment horizontal_flip"), "E010", "horizontal_flip", "write `flip`"),
        (
            trained("augment 2"),
            "E020",
            "a name after `augment`, such as `elastic(scale = 0.12)`",
            "",
        ),
        (trained("loss van_rossum"), "E010", "van_rossum", "`kernel(tau = 5 ms)`"),
        (trained("clip 1.0"), "E020", "a name after `clip`, such as `norm(limit = 1)`", ""),
        (trained("average 5"), "E020", "such as `last`", ""),
        (trained("average last 5"), "E001", "got `5`", "in brackets: `last(5)`"),
        (trained("loss 3"), "E020", "such as `count(target = 35)`", ""),
        (by_rule('curve = "h1"'), "E022", "`curve` is", 'write "rectangle"'),
        (by_rule("reset = detached"), "E020", "`detached` stands without", 'write "detached"'),
        (by_rule("temporal = off"), "E010", "no constant `off`", "write `false`"),
        ('network n(a = "b") { }', "E001", "`a` does not say its type", "`a: text = …`"),
    ],
)
def test_each_has_its_sentence(text: str, code: str, message: str, way_out: str) -> None:
    (found,) = survey_text(Source("t.snn", text)).diagnostics
    assert found.code == code
    assert message in found.message
    assert way_out in found.help


def test_a_line_that_ends_too_early_asks_for_no_other_name() -> None:
    text = MODEL.format("", "spike when v > 1 mV and\n on spike { v = 0 mV }")
    (found,) = survey_text(Source("t.snn", text)).diagnostics
    assert (found.message, found.help) == ("expected an expression, got `on`", "")


def test_no_word_of_the_language_is_foreign() -> None:
    words = {
        "connectivity": CONNECTIVITIES,
        "function": FUNCTIONS,
        "init": INITS,
        "encoding": ENCODINGS,
        "setting": _SETTINGS,
        "optimizer": OPTIMIZERS,
        "loss": LOSSES,
        "augmentation": AUGMENTATIONS,
        "curve": CURVES,
        "statement": KEYWORDS,
        "clause of a model": KEYWORDS,
    }
    for what, known in words.items():
        assert not [name for name in known if foreign(what, name) is not None]
