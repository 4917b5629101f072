"""NIR files of odd kinds beside an interpreter of the network that they mean, spike by spike."""

from __future__ import annotations

import numpy as np
import pytest
from nir_files import write_nir
from nir_interpreter import Meaning, interpret
from nir_odd import INPUTS, ODD, meaning_of
from refusal import refused

from snncc import load
from snncc.frontend.nir.decisions import Choices
from snncc.frontend.nir.names import mangled
from snncc.frontend.nir.reader import read_graph
from snncc.runtime import importing
from snncc.runtime.importing import import_nir

DT, STEPS = 1e-3, 60
SURE = 2e-6  # of a potential: what single precision of weights and parameters may come to


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch) -> None:
    """Without the second process, which tests/frontend/nir/test_apart.py is about."""
    monkeypatch.setattr(importing, "read_nir", read_graph)


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("name", ODD)
def test_every_spike_is_that_of_the_network_that_is_meant(tmp_path, name, reset) -> None:
    odd = ODD[name]()
    path = write_nir(tmp_path / "odd.nir", odd.nodes, odd.edges)
    choices = Choices(DT, reset, "euler", repair=True)
    made = import_nir(path, tmp_path / "odd.snn", choices)
    assert len(made.repairs) == odd.repairs
    inputs = np.random.default_rng(3).random((1, STEPS, INPUTS)) < 0.3
    program = load(tmp_path / "odd.snn", target="reference", duration=f"{STEPS * DT} s")
    found = program.run(inputs).spikes
    meant = write_nir(tmp_path / "meant.nir", *meaning_of(name))
    late = frozenset({("lif1.lif", "lif1.w_rec")})
    expected = interpret(meant, inputs[0], Meaning(DT, reset, late=late))
    assert expected.margin > SURE
    for layer, called in zip(("lif1.lif", "lif2"), odd.layers, strict=True):
        rows = expected.sent[layer]
        got = np.zeros((1, *rows.shape), bool)
        got[tuple(found[mangled(called)].T)] = True
        assert np.array_equal(got[0], rows > 0), layer
        assert 0.01 < rows.mean() < 0.99, (layer, rows.mean())


@pytest.mark.parametrize("name", [name for name in ODD if ODD[name]().repairs])
def test_without_being_asked_nothing_is_repaired(tmp_path, name) -> None:
    odd = ODD[name]()
    path = write_nir(tmp_path / "odd.nir", odd.nodes, odd.edges)
    found = refused("E091", import_nir, path, tmp_path / "odd.snn", Choices(DT, "zero", "euler"))
    assert found.help.startswith("say `--repair`: ")
    assert not (tmp_path / "odd.snn").exists()
