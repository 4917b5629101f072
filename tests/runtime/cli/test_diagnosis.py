import pytest

from snncc.backends.cuda.found import Card, Presence
from snncc.backends.targets import TARGETS
from snncc.ir.chips.cores import CORES
from snncc.ir.chips.table import CHIPS
from snncc.runtime.cli import diagnosis


def test_doctor(answer, snncc):
    (document,) = answer("doctor")
    assert document["machine"]["threads"] >= 1
    assert [row["name"] for row in document["targets"]] == list(TARGETS)
    status, out, _ = snncc("doctor")
    assert status == 0
    assert "processor" in out
    assert "numba" in out


def test_targets(answer, snncc):
    (document,) = answer("targets")
    assert [row["name"] for row in document["targets"]] == list(TARGETS)
    assert snncc("targets")[0] == 0


def test_doctor_knows_the_gpu(answer, snncc, monkeypatch):
    found = Presence(False, 13, (13, 1), (Card("Test card", (9, 0), 80 << 30),), None)
    monkeypatch.setattr(diagnosis, "presence", lambda: found)
    (document,) = answer("doctor")
    assert document["cuda"]["driver"] == [13, 1]
    assert document["cuda"]["cards"] == [
        {"name": "Test card", "capability": [9, 0], "memory_gib": 80.0}
    ]
    out = snncc("doctor")[1]
    assert "driver of CUDA 13.1" in out
    assert "Test card, compute capability 9.0, 80.0 GiB" in out
    monkeypatch.setattr(diagnosis, "presence", lambda: Presence(True, 13, None, (), None))
    out = snncc("doctor")[1]
    assert "no NVIDIA driver" in out
    assert "simulated by Numba" in out


@pytest.mark.parametrize("chip", CHIPS)
def test_limits_of_a_chip(answer, snncc, chip):
    (document,) = answer("targets", "--limits", chip)
    row = CHIPS[chip]
    assert (document["chip"], document["source"]) == (chip, row.source)
    assert document["maps"] == (chip in CORES)
    assert document["limits"].keys() == row.limits.keys()
    assert {n: f["own"] for n, f in document["forms"].items()} == {
        n: f.own for n, f in row.forms.items()
    }
    status, out, err = snncc("targets", "--limits", chip)
    assert (status, err) == (0, "")
    words = out.split()
    assert {*row.limits, *row.forms} <= set(words)
    assert ("nothing lays a network out" in out) == (chip not in CORES)
    assert (f"snncc map --target {chip}" in out) == (chip in CORES)
    if chip == "loihi":
        assert document["core"]["axons_in"] == 4096


def test_limits_of_no_chip(snncc):
    status, out, err = snncc("targets", "--limits", "lohi")
    assert (status, out) == (1, "")
    assert "error[E070]: there is no chip `lohi`" in err
    assert "did you mean `loihi`?" in err
