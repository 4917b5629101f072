"""A rule's numbers over a plan."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.compiled.plan import make_plan
from snncc.backends.rules.spike_train.tables import make_rule
from snncc.ir.model import draw_model

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
    program = compiled_text(text)
    model = draw_model(program.graph, 0)
    return make_rule(model, program.train, make_plan(model))


@pytest.mark.parametrize("profile", ["reference", "paper"])
def test_the_closed_form_wants_two_time_constants(profile):
    diagnostic = refused("E050", rule, profile, tau_syn=8)
    assert "`y` has equal membrane and synaptic time constants" in diagnostic.message
    assert 'profile = "recommended"' in diagnostic.help
    assert rule("recommended", tau_syn=8).keep_v[1] == np.float32(0.875)


@pytest.mark.parametrize(("profile", "shift"), [("recommended", 3), ("paper", 4)])
def test_the_closed_form_delays_by_the_refractory_time(profile, shift):
    assert rule(profile, delay=3).shift.tolist() == [shift]


def test_taught_spikes_are_a_lesson_apart():
    assert rule("recommended").lesson == 2  # 70 steps, target 35
