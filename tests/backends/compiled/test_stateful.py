"""Synapses with states as flat arrays."""

from __future__ import annotations

import numpy as np
import pytest
from synapse_cases import network

from snncc.backends.compiled.network import ready
from snncc.backends.compiled.plan import make_plan
from snncc.backends.compiled.stateful import (
    SYN_BACK,
    SYN_COUNT,
    SYN_HELD,
    SYN_POST,
    SYN_PRE,
    SYN_ROWS,
    SYN_SINCE,
    distinct_synapses,
    make_states,
)
from snncc.ir.diagnostics import CompileError
from snncc.ir.wiring import AllPairs


def test_nothing_lies_over_another() -> None:
    model = ready(network())
    states = make_states(model, make_plan(model, has_states=True))
    own = states.table[states.table[:, SYN_PRE] >= 0]
    sizes = own[:, SYN_ROWS] * own[:, SYN_COUNT]
    np.testing.assert_array_equal(own[:, SYN_HELD], np.cumsum(sizes) - sizes)
    counts = own[:, SYN_COUNT]
    np.testing.assert_array_equal(own[:, SYN_SINCE], np.cumsum(counts) - counts)
    assert states.held == sizes.sum()
    assert states.since == counts.sum()
    assert len(distinct_synapses(model.graph)) == 5


def test_the_synapses_of_every_post_neuron() -> None:
    model = ready(network())
    states = make_states(model, make_plan(model, has_states=True))
    looked = 0
    for projection, row in zip(model.graph.projections, states.table, strict=True):
        wiring = model.wirings[projection.name]
        if row[SYN_POST] < 0 or isinstance(wiring, AllPairs):
            assert row[SYN_BACK] == -1
            continue
        _, post = wiring.pairs()
        for n in range(wiring.post_neurons):
            lo, hi = states.back_ptr[row[SYN_BACK] + n : row[SYN_BACK] + n + 2]
            assert states.back[lo:hi].tolist() == np.flatnonzero(post == n).tolist()
            looked += hi - lo
    assert looked > 50


def test_engines_without_them_refuse() -> None:
    with pytest.raises(CompileError) as caught:
        make_plan(ready(network()))
    assert {d.code for d in caught.value.diagnostics} == {"E071"}
    assert "`via`" in caught.value.diagnostics[0].help
