"""Initial weights from a file."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from snncc import load

NET = """
network n {{
  dt = 1 ms
  input x[2, 5, 5] encode spikes(duration = 10 ms)
  output y{shape} : if
  x -> y : {wiring}
}}
"""


def weights(tmp_path, shape: str, wiring: str):
    path = tmp_path / "net.snn"
    path.write_text(NET.format(shape=shape, wiring=wiring))
    return load(path).weights["x->y"]


@pytest.mark.parametrize(
    ("shape", "wiring", "size"),
    [
        ("", "conv2d(channels = 3, kernel = 3, init = file({}))", (3, 2, 3, 3)),
        ("[4]", "dense(init = file({}))", (50, 4)),
        ("[50]", "one_to_one(init = file({}))", (50,)),
        ("[4]", "dense(init = file({}, unit = 2 mV))", (50, 4)),
    ],
)
def test_they_are_those_of_the_file(tmp_path, shape, wiring, size) -> None:
    values = np.random.default_rng(0).normal(size=size).astype(np.float32)
    np.save(tmp_path / "w.npy", values)
    found = weights(tmp_path, shape, wiring.format('"w.npy"'))
    factor = 2 if "unit" in wiring else 1
    assert found.shape == size
    assert np.array_equal(found, factor * values)


def test_another_shape_is_refused(tmp_path) -> None:
    np.save(tmp_path / "w.npy", np.ones((4, 50)))
    found = refused("E040", weights, tmp_path, "[4]", 'dense(init = file("w.npy"))')
    assert "shape [4, 50]" in found.message
    refused("E063", weights, tmp_path, "[4]", 'dense(init = file("v.npy"))')
    refused("E021", weights, tmp_path, "[4]", 'dense(init = file("w.npy", unit = 1 ms))')
