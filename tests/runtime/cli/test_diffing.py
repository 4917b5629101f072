"""`snncc diff` on networks that the reference simulates."""

import json
import os

import numpy as np
import pytest

from snncc.runtime.diff import synapses

NET = """
network n(weight: 1 = 2, lag: ms = 1 ms, hidden: int = 4) {
  dt = 1 ms
  input x[4] encode spikes(duration = 12 ms)
  population h[hidden] : if(v_th = 3 mV)
  output y[2] : if(v_th = 2 mV)
  x -> h : dense(init = expression(weight * (1 + (i + j) % 3) / 2))
  h -> h : sparse(p = 0.5, weight = -1)  delay lag
  h -> y : dense(init = expression(1 + (i * j) % 2))
}
"""


@pytest.fixture(autouse=True)
def few_bits(monkeypatch):
    monkeypatch.setattr(synapses, "BITS", range(7, 8))


@pytest.fixture
def files(snncc, tmp_path):
    """A program, its spikes as a log, and its inputs."""
    trains = np.random.default_rng(2).random((6, 12, 4)) < 0.35
    trains[4:] = False  # the last samples are silent
    np.save(tmp_path / "x.npy", trains)
    (tmp_path / "net.snn").write_text(NET)
    record = ("--record", "log.npz", "--record-states")
    inputs = ("--inputs", "x.npy")
    assert snncc("run", "net.snn", "--target", "reference", *inputs, *record)[0] == 0
    return tmp_path


@pytest.fixture
def diff(snncc, files):
    """Runs it with --json; its exit status and its document."""

    def run(*arguments):
        status, out, err = snncc("diff", *arguments, "--json")
        assert status in (0, 1), (out, err)
        return status, json.loads(out)

    return run


INPUTS = ("--inputs", "x.npy")


def csv_of(path, skip=()):
    with np.load(path) as arrays:
        rows = [
            f"{s},{t},{name},{n}\n"
            for name in arrays["populations"].tolist()
            for s, t, n in arrays[f"spikes/{name}"]
            if name not in skip
        ]
    return "sample,step,population,neuron\n" + "".join(rows)


def test_equal_in_every_form(diff, files):
    (files / "log.csv").write_text(csv_of(files / "log.npz"))
    assert diff("net.snn@reference", "reference32", *INPUTS)[0] == 0
    assert diff("reference32", "net.snn@reference", *INPUTS)[0] == 0
    sides = ["net.snn@reference", "net.snn@reference32", "log.npz", "log.csv"]
    for k, a in enumerate(sides):
        for b in sides[k + 1 :]:
            logs = sum(side.startswith("log") for side in (a, b))
            status, document = diff(a, b, *(INPUTS if logs < 2 else ()))
            assert (status, document["equal"], document["first"]) == (0, True, None), (a, b)
            assert document["samples"] == document["samples_equal"] == 6
            assert document["bins"] == 6 * 12 * 10
            assert document["rate_emd"] == 0


def test_the_first_difference(diff, files, snncc):
    with np.load(files / "log.npz") as arrays:
        changed = dict(arrays)
    spikes = changed["spikes/h"]
    row = int(np.flatnonzero(spikes[:, 0] == 2)[0])
    sample, step, neuron = spikes[row].tolist()
    changed["spikes/h"] = np.delete(spikes, row, 0)
    np.savez(files / "other.npz", **changed)
    status, document = diff("net.snn@reference", "other.npz", *INPUTS)
    assert status == 1
    assert (document["samples_equal"], document["bins_different"]) == (5, 1)
    first = document["first"]
    assert [first[k] for k in ("sample", "step", "population", "neuron")] == [
        sample,
        step,
        "h",
        neuron,
    ]
    by_name = {p["name"]: p for p in document["populations"]}
    assert {n: p["bins_different"] for n, p in by_name.items()} == {"x": 0, "h": 1, "y": 0}
    rates = by_name["h"]["rate_hz"]
    assert rates["a"] - rates["b"] == pytest.approx(1 / (6 * 12 * 4) * 1000)
    assert by_name["h"]["rate_emd"] == pytest.approx(rates["a"] - rates["b"])
    assert diff("net.snn@reference", "other.npz", *INPUTS, "--limit", sample)[0] == 0
    status, out, _ = snncc("diff", "net.snn@reference", "other.npz", *INPUTS)
    assert status == 1
    assert f"sample {sample}, step {step}, neuron {neuron} of `h`" in out
    assert "5 of 6 samples are equal; 1 of 720 bins differ" in out
    assert snncc("diff", "net.snn@reference", "other.npz", *INPUTS, "--quiet")[:2] == (1, "")


