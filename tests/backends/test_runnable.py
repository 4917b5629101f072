"""Graphs that the compiled simulators refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from refusal import refused

from snncc.backends.compiled.plan import make_plan
from snncc.backends.runnable import require_clocked
from snncc.ir.graph import Semantics
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.text import parse_graph

TEXT = """snnir 2 network n dt 1.0 threshold step spikes 1
model spiking { state v "mV" = 0.0 ports (i) input v = v + i spike v > 1.0 reset v = 0.0 }
model readout { state v "mV" = 0.0 ports (i) input v = v + i emit v }
population x input (2) encode bernoulli(duration=5.0)
population r hidden (3) model readout ()
population y output (2) model spiking ()
projection a x -> r port i delay 0 trainable dense() init constant(value=1.0)
projection b r -> y port i delay 1 trainable dense() init constant(value=1.0)
"""


def refusal(check, graph):
    diagnostic = refused("E075", check, graph)
    assert diagnostic.help
    return diagnostic.message


@pytest.mark.parametrize("semantics", [Semantics("event"), Semantics("step", 31)])
def test_thresholds_are_tested_once_a_step(semantics):
    graph = replace(run_pipeline(parse_graph(TEXT)), semantics=semantics)
    for check in (require_clocked, lambda g: make_plan(draw_model(g, 0))):
        assert "tests its thresholds" in refusal(check, graph)
