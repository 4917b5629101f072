"""Networks of integers on the processor: the bits of the reference, spikes and states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from integer_cases import DRAWN, STEPS, check_outcome, drawn_integers, drawn_samples
from kernel_flags import FORWARD
from refusal import refused

from snncc.backends.compiled.text.step import state_places
from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.protocols import Samples
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.expr import Const
from snncc.ir.graph import SUMS
from snncc.ir.model import Model
from snncc.ir.neuron import State
from snncc.ir.types import Fixed

pytestmark = FORWARD
Codes = npt.NDArray[np.int32]
QUICK, SOME, MANY = range(2, 6), range(6, 12), range(6, 200)


def check(seed: int, folder: Path, every_step: bool, sums: str, drawn: str) -> int:
    """Both engines do the same; how many spikes there were. The states of every step are long in
    coming: each is a presentation of its own."""
    model, samples = (draw(seed) for draw in (partial(DRAWN[drawn][0], sums=sums), DRAWN[drawn][1]))
    wanted = ReferenceSimulator(model, np.float64).trace(samples, True)
    simulator = CpuSimulator(model, 1, folder)
    found = simulator.trace(samples, every_step)
    for name, spikes in wanted.spikes.items():
        assert (found.spikes[name] == spikes).all(), (seed, name)
    last = found.states if every_step else last_states(simulator, samples)
    for name, states in wanted.states.items():
        for state, codes in states.items():
            there = last[name][state]
            assert (there == codes[-len(there) :]).all(), (seed, name, state)
    return check_outcome(simulator, model, samples, wanted.spikes)


def last_states(simulator: CpuSimulator, samples: Samples) -> dict[str, dict[str, Codes]]:
    """The codes [1, B, N] after the last step."""
    rows = [simulator.states_after(samples.only(k), STEPS) for k in range(len(samples.ids))]
    found = {}
    for k, population in enumerate(simulator.graph.populations):
        own = slice(*simulator.plan.neurons[k : k + 2])
        places = state_places(population.step) if population.step else {}
        found[population.name] = {
            state: np.stack([r[kind][row, own].view(np.int32) for r in rows])[None]
            for state, (kind, row) in places.items()
        }
    return found


EVERY_DRAWN = pytest.mark.parametrize("drawn", DRAWN)
EVERY_SUM = pytest.mark.parametrize("sums", SUMS)


@pytest.mark.parametrize("drawn", [name for name in DRAWN if name != "windows"])
@EVERY_SUM
def test_every_step_of_drawn_networks(kernels: Path, sums: str, drawn: str) -> None:
    assert sum(check(seed, kernels, True, sums, drawn) for seed in range(2)) > 20


@pytest.mark.compiled_at_night
@EVERY_DRAWN
@EVERY_SUM
def test_drawn_networks(kernels: Path, sums: str, drawn: str) -> None:
    assert sum(check(seed, kernels, False, sums, drawn) for seed in QUICK) > 100


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [SOME, pytest.param(MANY, marks=pytest.mark.nightly)], ids=len)
@EVERY_DRAWN
@EVERY_SUM
def test_many_drawn_networks(
    request: pytest.FixtureRequest, kernels: Path, seeds: Sequence[int], sums: str, drawn: str
) -> None:
    if "interpreted" not in request.node.name:
        pytest.skip("each network would be compiled")
    assert sum(check(seed, kernels, False, sums, drawn) for seed in seeds) > 20 * len(seeds)


def test_more_bits_than_are_kept(tmp_path: Path) -> None:
    model: Model = drawn_integers(0)
    graph = model.graph
    wide = State("wide", "1", Const(0, Fixed(40, 0)), Fixed(40, 0))
    populations = tuple(
        p if p.step is None else replace(p, step=replace(p.step, states=(*p.step.states, wide)))
        for p in graph.populations
    )
    model = replace(model, graph=replace(graph, populations=populations))
    simulator = CpuSimulator(model, 1, tmp_path)
    assert "keeps codes of 32 bits" in refused("E071", simulator.run, drawn_samples(0)).message
