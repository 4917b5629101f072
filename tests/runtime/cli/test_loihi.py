"""The whole way in one: a program is trained, quantized for Loihi, laid out on its cores, and run
by the emulators of others: in every step each does what its integers do."""

from pathlib import Path

import pytest
from emulators import run_folders

from snncc.backends.exports.chips.flavours import FLAVOURS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
FEWER = 0.02  # of the samples that the chip may answer less


def test_from_a_program_to_the_chip(snncc, answer, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    words = "--epochs", 3, "-D", "pause=0 ms", "--out", "run"
    assert snncc("train", ROOT / "examples/digits_loihi.snn", *words)[0] == 0
    assert snncc("quantize", "run", "--out", "l.snnpkg", "--calibrate", 20)[0] == 0
    before, after = (answer("eval", model)[-1]["accuracy"] for model in ("run", "l.snnpkg"))
    assert before >= 0.9
    assert after >= before - FEWER
    (told,) = answer("map", "l.snnpkg", "--target", "loihi", "--samples", 4, "--out", "m")
    assert sum(row["neurons"] for row in told["cores"]) == 110
    status, out, _ = snncc("diff", "l.snnpkg", "m", "--limit", 2, "--states")
    assert status == 0, out
    for flavour in FLAVOURS:
        check(snncc, tmp_path, flavour)


def check(snncc, folder: Path, flavour: str) -> None:
    words = "--target", "loihi", "--flavour", flavour, "--out", flavour, "--vectors", 2
    assert snncc("export", "l.snnpkg", *words)[0] == 0
    run_folders(flavour, [folder / flavour])
    status, out, _ = snncc("diff", "l.snnpkg", f"{flavour}/log.npz", "--states")
    assert status == 0, out
    assert "0 of 44000 states differ" in out


def test_a_flavour_that_cannot_say_it(snncc, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    words = "--epochs", 1, "--limit", 100, "--test-limit", 20, "--out", "run"
    assert snncc("train", ROOT / "examples/digits_loihi.snn", *words)[0] == 0
    assert snncc("quantize", "run", "--out", "l.snnpkg", "--calibrate", 20)[0] == 0
    status, _, err = snncc("export", "l.snnpkg", "--target", "loihi", "--out", "l")
    assert status == 1
    assert "error[E071]: `h` is refractory for 2 steps, which `lava` does not have" in err
    assert not (tmp_path / "l").exists()
    status, _, err = snncc("export", "l.snnpkg", "--target", "c", "--flavour", "lava", "--out", "l")
    assert status == 2
    assert "it says nothing of `c`" in " ".join(err.split())
    status, _, err = snncc(
        "export", "l.snnpkg", "--target", "loihi", "--flavour", "lav", "--out", "l"
    )
    assert (status, "did you mean `lava`?" in err) == (2, True)
