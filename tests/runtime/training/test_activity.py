from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.ir.expr import Ref
from snncc.ir.graph import Call, Graph, Population
from snncc.ir.neuron import NeuronStep
from snncc.ir.types import DType
from snncc.runtime.training.activity import Rates, measure, silence, suggested_gain, warnings

REST = NeuronStep((), (), ("rest",), refractory=Ref("rest", DType.I32))
NEURONS = Population("h", (4,), "hidden", step=REST, constants=(6.0,))
GRAPH = Graph("g", 0.5, (Population("x", (2,), "input"), NEURONS), ())


def rates(**changes):
    return Rates(
        **{"population": "h", "rate": 10.0, "dead": 0.0, "saturated": 0.0, "use": 0.05} | changes
    )


def test_rates_by_hand():
    # 2 samples of 70 steps of 0.5 ms: 70 ms in all; every 7th step is as fast as it can fire.
    activity = np.array([7, 0, 0, 0, 20, 14])
    image, hidden = measure(GRAPH, activity, 2, 70)
    assert image == Rates("x", 50.0, 0.5, 0.0, 0.025)
    assert hidden.rate == pytest.approx(34 / 4 / 0.070)
    assert (hidden.dead, hidden.saturated) == (0.5, 0.25)
    assert hidden.use == pytest.approx((1.0 + 0.7) / 4)


def test_an_input_that_sends_numbers_has_no_rate():
    sends = replace(GRAPH.populations[0], encoding=Call("current", ()))
    (hidden,) = measure(replace(GRAPH, populations=(sends, NEURONS)), np.ones(6, np.int64), 2, 70)
    assert hidden.population == "h"


@pytest.mark.parametrize(
    ("output", "said"), [("lif", "no output neuron fired"), ("li_mean", "all scores were 0")]
)
def test_what_has_no_class(output, said):
    text = (
        f"network n {{ input x[4] encode bernoulli(duration = 9 ms) output y[2] : {output} "
        "x -> y : dense }"
    )
    told = silence(compiled_text(text).graph, "3 samples")
    assert told == f"{said} at 3 samples: they have no class, and count as wrong"


def test_nothing_presented_yet():
    assert measure(GRAPH, np.zeros(6, np.int64), 0, 70)[1].rate == 0.0


def test_warnings_name_the_layer_and_a_gain():
    (text,) = warnings(GRAPH, (rates(dead=0.9, use=0.0005),))
    assert "90% of `h` never fired" in text
    assert "times 8" in text
    (text,) = warnings(GRAPH, (rates(saturated=0.3, use=0.8),))
    assert "30% of `h` fire nearly always" in text
    assert "times 0.25" in text


def test_no_warning_where_none_is_due():
    assert warnings(GRAPH, (rates(dead=0.4, saturated=0.1),)) == ()
    assert warnings(GRAPH, (rates(population="x", dead=1.0),)) == ()


@pytest.mark.parametrize("use", [0.0, 1e-9, 0.04, 0.5])
def test_gains_are_of_the_right_side_and_bounded(use):
    assert 1.25 <= suggested_gain(rates(dead=0.9, use=use)) <= 8.0
    if use:
        assert 1 / 8 <= suggested_gain(rates(saturated=0.9, use=use)) <= 0.8
