from __future__ import annotations

import pytest
from compiled_texts import compiled_text


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
