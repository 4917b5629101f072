"""A composed projection is what one would write with a population of `linear` in between."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import grid_model
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.reference.network import simulate
from snncc.backends.rules.through_time.oracle import gradients_through_time
from snncc.frontend.limits import Limits
from snncc.frontend.program import compile_text
from snncc.frontend.style.format import format_text
from snncc.ir.adjoint.curves import CURVES
from snncc.ir.adjoint.step import Surrogate
from snncc.ir.diagnostics import Source
from snncc.ir.text import print_graph

NET = """network net {{
  dt = 1 ms
  delay = 2 ms
  input x[1, 8, 8] encode spikes(duration = 24 ms)
  population c : lif(v_th = 0.5 mV, refractory = 0 ms)
  output y[3] : cuba_lif(v_th = 1 mV)
  {body}
}}
"""
COMPOSED = NET.format(
    body="""
  x -> c : pool2d(kernel = 2, init = constant(1.1)) then conv2d(channels = 2, kernel = 3)  as w
  c -> y.exc : one_to_one(init = normal)  trainable(lr_mult = 0.5) then pool2d(kernel = 2)
      then dense  fixed  delay 1 ms  as v
  c -> y.inh : pool2d(kernel = 2) then dense(weight = 0.1)"""
)
SPELLED = NET.format(
    body="""
  population p : linear
  population q : linear
  population r : linear
  population s : linear
  x -> p : pool2d(kernel = 2, init = constant(1.1))  delay 0 ms
  p -> c : conv2d(channels = 2, kernel = 3)  as w
  c -> q : one_to_one(init = normal)  trainable(lr_mult = 0.5)  delay 0 ms
  q -> r : pool2d(kernel = 2)  delay 0 ms
  r -> y.exc : dense  fixed  delay 1 ms  as v
  c -> s : pool2d(kernel = 2)  delay 0 ms
  s -> y.inh : dense(weight = 0.1)"""
)
NAMES = {"p": "x.pool2d", "q": "c.one_to_one", "r": "c.pool2d", "s": "c.pool2d#2"}


def spelled_name(name: str) -> str:
    """The name that a population or projection of COMPOSED has in SPELLED."""
    back = {ours: theirs for theirs, ours in NAMES.items()}
    return "->".join(back.get(part, part) for part in name.replace(".inh", "").split("->")) + (
        ".inh" if name.endswith(".inh") else ""
    )


def test_the_graph_is_that_of_the_text_spelled_out() -> None:
    composed = print_graph(compile_text(Source("t.snn", COMPOSED)).graph)
    spelled = print_graph(compile_text(Source("t.snn", SPELLED)).graph)
    for theirs, ours in sorted(NAMES.items(), reverse=True):
        composed = composed.replace(f'"{ours}"', theirs).replace(ours, theirs)
    assert composed.replace('"', "") == spelled.replace('"', "")


def test_spikes_and_gradients_are_those_of_the_text_spelled_out() -> None:
    models = [grid_model(compiled_text(text).graph, 3, low=0.0) for text in (COMPOSED, SPELLED)]
    draw = np.random.default_rng(5)
    inputs = {"x": draw.random((24, 2, 64)) < 0.3}
    asked = {"y": draw.normal(size=(24, 2, 3))}
    surrogates = {n: Surrogate(CURVES["arctan"], 0.5) for n in ("c", "y", *NAMES, *NAMES.values())}
    traces = [simulate(model, inputs, record=True) for model in models]
    found = [gradients_through_time(m, inputs, asked, surrogates).weights for m in models]
    assert traces[1].spikes["c"].any()
    for name, spikes in traces[0].spikes.items():
        assert np.array_equal(spikes, traces[1].spikes[spelled_name(name)])
    for name, gradient in found[0].items():
        assert np.array_equal(gradient, found[1][spelled_name(name)])
        assert gradient.any()


def test_formatting_keeps_a_composed_projection() -> None:
    once = format_text(Source("t.snn", COMPOSED))
    assert "\n      then dense  fixed  delay 1 ms  as v\n" in once
    assert "constant(1.1)) then conv2d(" in once
    assert format_text(Source("t.snn", once)) == once


def test_a_model_of_the_program_that_is_called_linear_takes_no_part() -> None:
    own = "neuron linear { state v: mV = 0 mV  emit v + i }\n"
    graphs = [compile_text(Source("t.snn", text)).graph for text in (COMPOSED, own + COMPOSED)]
    assert print_graph(graphs[0]) == print_graph(graphs[1])


@pytest.mark.parametrize(("parts", "fits"), [(7, True), (6, False)])
def test_what_is_composed_counts_as_what_it_stands_for(parts: int, fits: bool) -> None:
    text = NET.format(body="x -> c : one_to_one then pool2d(kernel = 2)")
    limits = Limits(parts=parts - 1)  # three populations, the relay, two projections
    if fits:
        assert len(compile_text(Source("t.snn", text), limits=limits).graph.populations) == 4
    else:
        refused("E005", compile_text, Source("t.snn", text), limits=limits)
