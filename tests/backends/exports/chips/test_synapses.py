"""Projections as synapses of Loihi."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from loihi_nets import drawn_loihi
from refusal import refused

from snncc.backends.exports.chips.compartments import compartments_of
from snncc.backends.exports.chips.synapses import joined
from snncc.ir.model import Model, weights_name
from snncc.ir.tensors import Tensor
from snncc.ir.types import Fixed


def parts(model: Model):
    computed = [p for p in model.graph.populations if p.step is not None]
    return {p.name: compartments_of(model, p) for p in computed}


def test_weights_are_twice_their_codes() -> None:
    model = drawn_loihi(5, "lava")
    found = joined(model, parts(model))
    assert [each.projection for each in found] == list(model.graph.projections)
    for each in found:
        name = each.projection.name
        pre, post = model.wirings[name].pairs()
        codes = model.values[weights_name(name)].array.ravel()[model.wirings[name].places()]
        assert (each.weights[pre, post] == 2 * codes.astype(int)).all()
        assert np.count_nonzero(each.weights) == np.count_nonzero(codes)


def test_signs() -> None:
    model = drawn_loihi(5, "lava")
    name = model.graph.projections[0].name
    codes = model.values[weights_name(name)].array
    for scale, signs in ((1, 2), (-1, 3), (0, 2)):
        made = Tensor((abs(codes) * scale).astype(codes.dtype), Fixed(8, 0))
        other = _with(model, name, made)
        assert joined(other, parts(other))[0].signs == signs


def _with(model: Model, name: str, codes: Tensor) -> Model:
    return replace(model, values={**model.values, weights_name(name): codes})


def test_weights_of_more_bits_are_refused() -> None:
    model = drawn_loihi(5, "lava")
    name = model.graph.projections[0].name
    codes = model.values[weights_name(name)].array.astype(np.int16)
    codes[0, 0] = 128
    wide = _with(model, name, Tensor(codes, Fixed(9, 0)))
    diagnostic = refused("E071", joined, wide, parts(wide))
    assert "more than 8 bits" in diagnostic.message


def test_brought_by_no_power_of_two() -> None:
    model = drawn_loihi(5, "lava")
    for brings, said in ((3 << 7, "no power of two"), (0, "no power of two"), (32, "exponent -2")):
        cells = {
            name: replace(each, ports=dict.fromkeys(each.ports, brings))
            for name, each in parts(model).items()
        }
        assert said in refused("E071", joined, model, cells).message
