"""Units that are left out while a network learns: every trainer's steps beside the oracle's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from backend_cases import samples_with
from compiled_texts import compiled_text
from devices import with_threads
from dropout_cases import CASES, check_step_without, text_of
from grid import GridDevice
from kernel_flags import THROUGH_TIME
from rule_cases import sample

from snncc.backends.compiled.dropout import dropping
from snncc.backends.compiled.network import ready
from snncc.backends.compiled.plan import make_plan
from snncc.backends.rules.through_time import tables
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.backends.trainers.cuda import CudaTrainer
from snncc.ir.model import draw_model

pytestmark = [pytest.mark.usefixtures("plain_values"), THROUGH_TIME]
# Compiled every night; with every change the first, which has every kind of synapses.
AT_NIGHT = [pytest.param(case, marks=pytest.mark.compiled_at_night) for case in list(CASES)[1:]]


def short(label):
    """What the grid in Python can go through in a second."""
    given = sample(label)
    return replace(given, values=given.values[:, :30])


def short_text(case):
    return text_of(case).replace("120 ms", "30 ms")


@pytest.mark.parametrize("batch", [1, pytest.param(2, marks=pytest.mark.compiled_at_night)])
@pytest.mark.parametrize("case", ["maps", *AT_NIGHT])
def test_a_step_is_the_oracles_gradient(kernels, case, batch):
    check_step_without(lambda m, s: CpuTrainer(m, s, 2, kernels), short_text(case), batch, short)


def test_a_step_in_segments_is_the_oracles_gradient(kernels, monkeypatch):
    """What arrives is found once more, with the same units left out."""
    monkeypatch.setattr(tables, "MOST_BYTES", 1)
    monkeypatch.setattr(tables, "PART", 8)

    def make(model, spec):
        trainer = CpuTrainer(model, spec, 2, kernels)
        assert trainer.rule.segments == 4
        return trainer

    check_step_without(make, short_text("maps"), 2, short)


@with_threads
def test_a_step_of_a_device_is_the_oracles_gradient(device, tmp_path):
    def make(model, spec):
        return CudaTrainer(model, spec, None, tmp_path, device)

    check_step_without(make, short_text("maps"), 1, short)


@pytest.mark.parametrize("case", list(CASES)[1:])
def test_a_step_of_every_kind_of_a_device_is_the_oracles_gradient(case, tmp_path):
    def make(model, spec):
        return CudaTrainer(model, spec, None, tmp_path, GridDevice(3, 1))

    check_step_without(make, short_text(case), 1, short)


def learnt(make, pieces, epoch=2):
    """The state after four samples, learnt in these pieces, two an update."""
    program = compiled_text(short_text("loop"))
    trainer = make(draw_model(program.graph, 3), program.train)
    drawn = np.random.default_rng(5).random((4, 30, 20)) < 0.12
    samples = replace(samples_with(drawn.astype(np.uint8), np.arange(4) % 5), epoch=epoch)
    for first, last in pieces:
        trainer.train(samples.part(first, last), 2, 0.01)
    return {name: array.tobytes() for name, array in trainer.state().items()}


def test_threads_and_pieces_change_nothing(kernels):
    """Who is left out follows from the sample, not from when it comes or who takes it."""

    def one(threads, pieces, **more):
        return learnt(lambda m, s: CpuTrainer(m, s, threads, kernels), pieces, **more)

    first = one(1, [(0, 4)])
    assert one(2, [(0, 2), (2, 4)]) == first
    assert one(1, [(0, 4)], epoch=1) != first


@pytest.mark.slow
@pytest.mark.nightly
def test_the_blocks_of_a_device_change_nothing(tmp_path):
    def by(blocks):
        return lambda m, s: CudaTrainer(m, s, None, tmp_path, GridDevice(blocks, 1))

    assert learnt(by(2), [(0, 4)]) == learnt(by(5), [(0, 4)])


def test_the_plan_of_a_training():
    """What answers has its own, by which nobody is left out."""
    program = compiled_text(text_of("maps"))
    model = ready(draw_model(program.graph, 3))
    plan = make_plan(model)
    found = dropping(plan, model.graph, program.train)
    names = [p.name for p in model.graph.populations]
    there = [names.index(name) for name in "mcr"]
    np.testing.assert_allclose(found.dropped[there] / 2**32, [0.2, 0.5, 0.5], rtol=1e-9)
    assert found.alike[there].tolist() == [1, 5, 1]
    assert found.share[there].tolist() == [1.25, 2, 2]
    others = [p for p in range(len(names)) if p not in there]
    assert not found.dropped[others].any()
    assert (found.share[others] == 1).all()
    assert not plan.dropped.any()
    assert (plan.alike == 1).all()
