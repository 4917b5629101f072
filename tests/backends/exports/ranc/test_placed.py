"""Neurons and cores where a layout has them."""

from __future__ import annotations

import numpy as np
from ranc_nets import drawn_ranc
from refusal import refused

from snncc.backends.exports.ranc.assembled import image_of
from snncc.backends.exports.ranc.placed import placement
from snncc.backends.layout.build import build
from snncc.backends.layout.numbering import Numbering
from snncc.backends.layout.stored import save_layout
from snncc.backends.mapping.limits import Mesh


def test_an_image_has_its_cores_where_the_layout_has_them(tmp_path) -> None:
    model = drawn_ranc(3, widest=40)
    neurons = Numbering.of(model.graph).neurons
    core_of, slot = np.arange(neurons) % 2, np.array([5, 3])
    layout = build(model, "ranc", Mesh(3, 2), core_of, slot)
    save_layout(tmp_path / "layout.snnpkg", layout, "digest")
    image = image_of(model, *placement(tmp_path, "digest"))
    assert [tuple(core.place) for core in image.cores[:2]] == [(2, 1), (0, 1)]
    for core in range(2):
        assert image.cores[core].neuron.tolist() == np.flatnonzero(core_of == core).tolist()
    assert len({tuple(core.place) for core in image.cores} | {tuple(image.bus)}) == 1 + len(
        image.cores
    )


def test_layouts_of_others_are_refused(tmp_path) -> None:
    model = drawn_ranc(3, widest=40)
    home = np.zeros(Numbering.of(model.graph).neurons, np.int64)
    layout = build(model, "generic", Mesh(1, 1), home, np.array([0]))
    save_layout(tmp_path / "layout.snnpkg", layout, "digest")
    assert "another network" in refused("E060", placement, tmp_path, "other").message
    assert "cores of `generic`" in refused("E060", placement, tmp_path, "digest").message
