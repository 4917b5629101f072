"""Networks of integers as ONNX models: the bits of the reference, spikes and states, for all that
`integer_cases` draws."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx", reason="pip install onnx")
pytest.importorskip("onnxruntime", reason="pip install onnxruntime")

from integer_cases import DRAWN, STEPS
from onnx_runs import run_scan, run_steps
from refusal import refused

from snncc.backends.exports.onnx.form import NEWEST, OLD, Pair
from snncc.backends.exports.onnx.scan import scan_model
from snncc.backends.exports.onnx.step import step_model
from snncc.backends.reference.simulator import ReferenceSimulator

QUICK, MANY = range(14), range(14, 214)


def check(seed: int, pair: Pair, drawn: str = "spikes") -> int:
    """Both forms do what the reference does; how many spikes there were."""
    model, samples = (
        draw(*arguments) for draw, arguments in zip(DRAWN[drawn], ((seed,), (seed, 3)), strict=True)
    )
    wanted = ReferenceSimulator(model, np.float64).trace(samples, True)
    given = [p.name for p in model.graph.populations if p.role == "input"]
    trains = [wanted.spikes[name] for name in given if name not in wanted.numbers]
    none = np.zeros((STEPS, 3, 0), bool)
    spikes = np.concatenate([none, *trains], axis=2).astype(np.uint8)
    sent = [wanted.numbers[name] for name in given if name in wanted.numbers]
    numbers = np.concatenate(sent, axis=1).astype(np.int32) if sent else None
    whole = run_scan(
        scan_model(model, "digest", every_spike=True, every_state=True, pair=pair), spikes, numbers
    )
    bare = run_scan(scan_model(model, "digest", every_spike=True, pair=pair), spikes, numbers)
    single = run_steps(step_model(model, "digest", every_spike=True, pair=pair), spikes, numbers)
    for name, fired in wanted.spikes.items():
        assert (whole[f"{name}.spikes"] == fired).all(), (seed, name)
        assert (bare[f"{name}.spikes"] == fired).all(), (seed, name)
        if name not in wanted.numbers:
            assert (single[f"{name}.spikes"] == fired).all(), (seed, name)
    for name, states in wanted.states.items():
        still = model.graph.population(name).step.still
        for state, codes in states.items():
            if state not in still:
                assert (whole[f"{name}.{state}"] == codes).all(), (seed, name, state)
                assert (single[f"{name}.{state}.next"] == codes).all(), (seed, name, state)
    output = next(p.name for p in model.graph.populations if p.role == "output")
    for name in {"counts", "scores"} & whole.keys():
        assert (bare[name] == whole[name]).all()
    if "counts" in whole:
        assert (whole["counts"] == wanted.spikes[output].sum(axis=0)).all()
    if "scores" in whole:
        assert (whole["scores"] == wanted.states[output]["emitted.last"][-1]).all()
    return int(sum(fired.sum() for name, fired in wanted.spikes.items() if name != "x"))


@pytest.mark.parametrize("seed", QUICK)
def test_drawn_networks(seed):
    check(seed, NEWEST if seed % 2 else OLD)


@pytest.mark.parametrize("drawn", ["numbers", "products", "windows"])
@pytest.mark.parametrize("seed", range(6))
def test_drawn_networks_of_numbers(seed, drawn):
    check(seed, NEWEST if seed % 2 else OLD, drawn)


@pytest.mark.slow
@pytest.mark.parametrize("count", [24, pytest.param(200, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("drawn", [name for name in DRAWN if name != "firing"])
def test_many_drawn_networks(drawn, count):
    seeds = MANY[:count]
    assert sum(check(seed, OLD if seed % 2 else NEWEST, drawn) for seed in seeds) > 25 * count


@pytest.mark.parametrize("write", [scan_model, step_model])
def test_several_spikes_a_step_are_refused(write):
    draw, _ = DRAWN["firing"]
    refused("E075", write, draw(1), "digest")
