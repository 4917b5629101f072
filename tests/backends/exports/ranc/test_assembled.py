"""What no image of RANC can hold is refused."""

from __future__ import annotations

import numpy as np
from compiled_texts import compiled_text
from ranc_nets import NEURON
from refusal import refusals, refused

from snncc.backends.exports.ranc.assembled import ROUTERS, _places, image_of
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
