"""Layouts on disk: what is written comes back, what is damaged does not."""

from dataclasses import fields, replace

import numpy as np
import pytest
from integer_cases import drawn_integers
from layout_cases import drawn_inputs, scattered
from refusal import refused

from snncc.backends.artifact.model import graph_digest
from snncc.backends.layout.played import played_layout
from snncc.backends.layout.rows import rows_of
from snncc.backends.layout.stored import open_layout, save_layout
from snncc.backends.played import Inputs
from snncc.backends.reference.network import simulate
from snncc.ir.passes.pipeline import run_model_passes


@pytest.fixture
def saved(tmp_path):
    model = run_model_passes(drawn_integers(2))
    layout = scattered(model, 2)
    save_layout(tmp_path / "layout.snnpkg", layout, graph_digest(model.graph))
    return model, layout, tmp_path / "layout.snnpkg"


def test_what_is_written_comes_back(saved) -> None:
    model, layout, path = saved
    found, digest = open_layout(path)
    assert digest == graph_digest(model.graph)
    for field in fields(layout):
        one, other = getattr(found, field.name), getattr(layout, field.name)
        same = np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other
        assert same, field.name


def test_it_plays_what_its_network_does(saved) -> None:
    model, _, path = saved
    inputs = drawn_inputs(model, 3)
    (name,) = inputs
    played = played_layout(path)
    assert played.inputs == {name: inputs[name].shape[2]}
    given = Inputs(inputs[name].astype(np.uint8), np.zeros((2, 0), np.int32))
    wanted = simulate(model, inputs).spikes
    for population, spikes in played.play(given).spikes.items():
        np.testing.assert_array_equal(spikes, wanted[population], population)


def test_a_spoilt_layout_is_refused(saved, tmp_path) -> None:
    model, layout, _ = saved
    for name, change in (("post", 9), ("via", 9), ("route", 1), ("neuron_start", 1)):
        array = getattr(layout, name).copy()
        array[-1] += change
        path = tmp_path / f"{name}.snnpkg"
        save_layout(path, replace(layout, **{name: array}), graph_digest(model.graph))
        assert refused("E060", open_layout, path).message, name


def test_rows_say_which_neurons_lie_where(saved) -> None:
    _, layout, _ = saved
    rows = rows_of(layout)
    assert [row["id"] for row in rows] == list(range(layout.cores))
    for row in rows:
        own = layout.neurons_of(row["id"])
        assert sum(s["neurons"] for s in row["slices"]) == len(own)
        told = [n for s in row["slices"] for lo, hi in s["runs"] for n in range(lo, hi + 1)]
        assert len(told) == len(own)
        slot = layout.slot[row["id"]]
        assert row["y"] * layout.mesh.width + row["x"] == slot // layout.mesh.cores_a_router
