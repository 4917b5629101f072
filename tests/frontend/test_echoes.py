"""Beside syntax errors all other mistakes are told, and nothing that only follows from them."""

from __future__ import annotations

import pytest

from snncc.frontend.program import survey_text
from snncc.ir.diagnostics import Source

PROGRAM = """neuron own {
  param tau: ms = 20 ms
  state v: mV = 0 mV
  input drive: mV
  on input { v = v + drive }
  dv/dt = -v / tau
  spike when v > 3 mV
}
module part(n: int) {
  population h[n] : own(tau = 10 ms)
  port in into = h
}
network n {
  dt = 0.5 ms
  let size = 3
  neuron cell = lif(tau_mem = 20 ms)
  input x[4] encode poisson(duration = 10 ms)
  instance p : part(n = size)
  population h[size] : cell
  output y[3] : own
  x -> p.into : dense
  x -> h : dense delay 1.5 ms
  h -> y : dense
}
train n {
  data digits
  rule st_rsbp
}
"""
WRONG = (
    "network wrong {\n  input x[4] encode poisson(duration = 10 mV)\n"
    "  population a[sise] : lif\n  x -> b : dense\n}\n"
)


def told(text: str) -> list[tuple[int, str]]:
    """Line and code of every error."""
    found = survey_text(Source("t.snn", text)).diagnostics
    places = [(d.span.source.position(d.span.start)[0], d.code) for d in found if d.span]
    assert len(places) == len(found)
    return places


def test_the_program_is_right() -> None:
    assert told(PROGRAM) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tau: ms =", "tau: ms = ="),  # its name is no argument of callers
        ("v: mV", "v mV"),  # dv/dt
        ("input drive", "input 3"),  # the name itself is garbled
        ("on input { v", "on input { { v"),
        ("v > 3 mV", "v >"),  # the model never spikes
        ("n: int", "n: int ="),  # the whole module
        ("part(n: int)", "part(n: int))"),
        ("= h\n", "= = h\n"),  # a port
        ("0.5 ms", "0.5 0.5 ms"),  # delays that are no multiple of 1 ms
        ("size = 3", "size == 3"),
        ("size = 3", "si ze = 3"),
        ("cell = lif(", "cell = lif(("),
        ("poisson(", "poisson("[:-1]),
        ("instance p :", "instance p"),
        ("output y[3]", "output y[3"),
        ("network n {", "network n"),
        ("network n {", "network @ {"),
        ("rule st_rsbp\n", "rule = st_rsbp\n"),
        ("h -> y : dense\n}", "h -> y : dense\n"),
        ("size = 3\n", "size = 3 }\n"),
    ],
)
def test_a_syntax_error_has_no_echo_and_hides_no_other_mistake(old: str, new: str) -> None:
    broken = PROGRAM.replace(old, new, 1)
    syntax = told(broken)
    assert {code for _, code in syntax} <= {"E001", "E002"}
    assert syntax
    start = WRONG.count("\n")
    assert told(WRONG + broken) == [
        (2, "E021"),
        (3, "E010"),
        (4, "E010"),
        *((line + start, code) for line, code in syntax),
    ]


def test_unknown_names_in_the_broken_network_itself_are_told() -> None:
    text = PROGRAM.replace("size = 3", "size = = 3").replace("x -> h :", "x -> hh :")
    assert told(text) == [(15, "E001"), (22, "E010")]


def test_after_a_brace_too_many_the_block_goes_on() -> None:
    text = PROGRAM.replace("on input { v = v + drive }", "v = v + drive }")
    assert told(text) == [(5, "E001")]
