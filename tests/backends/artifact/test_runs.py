"""How a program is run travels with its package."""

from __future__ import annotations

from dataclasses import replace

import pytest
from compiled_texts import compiled_text
from refusal import refused
from synapse_cases import network

from snncc.backends.artifact.model import Package, open_model, save_model
from snncc.backends.artifact.package import read_package, write_package
from snncc.ir.model import draw_model
from snncc.ir.running import Probe, RunSpec, of_synapses, run_problem

NET = """
network n {
  input x[3] encode poisson(duration = 10 ms)
  output y[1] : lif
  x -> y : dense
}
"""


@pytest.fixture
def package():
    return Package(draw_model(compiled_text(NET).graph, 1), "cpu")


SEEN = RunSpec(20.0, (Probe("spikes", "y", 0, 1), Probe("v", "y", 0, 1, 3)))


@pytest.mark.parametrize("run", [None, RunSpec(), SEEN])
@pytest.mark.parametrize("name", ["net", "net.snnpkg"])
def test_how_a_program_is_run_is_kept(tmp_path, package, name, run):
    save_model(tmp_path / name, replace(package, run=run))
    assert open_model(tmp_path / name).run == run


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (3, "lacks something"),
        ({"duration": 5.0}, "lacks something"),
        ({"duration": 5.0, "record": 3}, "lacks something"),
        ({"duration": True, "record": []}, "lacks something"),
        ({"duration": 10**400, "record": []}, "lacks something"),
        ({"duration": None, "record": [["v", "y", 0, 1]]}, "lacks something"),
        ({"duration": None, "record": [["v", "y", 0, True, 1]]}, "lacks something"),
        ({"duration": None, "record": [], "more": 1}, "lacks something"),
        ({"duration": 0.3, "record": []}, "no whole number of steps"),
        ({"duration": -1.0, "record": []}, "lasts longer"),
        ({"duration": None, "record": [["w", "y", 0, 1, 1]]}, "no state `w`"),
        ({"duration": None, "record": [["v", "q", 0, 1, 1]]}, "no population `q`"),
        ({"duration": None, "record": [["v", "y", 0, 10**400, 1]]}, "has not the neurons"),
    ],
)
def test_how_nothing_can_be_run(tmp_path, package, document, why):
    save_model(tmp_path / "net.snnpkg", package)
    read, members = read_package(tmp_path / "net.snnpkg", "model")
    write_package(tmp_path / "forged.snnpkg", "model", {**read.facts, "run": document}, members)
    assert why in refused("E060", open_model, tmp_path / "forged.snnpkg").message


def test_synapses_and_what_is_recorded_of_them_are_kept(tmp_path):
    model = network()
    run = RunSpec(None, (of_synapses("weight", "a->a"), of_synapses("x", "image->a", 3)))
    save_model(tmp_path / "net.snnpkg", Package(model, "cpu", run=run))
    again = open_model(tmp_path / "net.snnpkg")
    assert again.run == run
    assert again.model == model
    damaged = replace(run, probes=(of_synapses("u", "a->a"),))
    assert "hold no `u`" in run_problem(model.graph, damaged)
    assert "no projection `q`" in run_problem(model.graph, RunSpec(None, (of_synapses("u", "q"),)))
