from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.frontend.lower.connect import steps


@pytest.mark.parametrize(
    ("delay", "dt", "count"), [(0.3, 0.1, 3), (0.7, 0.1, 7), (1e4, 0.1, 100_000), (0.0, 1.0, 0)]
)
def test_delays_are_counted_without_rounding_down(delay: float, dt: float, count: int) -> None:
    assert steps(delay, dt, None) == count


def test_a_delay_is_no_longer_than_engines_can_count() -> None:
    assert steps(1e6, 0.1, None) == 10_000_000
    refused("E005", steps, 1e20, 1.0, None)
    refused("E005", steps, 3e38, 1e-300, None)


@pytest.mark.parametrize(
    ("init", "plain"),
    [
        ("normal(6000 uV, 1 mV)", "normal(6, 1)"),
        ("uniform(1 mV, 0.002 V)", "uniform(1, 2)"),
        ("constant(6000 uV)", "constant(6)"),
        ("expression(1 mV * i)", "expression(1 * i)"),
    ],
)
def test_initial_weights_may_be_in_the_unit_of_the_port(init, plain) -> None:
    found = [
        compiled_text(
            "network n { input x[2] encode spikes(duration = 1 ms)  output y[3] : lif\n"
            f"x -> y : dense(init = {each}) }}"
        ).graph.projections[0]
        for each in (init, plain)
    ]
    assert found[0].init == found[1].init
