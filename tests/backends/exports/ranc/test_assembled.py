"""What no image of RANC can hold is refused."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from ranc_nets import NEURON
from refusal import refusals, refused

from snncc.backends.exports.ranc.assembled import (
    AXONS,
    ROUTERS,
    Array,
    _by_core,
    _places,
    _sunk,
    image_of,
)
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
network n {{
  dt = 0.5 ms
  input  x[3] encode spikes(duration = 5 ms)
  population h[2] : cell
  output y[{outputs}] : cell
  x -> h : dense(init = constant(1)) delay 40 ms
  h -> y : dense(init = constant(1)) delay {steps} * 0.5 ms
}}
"""


def made(steps: int, outputs: int = 2) -> Model:
    text = NEURON.format(start=0, op=">=", reset="0 mV")
    text += NET.format(steps=steps, outputs=outputs)
    model = run_model_passes(draw_model(compiled_text(text).graph, 0))
    asked = {"guard": 0, "state_bits": 9, "leak": "arrived", "below": "reset", "floor": 0.0}
    return run_model_passes(model, (Quantize(Precision(bits=2, **asked), "minmax"),))


def test_a_packet_of_a_neuron_takes_15_steps_at_most() -> None:
    image = image_of(made(15))
    assert max(int(core.to[:, 2].max()) for core in image.cores) == 15
    assert image.packets[:, 3].max() == 80  # from outside any
    (said,) = refusals(image_of, made(16))
    assert (said.code, said.span is None) == ("E085", False)
    assert "`h->y` takes 16 steps" in said.message
    assert "delay 7.5 ms" in str(said.help)


def test_a_packet_of_a_neuron_takes_a_step() -> None:
    (said,) = refusals(image_of, made(0))
    assert "`h->y` takes 0 steps" in said.message
    assert str(said.help) == "write `delay 0.5 ms`"


def test_steps_of_relays_are_none_of_a_packet() -> None:
    cores = np.array([0, 0, 1, 2])  # of `h` a neuron drives an axon on each of two cores
    image = image_of(made(16), cores)
    assert max(int(core.to[:, 2].max()) for core in image.cores) == 15
    (said,) = refusals(image_of, made(17), cores)
    assert "delay 8 ms" in str(said.help)


def test_files_have_room_for_a_thousand_routers() -> None:
    width, height, _, _ = _places(991, None)
    assert width * height <= ROUTERS
    assert "1000 routers" in refused("E085", _places, 1000, None).message


def sunk(to: Array, home: Array, counts: Array) -> int:
    """As `_sunk`, which looks through all cores for each neuron."""
    reached, free = counts.tolist(), counts.tolist()
    for neuron in np.flatnonzero(to[:, 0] == -2).tolist():
        rest = [c for c in (int(home[neuron]), *range(len(free))) if reached[c] < AXONS]
        if not rest:
            rest = [len(free)]
            reached.append(0)
            free.append(0)
        to[neuron] = rest[0], min(free[rest[0]], AXONS - 1), 1
        free[rest[0]] += 1
    return len(free)


@pytest.mark.parametrize("full", [0.0, 0.5, 1.0])
def test_neurons_without_a_target_go_to_an_axon_that_reaches_nothing(full: float) -> None:
    draw = np.random.default_rng(0)
    counts = np.where(draw.random(30) < full, AXONS, draw.integers(0, AXONS, 30))
    home, to = draw.integers(0, 30, 500), np.full((500, 3), -2)
    to[draw.random(500) < 0.2] = 0, 0, 1
    known = to.copy()
    assert _sunk(to, home, counts) == sunk(known, home, counts)
    assert np.array_equal(to, known)


def test_many_neurons_on_many_full_cores_go_at_once() -> None:
    """Each looked through all of them, 8e9 in all, before."""
    cores, neurons = 40_000, 200_000
    to = np.full((neurons, 3), -2)
    assert _sunk(to, np.arange(neurons) % cores, np.full(cores, AXONS)) == cores + 1
    assert (to[:, 0] == cores).all()


def test_what_is_on_each_core() -> None:
    core = np.random.default_rng(0).integers(0, 9, 100)
    found = _by_core(core, 12)
    assert [own.tolist() for own in found] == [
        np.flatnonzero(core == c).tolist() for c in range(12)
    ]
    assert [len(own) for own in _by_core(core[:0], 3)] == [0, 0, 0]
