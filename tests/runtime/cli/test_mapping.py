"""`snncc map`: what it writes and says, what does not fit, and wrong usage."""

import json
from contextlib import nullcontext
from dataclasses import replace

import pytest

from snncc.backends.layout.stored import ARRAYS, open_layout
from snncc.ir.chips.cores import CORES
from snncc.runtime.cli import mapping
from snncc.runtime.mapping.search import SEARCH

NET = """
network n {
  dt = 1 ms
  delay = 1 ms
  input x[8, 8] encode poisson(duration = 40 ms)
  population h[24] : lif(v_th = 2 mV, refractory = 0 ms)
  output y[10] : lif(v_th = 2 mV, refractory = 0 ms)
  x -> h : dense(init = uniform(-1, 2))
  h -> h : sparse(p = 0.2, init = uniform(-1, 1))
  h -> y : dense(init = uniform(-1, 4))
}
train n { data digits  rule st_rsbp }
"""


@pytest.fixture
def package(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(NET)
    asked = ("--calibrate", 0, "--scale", "population", "--out", "q.snnpkg", "--quiet")
    assert snncc("quantize", "net.snn", *asked)[0] == 0
    return tmp_path / "q.snnpkg"


def test_inputs_of_several_spikes_are_refused(snncc, tmp_path):
    text = NET.replace("poisson(duration = 40 ms)", "spikes(duration = 40 ms, most = 3)")
    (tmp_path / "net.snn").write_text(text)
    assert snncc("quantize", "net.snn", "--calibrate", 0, "--out", "q.snnpkg", "--quiet")[0] == 0
    status, _, err = snncc("map", "q.snnpkg", "--target", "loihi", "--samples", 0, "--out", "m")
    assert (status, "error[E075]" in err) == (1, True)


@pytest.mark.slow
def test_a_map_equals_its_network(snncc, answer, package, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")  # kernels are compiled once for all tests
    (told,) = answer("map", package, "--target", "loihi", "--samples", 0, "--out", "m")
    assert told == {"folder": "m", **json.loads((tmp_path / "m" / "map.json").read_text())}
    assert told["fits"]
    assert sum(row["neurons"] for row in told["cores"]) == 34
    assert {s["population"] for row in told["cores"] for s in row["slices"]} == {"h", "y"}
    assert told["binding"]["used"] <= told["binding"]["allowed"]
    assert (tmp_path / "m" / "map.svg").read_text().startswith("<svg")
    layout, _ = open_layout(tmp_path / "m" / "layout.snnpkg")
    assert layout.cores == len(told["cores"])
    status, out, _ = snncc("diff", package, "m", "--limit", 3, "--states")
    assert status == 0, out
    small = ("map", package, "--target", "generic", "--cores", "1x1", "--samples", 0, "--baselines")
    (told,) = answer(*small, "--out", "s")
    assert len(told["cores"]) == 1
    assert told["placing"]["kept"] == "cores"
    assert {"index order", "Hilbert"} <= {row["name"].split(" (")[0] for row in told["baselines"]}


@pytest.mark.slow
def test_what_does_not_fit_is_told_with_what_does(snncc, answer, package, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    asked = ("--calibrate", 0, "--scale", "neuron", "--out", "q.snnpkg", "--quiet")
    assert snncc("quantize", "net.snn", *asked)[0] == 0
    place = ("map", package, "--target", "loihi", "--cores", "1x1", "--samples", 0, "--out", "m")
    status, out, err = snncc(*place, "--json")
    told = json.loads(out)
    assert (status, told["fits"], told["errors"][0]["code"]) == (1, False, "E093")
    assert told["binding"]["used"] > told["binding"]["allowed"]
    assert any("neurons of `h`" in s["change"] for s in told["suggestions"])
    assert not (tmp_path / "m").exists()
    status, _, err = snncc(*place)
    assert (status, "E093" in err, "too many" in err) == (1, True, True)


class Wish:
    """Stops after so many looks."""

    def __init__(self, looks):
        self.looks = looks

    @property
    def is_wanted(self):
        self.looks -= 1
        return self.looks < 0


def members(folder):
    told = json.loads((folder / "map.json").read_text())
    layout, digest = open_layout(folder / "layout.snnpkg")
    arrays = {name: getattr(layout, name).tolist() for name in ARRAYS}
    return {**told, "seconds": 0}, arrays, digest, (folder / "map.svg").read_text()


@pytest.mark.slow
def test_a_map_that_was_stopped_goes_on_to_the_same_bits(snncc, package, tmp_path, monkeypatch):
    """Stopped at every look, time after time."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    asked = ("map", package, "--target", "loihi", "--samples", 0, "--cores", "2x2", "--effort", 2)
    assert snncc(*asked, "--out", "whole", "--quiet")[0] == 0
    status, _, err = snncc(*asked, "--out", "m", "--resume")
    assert (status, "E063" in err) == (1, True)
    with monkeypatch.context() as patched:
        patched.setattr(mapping, "stop_wish", lambda: nullcontext(Wish(0)))
        assert snncc(*asked, "--out", "m")[0] == 130
        stops = 1
        while (found := snncc(*asked, "--out", "m", "--resume"))[0] == 130:
            assert [f.name for f in (tmp_path / "m").iterdir()] == [SEARCH]
            assert "go on by the same command and --resume" in found[2]
            stops += 1
            wish = Wish(1 + stops // 4)
            patched.setattr(mapping, "stop_wish", lambda wish=wish: nullcontext(wish))
        assert (found[0], stops > 5) == (0, True), found
    assert members(tmp_path / "m") == members(tmp_path / "whole")
    assert not (tmp_path / "m" / SEARCH).exists()


@pytest.mark.slow
def test_no_other_map_goes_on(snncc, answer, package, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    asked = ("map", package, "--target", "loihi", "--samples", 0, "--out", "m")
    with monkeypatch.context() as patched:
        patched.setattr(mapping, "stop_wish", lambda: nullcontext(Wish(1)))
        status, out, _ = snncc(*asked, "--json")
        assert (status, json.loads(out)) == (130, {"event": "interrupted", "folder": "m"})
    status, _, err = snncc(*asked, "--resume", "--map-seed", 1)
    assert (status, "of another mapping" in err) == (1, True)
    kept = tmp_path / "m" / SEARCH
    content = kept.read_bytes()
    kept.write_bytes(content[: len(content) // 2])
    status, _, err = snncc(*asked, "--resume")
    assert (status, "E060" in err) == (1, True)
    assert snncc(*asked, "--quiet")[0] == 0
    assert not kept.exists()


def test_floats_are_not_mapped(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(NET)
    status, _, err = snncc("map", "net.snn", "--target", "loihi", "--out", "m")
    assert status == 1
    assert "E093" in err
    assert "snncc quantize" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "lohi"), "did you mean `loihi`?"),
        (("--target", "odin"), "no cores of `odin`"),
        (("--target", "loihi", "--cores", "8"), "not WIDTHxHEIGHT"),
        (("--target", "loihi", "--effort", "4"), "less than or equal to 3"),
        (("--target", "loihi", "--map-seed", f"{2**31}"), f"less than or equal to {2**31 - 1}"),
    ],
)
def test_wrong_usage(snncc, tmp_path, words, said):
    (tmp_path / "net.snn").write_text(NET)
    status, _, err = snncc("map", "net.snn", *words, "--out", "m")
    assert status == 2
    assert said in " ".join(err.replace("│", " ").split())


@pytest.mark.slow
def test_neurons_of_few_are_placed_one_by_one(snncc, tmp_path, monkeypatch):
    """Cores of 8 neurons, which is few for the links that they share."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setitem(CORES, "generic", replace(CORES["generic"], neurons=8))
    text = NET.replace("x -> h : dense(", "x -> h : sparse(p = 0.1, ")
    (tmp_path / "net.snn").write_text(text.replace("h -> y : dense(", "h -> y : sparse(p = 0.2, "))
    asked = ("--calibrate", 0, "--scale", "population", "--out", "q.snnpkg", "--quiet")
    assert snncc("quantize", "net.snn", *asked)[0] == 0
    place = ("map", "q.snnpkg", "--target", "generic", "--cores", "3x3", "--samples", 0)
    status, out, err = snncc(*place, "--out", "m")
    told = json.loads((tmp_path / "m" / "map.json").read_text())
    placing = told["placing"]
    assert status == 0, err
    assert placing["kept"] == "neurons", placing
    assert told["traffic"]["weighted_hops"] == pytest.approx(placing["neurons"])
    assert "neurons placed one by one" in out
    assert snncc("diff", "q.snnpkg", "m", "--limit", 2, "--states")[0] == 0


AXONS = """
network n {
  dt = 1 ms
  input x[20] encode poisson(duration = 10 ms)
  population h[150] : if(v_th = 9 mV)
  output y[SIZE] : if(v_th = 9 mV)
  x -> h : dense(init = uniform(-1, 2))  delay 3 ms
  h -> y : dense(init = uniform(-1, 2))  delay 3 ms
}
train n { data digits  rule surrogate(width = 1) }
deploy n { target ranc  bits 2  below subtract }
"""


@pytest.mark.slow
@pytest.mark.parametrize(("size", "is_told"), [(10, False), (240, True)])
def test_what_a_neuron_of_ranc_cannot_drive_is_told(snncc, tmp_path, monkeypatch, size, is_told):
    """A core has room for 106 of 240 that all of `h` leads to."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    (tmp_path / "net.snn").write_text(AXONS.replace("SIZE", str(size)))
    assert snncc("quantize", "net.snn", "--calibrate", 0, "--out", "q.snnpkg")[0] == 0
    status, _, err = snncc("map", "q.snnpkg", "--target", "ranc", "--samples", 0, "--out", "m")
    assert status == 0, err
    said = " ".join(err.split())
    assert ("150 neurons at least lead to several cores" in said) is is_told, said
    assert ("snncc export --target ranc" in said) is is_told