def test_the_cause(diff, snncc):
    assert snncc("compile", "net.snn", "--target", "reference", "--out", "a.snnpkg")[0] == 0
    more = ("-D", "lag=2 ms", "--record", "late.npz", "--target", "reference")
    assert snncc("run", "net.snn", *INPUTS, *more)[0] == 0
    status, document = diff("a.snnpkg", "late.npz", *INPUTS)
    first = document["first"]
    assert (status, first["cause"], first["as"]) == (1, "delay", "b")
    assert first["change"] == "a delay of 2 in place of 1 steps on `h->h`"
    assert (first["explained"], first["neurons"]) == (4, 4)
    assert first["evidence"].startswith(f"with {first['change']} all 4 neurons of `h` in 6 samples")
    assert first["b"]["state"] is None
    assert first["a"]["state"]["after"].keys() == {"v"}
    arrivals = first["inputs"]["a"]
    assert {(x["population"], x["delay"]) for x in arrivals} <= {("x", 0), ("h", 1)}
    assert arrivals[0].keys() >= {"projection", "neuron", "weight", "sent"}
    assert first["inputs"]["b"] == first["inputs"]["a"]
    status, out, _ = snncc("diff", "a.snnpkg", "late.npz", *INPUTS)
    assert "cause: delay\n  with a delay of 2 in place of 1 steps" in out
    assert f"what arrives in step {first['step']}:" in out


def test_states(diff, files):
    with np.load(files / "log.npz") as arrays:
        changed = dict(arrays)
    changed["states/h/v"] = changed["states/h/v"].copy()
    changed["states/h/v"][3, 5, 1] += 0.25
    np.savez(files / "other.npz", **changed)
    assert diff("log.npz", "other.npz")[0] == 0
    status, document = diff("net.snn@reference", "other.npz", *INPUTS, "--states")
    assert status == 1
    assert (document["values_different"], document["bins_different"]) == (1, 0)
    assert [document["first"][k] for k in ("sample", "step", "neuron", "differs")] == [3, 5, 1, "v"]
    assert diff("log.npz", "other.npz", "--states", "--tolerance", 0.25)[0] == 0


def test_labels_and_classes(diff, tmp_path):
    trains = np.load(tmp_path / "x.npy")
    np.savez(tmp_path / "data.npz", x=trains, y=np.array([0, 1, 0, 1, 0, 1]))
    _, document = diff("net.snn@reference", "reference32", "--data", "data.npz")
    accuracy = document["accuracy"]
    assert accuracy["a"] == accuracy["b"] > 0
    assert document["same_class"] == 1
    assert document["samples"] == 6


def test_what_is_on_one_side_only(diff, files):
    (files / "log.csv").write_text(csv_of(files / "log.npz", skip=("x",)))
    status, document = diff("net.snn@reference", "log.csv", *INPUTS)
    assert status == 0
    assert document["left_out"] == {"a": ["x"], "b": []}
    assert [w["code"] for w in document["warnings"]] == ["W061"]
    assert "silent there, or not recorded" in document["warnings"][0]["help"]


def test_sides_that_are_not_alike(diff, files):
    with np.load(files / "log.npz") as arrays:
        changed = dict(arrays)
    less = {"steps": np.array(9), "samples": np.array(3), "dt": np.array(2.0)}
    for name in ("x", "h", "y"):
        rows = changed[f"spikes/{name}"]
        less[f"spikes/{name}"] = rows[(rows[:, 0] < 3) & (rows[:, 1] < 9)]
    states = {n: a[:3, :9] for n, a in changed.items() if n.startswith("states")}
    other = {**changed, **less, **states, "digest": np.array("0" * 64)}
    np.savez(files / "other.npz", **other)
    status, document = diff("log.npz", "other.npz")
    assert status == 0
    assert (document["samples"], document["steps"]) == (3, 9)
    told = " ".join(w["message"] for w in document["warnings"])
    assert "was recorded of another network" in told
    assert "the first 9 steps are compared, of 12 in `log.npz`" in told
    assert "the first 3 samples are compared, of 6 in `log.npz`" in told
    assert "dt is 1 ms in `log.npz` and 2 ms in `other.npz`" in told


