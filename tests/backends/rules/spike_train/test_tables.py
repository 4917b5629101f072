"""A rule's numbers over a plan."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.compiled.plan import make_plan
from snncc.backends.rules.spike_train.tables import count_errors, make_rule
from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import CompileError, Source
from snncc.ir.graph import Call
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline

NET = """
network n {{
  input x[4] encode poisson(duration = 70 ms)
  output y[3] : lif(tau_mem = 8 ms, tau_syn = {tau_syn} ms, refractory = 2 ms)
  x -> y : dense delay {delay} ms
}}
train n {{
  data digits
  rule hm2_bp(profile = "{profile}")
}}
"""


def rule(profile, tau_syn=4, delay=1):
    text = NET.format(profile=profile, tau_syn=tau_syn, delay=delay)
    program = compile_text(Source("n.snn", text))
    graph = run_pipeline(program.graph)
    model = draw_model(graph, 0)
    return make_rule(graph, program.train, make_plan(model), model.wirings)


@pytest.mark.parametrize("profile", ["reference", "paper"])
def test_the_closed_form_wants_two_time_constants(profile):
    with pytest.raises(CompileError) as caught:
        rule(profile, tau_syn=8)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E050"
    assert "`y` has equal membrane and synaptic time constants" in diagnostic.message
    assert 'profile = "recommended"' in diagnostic.help
    assert rule("recommended", tau_syn=8).keep_v[1] == np.float32(0.875)


@pytest.mark.parametrize(("profile", "shift"), [("recommended", 3), ("paper", 4)])
def test_the_closed_form_delays_by_the_refractory_time(profile, shift):
    assert rule(profile, delay=3).shift.tolist() == [shift]


def test_taught_spikes_are_a_lesson_apart():
    assert rule("recommended").lesson == 2  # 70 steps, target 35


def test_errors_of_counts():
    call = Call("st_rsbp", (("target", 4.5), ("other", 1.0), ("margin", 1.0)))
    other, target = count_errors(call, 6)
    assert other.tolist() == [0, 0, 0, 2, 3, 4, 5]
    assert target.tolist() == [-4.5, -3.5, -2.5, -1.5, 0, 0, 1.5]
