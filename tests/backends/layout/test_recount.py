"""An image is counted from itself, and is found to be damaged where it is."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from integer_cases import drawn_integers
from layout_cases import scattered

from snncc.backends.layout.image import Layout
from snncc.backends.layout.recount import counts, faults, is_of
from snncc.ir.model import Model, weights_name
from snncc.ir.passes.pipeline import run_model_passes

PARTS = ("weight", "via", "post", "sender", "neuron", "route", "slot")


def drawn(seed: int) -> tuple[Model, Layout]:
    model = run_model_passes(drawn_integers(seed))
    return model, scattered(model, seed)


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_a_list_of_synapses(seed: int) -> None:
    model, layout = drawn(seed)
    home, first = layout.core_of_neuron(), layout.numbering.first
    reaches, synapses = set(), np.zeros(layout.cores, np.int64)
    for p in model.graph.projections:
        wiring = model.wirings[p.name]
        codes = model.values[weights_name(p.name)].array.ravel()[wiring.places()]
        for pre, post, code in zip(*wiring.pairs(), codes, strict=True):
            if code:
                core = home[first[p.post] + post]
                reaches.add((first[p.pre] + int(pre), int(core)))
                synapses[core] += 1
    found = counts(layout)
    assert found["synapses"].tolist() == synapses.tolist()
    for core in range(layout.cores):
        assert found["neurons"][core] == (home == core).sum()
        assert found["axons_in"][core] == sum(there == core for _, there in reaches)
        out = {(s, c) for s, c in reaches if s < len(home) and home[s] == core != c}
        assert found["axons_out"][core] == len(out)


def test_a_whole_image_is_of_its_model() -> None:
    for seed in range(6):
        model, layout = drawn(seed)
        assert list(faults(layout)) == []
        assert is_of(layout, model)


def test_what_is_changed_is_found() -> None:
    model, layout = drawn(1)
    assert len(layout.post) > 20
    for name, k in product(PARTS, (0, -1)):
        array = getattr(layout, name).copy()
        array[k] += 12 if name == "slot" else 1
        spoilt = replace(layout, **{name: array})
        assert list(faults(spoilt)) or not is_of(spoilt, model), name