def test_defines_are_for_programs(diff, snncc):
    assert snncc("compile", "net.snn", "--target", "reference")[0] == 0
    assert diff("net.snn@reference", "net.snnpkg", *INPUTS)[0] == 0
    assert diff("net.snn@reference", "net.snnpkg", *INPUTS, "-D", "weight=1")[0] == 1


BAD = [
    (("net.snn@reference", "none.npz"), "E063"),
    (("none.snn", "reference"), "E063"),
    (("log.npz", "reference"), "E065"),
    (("reference", "reference32"), "E065"),
    (("net.snn@reference", "unknown.csv"), "E064"),
    (("net.snn@reference", "beyond.csv"), "E064"),
    (("net.snn@reference", "late.csv"), "E064"),
    (("log.npz", "beyond.csv"), "E064"),
    (("log.npz", "empty.csv"), "E065"),
    (("net.snn@reference", "larger.snnpkg"), "E065"),
    (("large.csv", "large.csv"), "E074"),
]


@pytest.mark.parametrize(("words", "code"), BAD)
def test_what_cannot_be_compared(snncc, files, words, code):
    header = "sample,step,population,neuron\n"
    (files / "unknown.csv").write_text(header + "0,1,hh,0\n")
    (files / "beyond.csv").write_text(header + "0,1,h,3\n0,1,h,4\n")
    (files / "late.csv").write_text(header + "0,12,h,3\n")
    (files / "empty.csv").write_text(header)
    (files / "large.csv").write_text(header + "0,2000000000,h,2000000000\n")
    more = ("-D", "hidden=5", "--target", "reference", "--out", "larger.snnpkg")
    assert snncc("compile", "net.snn", *more)[0] == 0
    is_log = all(word.startswith(("log", "large.")) or word.endswith("csv") for word in words)
    status, out, err = snncc("diff", *words, *(() if is_log else INPUTS))
    assert status == 1
    assert f"error[{code}]" in err
    assert "help: " in err
    assert out == ""


def test_a_place_is_named(snncc, files):
    header = "sample,step,population,neuron\n"
    (files / "log.csv").write_text(header + "0,1,h,3\n0,1,h,4\n")
    _, _, err = snncc("diff", "net.snn@reference", "log.csv", *INPUTS)
    assert "`log.csv`: line 3 has neuron 4 of `h`, and `net.snn@reference` has 4 neurons" in err
    (files / "log.csv").write_text(header + "0,1,input_x,3\n")
    _, _, err = snncc("diff", "net.snn@reference", "log.csv", *INPUTS)
    assert "line 2 is of a population `input_x`" in err
    assert "it has `x`, `h` and `y`" in err


WRONG = [
    ("net.snn",),
    ("net.snn", "reference", "--data", "digits", *INPUTS),
    ("net.snn", "reference", "--tolerance", "0.1"),
    ("log.npz", "log.npz", "--data", "digits"),
    ("net.snn", "reference", "--tolerance", "-1", "--states"),
]


@pytest.mark.parametrize("words", WRONG)
def test_wrong_usage(snncc, files, words):
    assert snncc("diff", *words)[0] == 2


def test_a_path_with_an_at_in_it_is_a_path(snncc, files):
    os.rename(files / "net.snn", files / "net@cpu")
    (files / "reference").write_text("no program")
    assert snncc("diff", "net@cpu@reference", "net@cpu@reference32", *INPUTS)[0] == 0
    assert "E00" in snncc("diff", "net@cpu@reference", "reference", *INPUTS)[2]


def test_the_help_has_an_example_that_works(snncc):
    status, out, _ = snncc("diff", "--help")
    assert status == 0
    assert "snncc diff examples/digits.snn reference" in " ".join(out.split())
