"""Several blocks of a grid: whatever they take and whichever comes first, the bits are the same."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import grid_model, samples_with
from compiled_texts import compiled_text
from devices import on_a_card
from drawn_networks import COUNTING
from grid import GridDevice
from rule_cases import BODIES, HEAD, TRAIN, sample

from snncc.backends.cuda.simulator import CudaSimulator
from snncc.backends.protocols import Samples
from snncc.backends.trainers.cuda import CudaTrainer

CASES = [
    ("recurrent", "st_rsbp", "recommended"),
    ("recurrent", "st_rsbp", "reference"),
    ("loop", "st_rsbp", "paper"),
    ("sparse", "hm2_bp", "recommended"),
]
MORE = "  regularizer exponential(strength = 0.5, limit = 2)\n  batch 1"


def samples(count):
    """Spike trains of 40 steps, each rolled further; labels 0, 1, …."""
    one = sample(0)
    values = np.concatenate([np.roll(one.values, 7 * k, axis=1) for k in range(count)])[:, :40]
    rows = np.arange(count)
    labels, importance = rows.astype(np.int32), np.linspace(1, 2, count, dtype=np.float32)
    return Samples(values, rows, rows.astype(np.uint64), labels, importance)


def learn(case, device, batch, folder):
    body, kind, profile = case
    text = HEAD + BODIES[body] + TRAIN.format(kind=kind, profile=profile)
    program = compiled_text(text.replace("120 ms", "40 ms").replace("  batch 1", MORE))
    model = grid_model(program.graph, 1, -1.0, 1.5)
    trainer = CudaTrainer(model, program.train, None, folder, device)
    return trainer, trainer.train(samples(3), batch, 1e-3)


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("batch", [1, 3])
def test_blocks_and_their_order_change_no_bit(case, batch, tmp_path):
    one, seen = learn(case, GridDevice(1, 0), batch, tmp_path)
    for blocks, seed in ((2, 1), (5, 2)):
        device = GridDevice(blocks, seed)
        several, outcome = learn(case, device, batch, tmp_path)
        assert device.stages > 10
        for name, array in one.state().items():
            np.testing.assert_array_equal(several.state()[name], array, err_msg=name)
        for name in outcome.__slots__:
            np.testing.assert_array_equal(getattr(outcome, name), getattr(seen, name))
    assert seen.activity.any()


def test_presenting_on_several_blocks(tmp_path):
    graph = compiled_text(COUNTING).graph
    values = (np.random.default_rng(1).random((4, 40, 12)) < 0.3).astype(np.uint8)
    given = samples_with(values)
    model = grid_model(graph, 5)
    found = [CudaSimulator(model, None, tmp_path, GridDevice(n, n)).run(given) for n in (1, 3, 8)]
    for outcome in found[1:]:
        np.testing.assert_array_equal(outcome.counts, found[0].counts)
        np.testing.assert_array_equal(outcome.activity, found[0].activity)
    assert found[0].counts.any()


@on_a_card
@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_cards_blocks_change_no_bit(case, device, tmp_path, monkeypatch):
    every, seen = learn(case, device, 3, tmp_path)
    monkeypatch.setattr(type(device), "blocks", lambda *_: 3)
    few, outcome = learn(case, device, 3, tmp_path)
    for name, array in every.state().items():
        np.testing.assert_array_equal(few.state()[name], array, err_msg=name)
    np.testing.assert_array_equal(outcome.counts, seen.counts)
