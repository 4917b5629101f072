"""The networks of the wirings' benchmark have the synapses that it counts."""

from __future__ import annotations

import pytest
import wiring
from compiled_texts import compiled_text

from snncc.ir.model import draw_model


@pytest.mark.parametrize("kind", wiring.KINDS)
def test_a_network_has_about_so_many_synapses(kind: str) -> None:
    model = draw_model(compiled_text(wiring.network(kind, 20_000)).graph, 1)
    assert abs(model.wirings["x->y"].synapses - 20_000) < 1000
