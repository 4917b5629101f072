from snncc.backends.targets import TARGETS


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
