"""The whole way to Xylo, as its page goes it: the data, a training, another one of what the chip's
integers do, xylosim, and no difference in any step."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from emulators import run_folders

pytestmark = pytest.mark.slow
PAGE = (Path(__file__).resolve().parents[3] / "docs/xylo.md").read_text()
FEWER = 0.02  # of the samples that the chip may answer less


def fence(language: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return text


def test_from_a_program_to_xylosim(snncc, answer, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.chdir(tmp_path)
    subprocess.run([sys.executable, "-c", fence("python")], check=True)
    (tmp_path / "digits.snn").write_text(fence("snn"))
    assert snncc("train", "digits.snn", "--epochs", 12, "--out", "f")[0] == 0
    (tmp_path / "finer.snn").write_text(fence("snn").replace("lr = 5e-3", "lr = 5e-4"))
    words = "--qat", "--from", "f", "--epochs", 2, "--out", "q"
    assert snncc("train", "finer.snn", *words)[0] == 0
    before, after = (answer("eval", model)[-1]["accuracy"] for model in ("f", "q"))
    assert before >= 0.9
    assert after >= before - FEWER
    assert snncc("export", "q", "--target", "xylo", "--out", "x", "--vectors", 2)[0] == 0
    run_folders("xylosim", [tmp_path / "x"])
    status, out, _ = snncc("diff", "q", "x/log.npz", "--states")
    assert status == 0, out
    assert "0 of 53760 states differ" in out
