"""Files of ours that are damaged or forged end in a diagnostic, or are read as what they say."""

import json
from random import Random

import pytest
from compiled_texts import compiled_text
from damaged import accidents, forgeries, odd_documents, odd_texts, outcomes

from snncc.backends.artifact.model import Package, open_model, save_model
from snncc.ir.deploy.choices import DeploySpec
from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call
from snncc.ir.kept import keep_sealed, kept_sealed
from snncc.ir.model import draw_model
from snncc.ir.text import parse_graph, print_graph
from snncc.runtime.report import epoch_line, rates_table
from snncc.runtime.training.checkpoint import Checkpoint, open_checkpoint, save_checkpoint
from snncc.runtime.training.history import read_history, write_history
from snncc.runtime.training.options import TrainOptions, remembered
from snncc.runtime.training.run_folder import HISTORY, RUN, write_start

NET = """
network n {
  input x[2, 3] encode poisson(duration = 10 ms)
  population h[4] : lif(tau_mem = 5 ms)
  output y[3] : lif
  x -> h : fixed_fan_in(2) delay 2 ms
  h -> h : dense delay 1 ms
  h -> y : dense
}
"""
COUNTS = [60, pytest.param(5000, marks=[pytest.mark.slow, pytest.mark.nightly])]
every_count = pytest.mark.parametrize("count", COUNTS)


@pytest.fixture
def model(tmp_path):
    """A package of a network with lists, and what reads it."""
    path = tmp_path / "model.snnpkg"
    data = Call("csv", (("path", "a.csv"), ("label", 0)))
    asked = DeploySpec({"bits": 6, "floor": -2.5, "target": "loihi"}, {"h->y": 4})
    save_model(path, Package(draw_model(compiled_text(NET).graph, 7), "cpu", data, deploy=asked))
    return path, "model", lambda: open_model(path)


@pytest.fixture
def checkpoint(tmp_path, learning):
    trainer = learning.trainer()
    made = Checkpoint("abc", trainer.state(), learning.run(trainer))
    path = save_checkpoint(tmp_path, made)

    def read():
        for record in open_checkpoint(path).progress.history:
            print(epoch_line(record, 3))

    return path, "checkpoint", read


@pytest.fixture(params=["model", "checkpoint"])
def package(request):
    return request.getfixturevalue(request.param)


@every_count
def test_no_accident_passes(package, count):
    path, _, read = package
    whole = path.read_bytes()
    damaged = (d for d in accidents(whole, Random(count), count) if d != whole)
    assert outcomes(path, damaged, read)["read"] == 0


@every_count
def test_forgeries(package, count):
    path, kind, read = package
    found = outcomes(path, forgeries(path, kind, Random(count), count), read)
    assert found["refused"] > count // 4


@every_count
def test_a_runs_note(tmp_path, count):
    write_start(
        tmp_path, {"program": "a.snn", "seed": 3, "checkpoint_seconds": 9.5}, {"command": []}
    )
    whole = (tmp_path / RUN).read_bytes()
    chance = Random(count)
    odd = (json.dumps(d).encode() for d in odd_documents(json.loads(whole), chance, count))
    for damaged in (odd, accidents(whole, chance, count)):
        read = outcomes(tmp_path / RUN, damaged, lambda: remembered(tmp_path))
        assert read["refused"] > count // 4
    (tmp_path / RUN).write_bytes(whole)
    assert remembered(tmp_path) == TrainOptions("a.snn", seed=3, checkpoint_seconds=9.5)


@every_count
def test_curves(tmp_path, learning, count):
    path = tmp_path / HISTORY
    write_history(path, learning.run(learning.trainer()).history)
    whole, chance = path.read_bytes(), Random(count)
    first = json.loads(whole.splitlines()[0])

    def read():
        for record in read_history(path):
            epoch_line(record, 3)
            rates_table(record.rates)

    odd = (json.dumps(d).encode() for d in odd_documents(first, chance, count))
    for damaged in (odd, accidents(whole, chance, count)):
        assert outcomes(path, damaged, read)["refused"] > count // 4


@every_count
def test_texts_of_graphs(count):
    text, chance, refused = print_graph(compiled_text(NET).graph), Random(count), 0
    damaged = [d.decode(errors="replace") for d in accidents(text.encode(), chance, count)]
    for changed in (*odd_texts(text, chance, count), *damaged):
        try:
            parse_graph(changed)
        except CompileError:
            refused += 1
    assert refused > count // 2


@every_count
def test_no_accident_passes_in_the_cache(tmp_path, count):
    path = tmp_path / "code"
    keep_sealed(path, Random(count).randbytes(50_000), "text")
    whole = path.read_bytes()
    for changed in accidents(whole, Random(count), count):
        path.write_bytes(changed)
        assert changed == whole or kept_sealed(path, "text") is None
