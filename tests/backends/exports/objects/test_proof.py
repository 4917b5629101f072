"""Drawn networks as objects, on the boards of their machines: the bits of the reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from boards import check_drawn, need_board, written
from compiled_texts import compiled_text
from integer_cases import DRAWN, STEPS, drawn_integers, drawn_samples

from snncc.backends.exports.c.layout import layout_of
from snncc.backends.exports.objects.machine import assembled
from snncc.backends.exports.objects.proof import linker_script, proof_text
from snncc.backends.exports.objects.triples import TRIPLES
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.graph import SUMS
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize
from snncc.runtime.building import linked, status_of

EVEN = """
network n {
  dt = 1 ms
  input x[6] encode spikes(duration = 40 ms)
  population h[6] : lif(v_th = 0.5 mV)
  output y[8] : lif(v_th = 0.5 mV)
  x -> h : dense(init = uniform(-1, 3))
  h -> y : dense(init = uniform(-1, 3)) delay 2 ms
}
"""
WINDOWS = """
network n {
  dt = 1 ms
  input x[6, 6] encode spikes(duration = 40 ms)
  population c : lif(v_th = 0.5 mV)
  population d : lif(v_th = 0.5 mV)
  population e : lif(v_th = 0.5 mV)
  population p : lif(v_th = 0.5 mV)
  output y[4] : lif(v_th = 0.5 mV)
  x -> c : conv2d(channels = 4, kernel = 3, init = uniform(-0.5, 1)) delay 1 ms
  c -> d : conv2d(channels = 6, kernel = 2, padding = 1, groups = 2, init = uniform(-0.5, 1))
  c -> e : conv2d(channels = 4, kernel = 2, groups = 4, init = uniform(-0.5, 1))
  c -> p : pool2d(kernel = 2)
  d -> y : dense(init = uniform(-0.3, 1))
  e -> y : dense(init = uniform(-0.3, 1))
  p -> y : dense(init = uniform(-1, 3))
}
"""
NIGHTLY = pytest.mark.nightly
M0 = "thumbv6m-none-eabi"


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("triple", TRIPLES)
def test_a_drawn_network(triple, drawn, tmp_path) -> None:
    need_board(triple)
    check_drawn(10, "exact", drawn, tmp_path, triple, 2)


@pytest.mark.slow
@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("count", [1, pytest.param(200, marks=NIGHTLY)])
@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("sums", SUMS)
@pytest.mark.parametrize("triple", TRIPLES)
def test_many_drawn_networks(triple, sums, level, count, drawn, tmp_path) -> None:
    need_board(triple)
    for seed in range(10, 10 + count):  # 10 has delays of many kinds
        check_drawn(seed, sums, drawn, tmp_path, triple, level)


@pytest.mark.parametrize("sums", SUMS)
@pytest.mark.parametrize("bits", [2, 3, 4])
def test_rows_of_whole_bytes(bits, sums, tmp_path) -> None:
    """Packed weights that begin with a byte are read a byte at a time; those of drawn networks,
    whose rows are odd, are not."""
    check(EVEN, Precision(bits=bits, sums=sums, overflow="wrap", guard=6), tmp_path)


@pytest.mark.parametrize("bits", [4, 8])
def test_windows_and_pooling(bits, tmp_path) -> None:
    check(WINDOWS, Precision(bits=bits, overflow="wrap", guard=6), tmp_path)


def check(text: str, precision: Precision, folder: Path) -> None:
    need_board(M0)
    drawn = run_model_passes(draw_model(compiled_text(text).graph, 5))
    model = run_model_passes(drawn, (Quantize(precision, "minmax"),))
    inputs = sum(p.neurons for p in model.graph.populations if p.role == "input")
    trains = np.random.default_rng(5).random((2, STEPS, inputs)) < 0.3
    samples = replace(drawn_samples(5), values=trains.astype(np.uint8))
    written(model, samples, folder, M0)
    assert status_of(linked(folder, M0), M0) == 0


@pytest.mark.parametrize("status", [1, 2])
@pytest.mark.parametrize("triple", TRIPLES)
def test_a_difference_is_found(triple, status, tmp_path) -> None:
    """The status says of what; a spike that differs is seen before the states."""
    need_board(triple)
    model = drawn_integers(3)
    written(model, drawn_samples(3), tmp_path, triple)
    trace = ReferenceSimulator(model, np.float64).trace(drawn_samples(3), True)
    output = next(p for p in model.graph.populations if p.role == "output")
    own = {name: codes.copy() for name, codes in trace.states[output.name].items()}
    spikes = trace.spikes[output.name].copy()
    spikes[-1, -1, -1] ^= status == 1
    own[output.step.states[0].name][-1, -1, -1] += status == 2
    wrong = replace(
        trace,
        spikes={**trace.spikes, output.name: spikes},
        states={**trace.states, output.name: own},
    )
    text = proof_text(model.graph, layout_of(model.graph), wrong, TRIPLES[triple].board)
    (tmp_path / "test_net.o").write_bytes(assembled(text, triple))
    assert status_of(linked(tmp_path, triple), triple) == status


def test_where_a_chip_has_its_memory() -> None:
    script = linker_script(TRIPLES[M0].board)
    assert "RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 16384" in script
    assert "stack_top = 0x20004000;" in script
