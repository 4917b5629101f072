"""What `from snncc import ...` gives; the manual's page of it is run."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import snncc
from snncc import CompileError, Evaluation, Network, Recording, load
from snncc.backends.artifact.model import open_model

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
TINY = """
network tiny {
  dt = 1 ms
  input image[64] encode poisson(duration = 20 ms, rate = 400 Hz)
  population h[20] : lif(v_th = 3 mV)
  output digit[10] : lif(v_th = 2 mV)
  image -> h : dense  delay 1 ms
  h -> digit : dense  delay 1 ms
}
train tiny { data digits  rule surrogate(width = 2)  loss count  epochs 2  batch 50 }
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.snn").write_text(TINY)
    return "tiny.snn"


def test_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.failed == 0
    assert found.attempted > 25


def test_what_is_exported_and_nothing_is_imported_for_it():
    assert set(snncc.__all__) == {"CompileError", "Evaluation", "Network", "Recording", "load"}
    for name in snncc.__all__:
        assert getattr(snncc, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = snncc.nothing
    code = "import sys, snncc; print(sorted({'numba', 'numpy', 'lark'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_runs_are_those_of_the_command(tiny):
    found = load(tiny, target="reference").run(samples=3)
    assert isinstance(found, Recording)
    given = ("run", tiny, "--target", "reference", "--limit", "3", "--record", "a.npz", "-q")
    subprocess.run([sys.executable, "-m", "snncc", *given], check=True)
    found.save("b.npz")
    with np.load("a.npz") as one, np.load("b.npz") as other:
        assert sorted(one) == sorted(other)
        assert all(np.array_equal(one[name], other[name]) for name in one)
    found.save("b.csv")
    with open("b.csv", encoding="utf-8") as file:
        assert len(file.readlines()) == 2 + sum(map(len, found.spikes.values()))
    with pytest.raises(CompileError, match=r"neither \.npz nor \.csv"):
        found.save("b.txt")
    assert found.counts("h").sum() == len(found.spikes["h"]) > 0
    assert found.counts("h").shape == (3, 20)


def test_a_package_is_the_network(tiny):
    net = load(tiny, seed=7, target="reference")
    net.save("net.snnpkg")
    again = load("net.snnpkg")
    assert open_model(Path("net.snnpkg")).model.seed == 7
    assert repr(again) == repr(net) == "<tiny: image[64], h[20], digit[10]>"
    np.testing.assert_array_equal(again.weights["image->h"], net.weights["image->h"])
    one, other = (n.run(samples=2).spikes["h"] for n in (net, again))
    np.testing.assert_array_equal(one, other)
    net.weights["image->h"][:] = 0
    assert net.weights["image->h"].any()


def test_numbers_as_inputs(tiny):
    net, values = load(tiny, target="reference"), np.zeros((2, 64))
    values[1, :32] = 1
    assert net.run(values).counts("image")[0].sum() == 0
    assert net.run(values).counts("image")[1].sum() > 0
    for wrong in (values * 2, values[:, :3], np.full((1, 64), np.nan), np.array(["a"])):
        with pytest.raises(CompileError):
            net.run(wrong)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda net: net.run(split="best"), "E022"),
        (lambda net: net.run(duration="5"), "E021"),
        (lambda net: net.run(duration=0.3), "E045"),
        (lambda net: net.run(data="mnits"), "E010"),
        (lambda net: net.export("onyx", "made"), "E070"),
        (lambda net: net.export("c", "made"), "E071"),
        (lambda net: net.save("tiny.snn/net.snnpkg"), "E063"),
        (lambda _: load("missing.snn"), "E063"),
        (lambda _: load("tiny.snn", wide=3), "E012"),
        (lambda _: load("tiny.snn", target="tpu").run(), "E070"),
        (lambda net: net.train("run"), "E071"),
        (lambda net: net.run(samples=0), "E022"),
        (lambda net: net.run(runs=-1), "E022"),
        (lambda net: net.run(np.zeros((1, 64)), runs=2), "E012"),
        (lambda net: net.run(threads=0), "E022"),
        (lambda net: net.run([[1, 2], [3]]), "E062"),
        (lambda net: net.run(np.zeros((1, 64)), data="digits"), "E012"),
        (lambda net: net.eval(samples=-1), "E022"),
        (lambda net: net.train("run", epochs=0), "E022"),
        (lambda net: net.train("run", batch=1.5), "E022"),
        (lambda _: load("tiny.snn", seed=-1), "E022"),
        (lambda _: load("tiny.snn", seed=2**65), "E022"),
        (lambda net: [net.save("a.snnpkg"), load("a.snnpkg", seed=3)], "E063"),
    ],
)
def test_mistakes_are_errors_with_a_code(tiny, call, code):
    with pytest.raises(CompileError) as refused:
        call(load(tiny, target="reference"))
    assert refused.value.diagnostics[0].code == code
    assert not Path("made").exists()
    assert not Path("run").exists()


def test_evaluation_and_export(tiny):
    net = load(tiny, target="reference")
    found = net.eval(samples=20)
    assert isinstance(found, Evaluation)
    assert found.accuracy == (found.predictions == found.labels).mean()
    assert found.confusion.shape == (10, 11)
    assert found.confusion.sum() == 20
    files = net.export("onnx", "made", samples=2)
    assert all(path.is_file() for path in files)
    assert Path("made/model.onnx") in files


@pytest.mark.slow
def test_training_gives_the_best_model(tiny):
    told = []
    best = load(tiny).train("run", samples=200, test_samples=100, follow=told.append)
    assert isinstance(best, Network)
    assert [record.epoch for record in told] == [1, 2]
    assert best.eval(samples=100).accuracy == max(record.test_accuracy for record in told)
    with pytest.raises(CompileError, match="is no program"):
        best.train("other")
    with pytest.raises(CompileError):
        load(tiny).train("run")


SYNAPSES = """
synapse halving { weight: mV  on pre { emit weight  weight = weight / 2 } }
network weights {
  dt = 1 ms
  source s[2] : times([3 ms, 5 ms])
  output y[3] : if(v_th = 100 mV)
  s -> y : dense(weight = 8)  delay 1 ms  via halving
}
run weights { duration 10 ms  record weight of s -> y every 2 ms }
"""


def test_what_synapses_hold(tmp_path):
    (tmp_path / "weights.snn").write_text(SYNAPSES)
    net = load(tmp_path / "weights.snn", target="reference")
    found = net.run()
    assert found.synapses["s->y"]["weight"].shape == (1, 5, 6)
    assert found.synapses["s->y"]["weight"][0, :, 0].tolist() == [8, 8, 4, 2, 2]
    assert found.steps_of("s->y", "weight").tolist() == [1, 3, 5, 7, 9]
    pre, post = found.ends_of("s->y")
    assert list(zip(pre.tolist(), post.tolist(), strict=True))[:4] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
    ]
    found.save(tmp_path / "found.npz")
    with np.load(tmp_path / "found.npz") as arrays:
        assert arrays["synapses/s->y/weight"].shape == (1, 5, 6)
        assert arrays["post/s->y"].tolist() == [0, 1, 2, 0, 1, 2]
        assert ["s->y/weight", "mV"] in arrays["units"].tolist()
    with pytest.raises(CompileError, match="`samples` are of data"):
        net.run(samples=3)
    last = net.run(states=True).synapses["s->y"]["weight"]
    assert last.tolist() == [[[2.0] * 6]]
    assert net.weights["s->y"].tolist() == [[8.0] * 3] * 2  # a run leaves the network as it is
