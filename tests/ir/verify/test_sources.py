"""Who takes neither sources nor noise refuses them, and says which."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refusals, refused

from snncc.backends.exports.table import EXPORTS
from snncc.backends.rules.table import rule_of
from snncc.ir.graph import Call, Graph, Population
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize
from snncc.ir.running import lasting
from snncc.ir.sources import SOURCE
from snncc.ir.verify import GraphError, verify
from snncc.ir.verify.sources import idle_sources, require_no_sources, verify_sources
from snncc.ir.verify.warnings import graph_warnings

NET = """
neuron noisy {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 10 ms + 1 mV / sqrt(1 ms) * noise
  spike when v > 1 mV
  on spike { v = 0 mV }
}
network n {
  input x[4] encode poisson(duration = 5 ms)
  source bg[3] : poisson(rate = 1 kHz)
  population h[3] : noisy
  output y[3] : lif
  x -> h : dense
  bg -> h : one_to_one  fixed
  h -> y : dense
}
train n { data digits rule tssl_bp }
"""


def test_rules_integers_and_onnx_take_neither():
    program = compiled_text(NET)
    assert program.train is not None
    model = draw_model(program.graph, 0)
    for code, work, arguments in (
        ("E050", rule_of, (model, program.train)),
        ("E080", Quantize(Precision()).run, (run_model_passes(model),)),
        ("E071", EXPORTS["onnx"].require, (model,)),
    ):
        found = refusals(work, *arguments)
        assert {d.code for d in found} == {code}
        assert all(d.help for d in found)
        messages = [d.message for d in found]
        assert any("no sources, and `bg` is one" in message for message in messages)
        assert any("no noise, and the equations of `h` have it" in message for message in messages)
    plain = compiled_text(
        NET.replace("sqrt(1 ms) * noise", "1 ms")
        .replace("source", "input")
        .replace(": poisson(rate = 1 kHz)", "encode poisson(duration = 5 ms)")
    )
    require_no_sources(plain.graph, "E080", "integers take")


def test_rules_through_time_learn_beside_them_but_not_the_weights_from_a_source():
    text = NET.replace("tssl_bp", "surrogate(width = 1)")
    program = compiled_text(text)
    assert program.train is not None
    rule_of(draw_model(program.graph, 0), program.train)
    program = compiled_text(text.replace("one_to_one  fixed", "one_to_one"))
    found = refused("E050", rule_of, draw_model(program.graph, 0), program.train)
    assert "`bg->h` are to learn" in found.message
    assert "`fixed`" in found.help


def source(kind: str, **arguments: object) -> Population:
    return Population("s", (4,), SOURCE, source=Call(kind, tuple(arguments.items())))


@pytest.mark.parametrize(
    ("code", "population"),
    [
        ("E045", source("regular", period=0.5, offset=0.0)),
        ("E045", source("times", times=(1.0, 1.5))),
        ("E022", source("times", times=(1.0,) * 256)),
        ("E022", source("poisson", rate=100_001.0)),
        ("E040", source("given", tensor="far")),
        ("E022", source("given", tensor="often")),
    ],
)
def test_what_no_source_can_fire(code, population):
    tensors = {"far": np.float32([[0, 4]]), "often": np.zeros((256, 2), np.float32)}
    refused(code, verify_sources, Graph("n", 1.0, (population,), (), tensors=tensors))


def test_the_most_that_one_can():
    tensors = {"a": np.zeros((255, 2), np.float32), "b": np.zeros((0, 2), np.float32)}
    for population in (
        source("poisson", rate=100_000.0),
        source("times", times=(1.0,) * 255),
        source("given", tensor="a"),
        source("given", tensor="b"),
    ):
        verify_sources(Graph("n", 1.0, (population,), (), tensors=tensors))


def test_a_source_has_a_kind_and_nothing_else_has():
    kind = Call("poisson", (("rate", 1.0),))
    for wrong in (
        Population("s", (4,), SOURCE),
        Population("s", (4,), "input", source=kind),
        Population("s", (4,), SOURCE, source=Call("poisson", ())),
        Population("s", (4,), SOURCE, source=kind, encoding=Call("spikes", (("duration", 1.0),))),
    ):
        with pytest.raises(GraphError):
            verify(Graph("n", 1.0, (wrong,), ()))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("times([20 ms])", 1),
        ("times([19 ms])", 0),
        ("regular(period = 1 ms, offset = 20 ms)", 1),
        ("regular(period = 1 ms, offset = 19 ms)", 0),
        ("poisson(rate = 0 Hz)", 1),
        ("poisson(rate = 1 Hz, start = 20 ms)", 1),
        ("poisson(rate = 1 Hz, start = 5 ms, stop = 5 ms)", 1),
        ("poisson(rate = 1 Hz, start = 19 ms)", 0),
    ],
)
def test_a_source_that_never_fires_is_told(said: str, expected: int) -> None:
    text = f"""
    network n {{
      dt = 1 ms
      source s[2] : {said}
      output y[2] : lif
      s -> y : dense(weight = 1)
    }}
    """
    graph = compiled_text(text).graph
    assert not list(idle_sources(graph))  # how long a run lasts is not known
    found = [w for w in graph_warnings(lasting(graph, 20.0)) if w.code == "W047"]
    assert len(found) == expected
