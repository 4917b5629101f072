"""Convolutions in groups, through a package."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.artifact.model import GRAPH, Package, open_model, save_model
from snncc.backends.artifact.package import read_package, write_package
from snncc.ir.model import draw_model

NET = """
network n {
  input x[4, 3, 3] encode poisson(duration = 10 ms)
  population c : lif
  output y[2] : lif
  x -> c : conv2d(channels = 2, kernel = 1, groups = 2)
  c -> y : dense
}
"""


@pytest.mark.parametrize("name", ["net", "net.snnpkg"])
def test_groups_are_told_by_the_graph(tmp_path, name):
    """And a package of groups that its channels do not come in is damaged."""
    package = Package(draw_model(compiled_text(NET).graph, 3), "cpu")
    save_model(tmp_path / name, package)
    opened = open_model(tmp_path / name)
    assert opened == package
    assert opened.model.wirings["x->c"].weight_shape == (2, 2, 1, 1)
    read, members = read_package(tmp_path / name, "model")
    wrong = {**members, GRAPH: members[GRAPH].replace(b"groups=2", b"groups=3")}
    write_package(tmp_path / "forged.snnpkg", "model", read.facts, wrong)
    found = refused("E042", open_model, tmp_path / "forged.snnpkg")
    assert "do not come in 3" in found.message
