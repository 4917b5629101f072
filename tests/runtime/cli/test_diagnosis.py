from snncc.backends.cuda.found import Card, Presence
from snncc.backends.targets import TARGETS
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
