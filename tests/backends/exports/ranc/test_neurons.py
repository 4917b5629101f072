"""Cells are read off what neurons do, and what no cell does is refused."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from ranc_nets import NEURON
from refusal import refused

from snncc.backends.exports.ranc import neurons
from snncc.backends.exports.ranc.neurons import cells_of
from snncc.backends.reference.neurons import Neurons
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

OWN = {"guard": 0, "state_bits": 9, "leak": "arrived", "reset": "threshold", "scale": "population"}
NET = """
network n {{
  dt = 1 ms
  input x[2] encode spikes(duration = 5 ms)
  output y[2] : {cell}
  x -> y : dense(init = constant(1)) delay 1 ms
}}
"""


def made(after: str, op: str = ">=", v_th: int = 9, **asked: object) -> Model:
    text = NEURON.format(start=1, op=op, reset=after)
    text += NET.format(cell=f"cell(v_th = {v_th} mV, leak = 2 mV / 1 ms)")
    model = run_model_passes(draw_model(compiled_text(text).graph, 0))
    precision = Precision(bits=2, **{**OWN, **asked})  # type: ignore[arg-type]
    return run_model_passes(model, (Quantize(precision, "minmax"),))


def cells(model: Model, least: int, most: int) -> list[list[int]]:
    ends = (np.full(2, end) for end in (least, most))
    return [part.tolist() for part in cells_of(model, model.graph.population("y"), *ends)]


@pytest.mark.parametrize(
    ("reset", "op", "below", "floor", "wanted"),
    [
        ("0 mV", ">=", "reset", 0.0, (1, -2, 9, 0, 0, 0)),
        ("3 mV", ">", "reset", -5.0, (1, -2, 10, -5, 3, 0)),
        ("v - v_th", ">", "subtract", -7.0, (1, -2, 10, -7, 0, 1)),
        ("v - v_th", ">=", "subtract", -7.0, (1, -2, 9, -7, 0, 1)),
    ],
)
def test_a_cell_is_what_the_program_says(reset, op, below, floor, wanted) -> None:
    model = made(reset, op, below=below, floor=floor)
    assert cells(model, -4, 4) == [[value] * 2 for value in wanted]


def test_what_may_wrap_is_refused() -> None:
    model = made("0 mV", below="reset", floor=0.0)
    cells(model, -254, 249)
    high, low = (refused("E085", cells, model, *ends) for ends in ((-254, 250), (-255, 9)))
    assert "`y[0]` might come to 256" in high.message
    assert str(high.help) == "take 1 bit a weight less, or fewer synapses"
    assert "might come to -257" in low.message
    assert "--floor 0" in str(low.help)


def test_neurons_are_looked_at_in_blocks(monkeypatch) -> None:
    """All at once would take half a megabyte a neuron."""
    model = made("0 mV", below="reset", floor=0.0)
    whole, seen = cells(model, -4, 4), []
    each = Neurons.advance
    monkeypatch.setattr(Neurons, "advance", lambda n, p: (seen.append(n.neurons), each(n, p))[1])
    monkeypatch.setattr(neurons, "BLOCK", 1)
    assert cells(model, -4, 4) == whole
    assert seen == [1, 1]
    least, most = np.array([-4, -4]), np.array([4, 999])
    said = refused("E085", cells_of, model, model.graph.population("y"), least, most)
    assert "`y[1]`" in said.message


def test_potentials_without_a_floor_are_refused() -> None:
    refused("E085", cells, made("0 mV", floor=None), -4, 4)


def test_a_floor_that_no_cell_has_is_refused() -> None:
    said = refused("E071", cells, made("0 mV", below="clip", floor=-4.0), -9, 4)
    assert "something else" in said.message


def test_what_is_subtracted_is_the_threshold() -> None:
    model = made("v - v_th", ">", below="subtract", floor=-7.0, reset="nearest")
    refused("E071", cells, model, -4, 4)


@pytest.mark.parametrize("v_th", [256, 300])
def test_a_threshold_that_9_bits_do_not_hold_is_refused(v_th: int) -> None:
    """Of a neuron to which nothing leads that could raise it so far."""
    model = made("0 mV", v_th=v_th, below="reset", floor=0.0, state_bits=12)
    assert f"of {v_th}, and" in refused("E085", cells, model, -4, 0).message
