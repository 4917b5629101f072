"""Times of cores, brought along while neurons move."""

from dataclasses import replace

import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.mapping import ease
from snncc.backends.mapping.costs import COSTS, rhythm
from snncc.backends.mapping.levels import bounds_of, cut_of, finest
from snncc.backends.mapping.limits import CoreLimits, Mesh, work
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.route import core_nets, routed

CORES, LIMITS, LOIHI = 4, CoreLimits(16), COSTS["loihi"]


@pytest.mark.parametrize("seed", range(4))
def test_a_move_changes_what_would_be_counted_anew(seed: int, loops: Kernels) -> None:
    """Of neurons that reach themselves, synapses that are listed twice and inputs, at two moments
    and on average."""
    draw = np.random.default_rng(seed)
    axons = drawn_axons(seed, neurons=16, inputs=3, synapses=60)
    moments = draw.integers(0, 2, (axons.senders, 2)).astype(np.float32)
    axons = replace(axons, moments=moments, rate=moments.mean(axis=1, dtype=np.float64))
    part, mesh = (np.arange(16) % CORES).astype(np.int32), Mesh(2, 2)
    level, bounds = finest(axons, LIMITS, loops), bounds_of(LIMITS, CORES, 2)
    cut = cut_of(level, part, CORES, bounds, loops)
    pace = ease._pace(axons, cut.part, CORES, mesh, LOIHI, loops)
    messages = float(pace.messages[0])
    for _ in range(40):
        v, core = int(draw.integers(16)), int(draw.integers(CORES))
        if core == cut.part[v]:
            continue
        messages += loops.retime(level, cut, pace, v, core)
        loops.shift(level, cut, bounds, v, core)
        for k in range(2):
            then = replace(axons, rate=moments[:, k].astype(np.float64))
            nets, done = core_nets(then, cut.part, CORES, loops), work(then, cut.part, CORES, loops)
            sent = routed(nets, np.arange(CORES), mesh, loops)
            sends, receives = rhythm(then, cut.part, sent, done, LOIHI)
            assert pace.sends[:, k] == pytest.approx(sends, abs=0.01)
            assert pace.receives[:, k] == pytest.approx(receives, abs=0.01)
        sent = routed(core_nets(axons, cut.part, CORES, loops), np.arange(CORES), mesh, loops)
        local = work(axons, cut.part, CORES, loops).local.sum()
        assert messages == pytest.approx(sent.packets + local)
