"""The counted operations and bytes, against counting one event after the other."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from cost import (
    ADAM,
    SEND,
    SWEEPS,
    Activity,
    Cost,
    Network,
    activity_of,
    backward_costs,
    delivery,
    floor_ms,
    forward_costs,
    network_of,
    summed,
)
from machine import Arithmetic, Level, Machine
from nets import compile_net

STEPS, HIDDEN = 40, 25
IMAGE, H1, H2, DIGIT = range(4)
FEED, RECURRENT = 1, 2  # h1 -> h2, h2 -> h2


def make_network(net: str) -> Network:
    program = compile_net(net, STEPS, HIDDEN)
    assert program.train is not None
    return network_of(program.graph, program.train, STEPS, 1)


@pytest.fixture(scope="module")
def network() -> Network:
    return make_network("active liquid")


@pytest.fixture(scope="module")
def raster() -> np.ndarray:
    rng = np.random.default_rng(3)
    fired = rng.random((STEPS, 784 + 2 * HIDDEN + 10)) < 0.05
    fired[:, rng.random(fired.shape[1]) < 0.5] = False
    return fired


@pytest.fixture(scope="module")
def activity(network: Network, raster: np.ndarray) -> Activity:
    return activity_of(network, raster[None], drawn=784)


def spikes(raster: np.ndarray, p: int) -> np.ndarray:
    return np.split(raster, [784, 784 + HIDDEN, 784 + 2 * HIDDEN], axis=1)[p]


def by_stage(costs: tuple[Cost, ...]) -> dict[str, Cost]:
    return {cost.stage: cost for cost in costs}


def test_a_dense_projection_adds_a_row_for_every_event(
    network: Network, raster: np.ndarray, activity: Activity
) -> None:
    events = sum(1 for _ in zip(*np.nonzero(spikes(raster, H1)), strict=True))
    cost = delivery("drive", activity, network.links[FEED])
    assert (cost.operations, cost.read) == (events * HIDDEN, 4 * events * HIDDEN)
    assert cost.working_set == 4 * HIDDEN * HIDDEN


def test_a_sparse_projection_adds_the_synapses_of_every_event(
    network: Network, raster: np.ndarray, activity: Activity
) -> None:
    link = network.links[RECURRENT]
    pre, _ = link.wiring.pairs()
    assert link.inside
    assert len(pre) > 0
    events = sum(int((pre == j).sum()) for _, j in np.argwhere(spikes(raster, H2)))
    assert delivery("step", activity, link).operations == events


def columns(before: np.ndarray) -> int:
    """Those of a trace: what fired, in whole lines of 16, or all where little would be saved."""
    active = int((before > 0).sum())
    lines = -(-active // 16) * 16
    if 4 * active >= 3 * len(before):
        return len(before)
    return lines if lines < len(before) else active


def test_rows_are_counted_one_spike_after_the_other(
    network: Network, raster: np.ndarray, activity: Activity
) -> None:
    total = 0
    for pre, post in ((IMAGE, H1), (H1, H2), (H2, DIGIT)):
        wide = columns(spikes(raster, pre).sum(axis=0))
        for o in spikes(raster, post).sum(axis=0):
            total += wide * (1 + 2 * (o - 1) if o else 0)
    rows = by_stage(backward_costs(network, activity, 1))["rows"]
    assert (rows.operations, rows.read) == (total, 4 * total)


def test_a_dense_recurrence_has_rows_and_nothing_else_a_pair(
    network: Network, raster: np.ndarray, activity: Activity
) -> None:
    """Beside the sweeps of SEND operations a synapse, and Omega, which a sparse one has too."""
    dense = make_network("active dense")
    solve = by_stage(backward_costs(dense, activity, 1))["solve"].operations
    chain = by_stage(backward_costs(make_network("sleepy chain"), activity, 1))["solve"].operations
    own = spikes(raster, H2).sum(axis=0)
    rows = columns(own) * int(np.maximum(2 * own - 1, 0).sum())
    trace = 3 * STEPS * columns(own)
    omega = int((own > 0).sum()) * HIDDEN
    assert solve - chain == rows + trace + omega + SEND * SWEEPS * HIDDEN * HIDDEN


def test_a_silent_network_only_draws_steps_and_updates(network: Network) -> None:
    silent = activity_of(network, np.zeros((2, STEPS, 784 + 2 * HIDDEN + 10), bool), 0)
    forward = by_stage(forward_costs(network, silent))
    assert forward["encode"].operations == forward["drive"].operations == 0
    assert forward["step"].operations >= STEPS * (2 * HIDDEN + 10)
    assert by_stage(backward_costs(network, silent, 1))["rows"].operations == 0


def test_rates_are_percent_of_the_steps(
    network: Network, raster: np.ndarray, activity: Activity
) -> None:
    rates = activity.rates(network)
    assert list(rates) == ["image", "h1", "h2", "digit"]
    assert rates["h2"] == pytest.approx(100 * spikes(raster, H2).mean())


def test_a_batch_shares_its_update(network: Network, activity: Activity) -> None:
    dense = 784 * HIDDEN + HIDDEN * HIDDEN + HIDDEN * 10
    weights = dense + network.links[RECURRENT].synapses
    one, many = (by_stage(backward_costs(network, activity, b)) for b in (1, 64))
    assert (one["update"].operations, one["update"].update) == (ADAM * weights, 24 * weights)
    assert many["update"].update == pytest.approx(weights * (8 + (24 + 8 * 8) / 64))
    assert many["write-back"].update == pytest.approx(one["write-back"].update / 64)
    assert one["write-back"].update == 12 * dense


def machine(read: float, update: float, fma: float) -> Machine:
    levels = tuple(
        Level(name, 1, size, read / k, update / k)
        for k, (name, size) in enumerate((("L1", 10), ("L2", 100), ("DRAM", 1000)), 1)
    )
    return Machine("", 1, (("L1", 10), ("L2", 100)), (), levels, (Arithmetic(1, fma),), 0.0)


@pytest.mark.parametrize(("size", "level"), [(10, "L1"), (11, "L2"), (101, "DRAM")])
def test_the_first_cache_that_holds_the_working_set_counts(size: float, level: str) -> None:
    assert Cost("rows", 0, working_set=size).level(machine(1, 1, 1)) == level


def test_the_floor_is_arithmetic_or_memory() -> None:
    roof = machine(read=6e-3, update=4e-3, fma=2e-3)
    assert Cost("rows", 7).milliseconds(roof, 1) == pytest.approx(7e-3)
    assert Cost("rows", 0, read=12, update=12).milliseconds(roof, 1) == pytest.approx(5e-3)
    assert Cost("rows", 7, read=12, update=12).milliseconds(roof, 1) == pytest.approx(7e-3)
    assert Cost("rows", 0, read=12, working_set=50).milliseconds(roof, 1) == pytest.approx(4e-3)


def test_floors_of_stages_add_up() -> None:
    roof = machine(read=1, update=1, fma=2)
    costs = (Cost("encode", 2), Cost("rows", 3), Cost("rows", 5))
    assert floor_ms(costs, roof, 1) == pytest.approx(10e-6)
    assert [(c.stage, c.operations) for c in summed(costs)] == [("encode", 2), ("rows", 8)]


def test_samples_are_averaged(network: Network, raster: np.ndarray) -> None:
    one, other = (activity_of(network, r[None], 9) for r in (raster, raster[:, ::-1]))
    both = activity_of(network, np.stack([raster, raster[:, ::-1]]), 9)
    for costs, batch in product((forward_costs, backward_costs), (1, 32)):
        extra = () if costs is forward_costs else (batch,)
        parts = [sum(c.operations for c in costs(network, a, *extra)) for a in (one, other)]
        assert sum(c.operations for c in costs(network, both, *extra)) == pytest.approx(
            sum(parts) / 2
        )
