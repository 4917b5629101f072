"""Floors of states, told from other sums."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text

from snncc.ir.analysis.affine import affine_map
from snncc.ir.analysis.floors import without_floors

NET = """
neuron core {{
  param leak: mV/ms = 1 mV / 1 ms
  state v: mV = 0 mV
  on input {{ v = v + i }}
  dv/dt = {slope}
  spike when v >= 9 mV
  on spike {{ v = 0 mV }}
}}
network n {{
  dt = 1 ms
  input x[3] encode spikes(duration = 9 ms)
  output y[2] : core
  x -> y : dense
}}
"""


@pytest.mark.parametrize(
    ("slope", "row"),
    [
        ("max(-leak, -v / 1 ms)", {"v": 1.0, "": -1.0}),  # at least 0
        ("max((2 mV - v) / 1 ms, -leak)", {"v": 1.0, "": -1.0}),  # at least 2 mV
        ("max(-leak, -v / 2 ms)", None),  # a leak that changes, and no floor
        ("max(-leak, max(-v / 1 ms, -2 * leak))", None),
        ("-leak", {"v": 1.0, "": -1.0}),
    ],
)
def test_a_floor_is_a_max_of_a_constant(slope: str, row: dict[str, float] | None) -> None:
    population = compiled_text(NET.format(slope=slope)).graph.population("y")
    assert population.step is not None
    above = without_floors(population, population.step.integrate)
    assert affine_map(population, above)["v"] == row
