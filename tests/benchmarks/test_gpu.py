"""The script for a machine with a GPU: each part that needs none runs here, on the CPU backend."""

from __future__ import annotations

import io
import json
import os
import re
import site
import stat
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="the kernels of the roofline are numba-cuda's")

import gpu
import gpu_machine
import gpu_report

from snncc.runtime.training.checkpoint import Checkpoint, save_checkpoint
from snncc.runtime.training.progress import Progress
from snncc.runtime.training.run_folder import CHECKPOINTS

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "gpu.sh"
# A stand-in for Python that says what it was asked, and fails where the environment says.
STUB = """#!/usr/bin/env bash
echo "$*" >>"$ASKED"
if [[ $1 == - ]]; then cat >/dev/null; fi
if [[ -n $FAILING && "$*" == *"$FAILING"* ]]; then exit 3; fi
"""


def test_a_machine_survives_its_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    machine = gpu_machine.datasheet(gpu_report.CARD)
    gpu_report.write_line(path, "machine", gpu_report.machine_line(machine))
    path.write_text(path.read_text() + '{"part": "spe')  # cut off
    lines = gpu_report.read_lines(path)
    assert len(lines) == 1
    assert gpu_report.machine_of(lines) == machine
    assert gpu_report.machine_of([]).cpu == gpu_report.CARD


def test_epochs_are_found_in_the_output_of_training() -> None:
    epoch = {
        "event": "epoch", "epoch": 1, "seconds": 42.5, "train_accuracy": 0.8,
        "test_accuracy": 0.8471, "samples_per_second": 1400.0, "rates": [],
    }  # fmt: skip
    text = "\n".join(["going on", json.dumps(epoch), '{"event": "done"}', "[]"])
    (found,) = gpu_report.epoch_lines(text)
    assert (found["share"], found["seconds"], found["test_accuracy"]) == (1, 42.5, 0.8471)
    page = gpu_report.markdown([{"part": "epoch", "batch": 1, "rate": 1e-3, **found}])
    assert "| all | 42.5 | 42.5 | 60 | 80.00% | 84.71% |" in page
    named = {"part": "epoch", "batch": 50, "rate": 1e-3, "program": "mnist_cnn_tssl", **found}
    page = gpu_report.markdown([named])
    assert "| mnist_cnn_tssl | 50 | all | 42.5 | 42.5 | 80.00% | 84.71% |" in page
    assert "ST-RSBP |" not in page


def test_an_epoch_that_was_stopped_tells_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = np.zeros(60_000)
    for position, seconds in ((4096, 4.0), (15_000, 12.5)):
        progress = Progress(
            0,
            position,
            seconds,
            np.ones(60_000, "f4"),
            empty.astype("i4"),
            empty,
            empty.astype("i8"),
        )
        save_checkpoint(tmp_path / "run" / CHECKPOINTS, Checkpoint("digest", {}, progress))
    lines = tmp_path / "lines.jsonl"
    arguments = ["epoch", "--lines", str(lines), "--batches", "1", "--run", str(tmp_path / "run")]
    monkeypatch.setattr("sys.stdin", io.StringIO('{"event": "interrupted"}\n'))
    gpu.epoch_part(gpu.parse_arguments(arguments))
    (line,) = gpu_report.read_lines(lines)
    assert (line["share"], line["seconds"], line["batch"]) == (0.25, 12.5, 1)
    page = gpu_report.markdown([line])
    assert "| 25.0%, then stopped | 12.5 | about 50.0 | 60 |  |  |" in page


def test_an_epoch_that_never_began_has_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tmp_path / "lines.jsonl"
    arguments = ["epoch", "--lines", str(lines), "--batches", "1", "--run", str(tmp_path / "run")]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    gpu.epoch_part(gpu.parse_arguments(arguments))
    assert gpu_report.read_lines(lines) == []


def test_kernels_are_found_wherever_a_document_speaks_of_registers() -> None:
    document = {"kernels": [{"name": "learn", "registers": 64, "launch": {"blocks": 2}}], "x": 1}
    (found,) = gpu_report.resources_in(document)
    assert found == {"kernel": "kernels.0", "name": "learn", "registers": 64}


def test_the_program_takes_a_learning_rate(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gpu.program_part(gpu.parse_arguments(["program", "--rate", "0.0113137"]))
    text = capsys.readouterr().out
    assert "optimizer adam(lr = 0.0113137)" in text
    assert "h2    -> h2    : liquid" in text


def test_the_report_is_a_page_and_a_document(tmp_path: Path) -> None:
    lines = tmp_path / "gpu.jsonl"
    note = {"name": "machine", "state": "ok", "seconds": 7}
    gpu_report.write_line(lines, "summary", note)
    arguments = ["report", "--lines", str(lines), "--out", str(tmp_path)]
    gpu.report_part(gpu.parse_arguments(arguments))
    assert "| machine | ok | 7 |" in (tmp_path / "gpu.md").read_text()
    (line,) = json.loads((tmp_path / "gpu.json").read_text())
    assert line == {"part": "summary", **note}


def test_what_was_found_of_learning_through_time_is_in_the_report(tmp_path: Path) -> None:
    found = {"name": "STBP", "batch": 128, "rates": {"image": 12.0}, "ours": 0.25, "peer": 0.5}
    found |= {"ratio": 2.0, "lower": 1.5, "upper": 2.5}
    (tmp_path / "found.json").write_text(json.dumps([found]))
    lines = tmp_path / "gpu.jsonl"
    arguments = ["through_time", "--lines", str(lines), "--found", str(tmp_path / "found.json")]
    gpu.through_time_part(gpu.parse_arguments(arguments))
    page = gpu_report.markdown(gpu_report.read_lines(lines))
    assert "| STBP | 128 | 12.0 | 0.25 | 0.5 | 2.00 | 1.50 to 2.50 |" in page


def run_script(tmp_path: Path, failing: str, *parts: str) -> tuple[int, list[str], Path]:
    python, asked, out = tmp_path / "python", tmp_path / "asked", tmp_path / "out"
    python.write_text(STUB)
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    environment = {
        **os.environ, "PYTHON": str(python), "ASKED": str(asked), "FAILING": failing,
    }  # fmt: skip
    done = subprocess.run(
        [SCRIPT, str(out), *parts], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, asked.read_text().splitlines(), out


def test_a_failed_part_is_named_and_the_others_run(tmp_path: Path) -> None:
    status, asked, out = run_script(tmp_path, "-m pytest")
    assert status == 1
    states = summary(out)
    assert states["correctness"] == "failed, status 3"
    assert states["machine"] == states["epoch_in_batches"] == "ok"
    for part in ("machine", "speed", "compare", "report"):
        assert any(line.startswith(f"benchmarks/gpu.py {part} ") for line in asked), part
    trained = [line for line in asked if line.startswith("-m snncc train /")]
    assert [batch_of(line) for line in trained] == [1, 128, 1024, 32, 512]
    assert len(list(out.iterdir())) <= 8


def summary(out: Path) -> dict[str, str]:
    lines = gpu_report.read_lines(out / "gpu.jsonl")
    return {line["name"]: line["state"] for line in gpu_report.of_part(lines, "summary")}


def batch_of(line: str) -> int:
    found = re.search(r"--batch (\d+)", line)
    assert found is not None
    return int(found[1])


def test_an_epoch_that_fails_costs_neither_its_figure_nor_the_others(tmp_path: Path) -> None:
    status, asked, out = run_script(tmp_path, "--batch 1024", "epoch_in_batches")
    assert status == 1
    assert summary(out) == {"setup": "ok", "epoch_in_batches": "failed, status 3"}
    read = [line for line in asked if line.startswith("benchmarks/gpu.py epoch ")]
    assert [re.findall(r"--batches (\d+)", line) for line in read] == [
        ["128"], ["1024"], ["32"], ["512"],
    ]  # fmt: skip


def test_the_parts_fit_into_the_time_that_they_may_take() -> None:
    text = SCRIPT.read_text()
    limits = [int(x) for x in re.findall(r"^part \w+ (\d+)$", text, re.MULTILINE)]
    (end,) = re.findall(r"^END=(\d+)", text, re.MULTILINE)
    assert len(limits) == 11
    assert sum(limits) <= int(end) < 500


def test_a_part_that_is_stopped_may_still_write(tmp_path: Path) -> None:
    """SIGINT first, as for a script that was started with SIGINT ignored."""
    text = SCRIPT.read_text()
    body = "work() { trap 'echo kept; exit 3' INT; while sleep 0.05; do :; done; }"
    (within,) = re.findall(r"^within\(\) \{.*?^\}$", text, re.MULTILINE | re.DOTALL)
    script = f"trap '' INT; {body}; {within}\nexport -f work; GRACE=5 LOG=log; within 0.3 work"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, check=False)
    assert done.returncode == 124
    assert (tmp_path / "log").read_text() == "kept\n"


def test_the_tests_of_a_card_are_where_the_script_looks() -> None:
    folders = {"tests/backends", "tests/benchmarks"}
    assert "".join(f" {folder}" for folder in sorted(folders)) in SCRIPT.read_text()
    for path in (ROOT / "tests").rglob("test_*.py"):
        if re.search(r"mark\.gpu|from devices import", path.read_text()):
            assert any(path.is_relative_to(ROOT / folder) for folder in folders), path


@pytest.mark.slow
def test_carried_wheels_lie_where_libraries_are_looked_for(tmp_path: Path) -> None:
    """In a folder of `site`, with what their .pth files do, beside the interpreter's own packages,
    whether those are a virtual environment's or not."""
    files = {
        "nvidia/cu13/lib/libcarried.so": "",
        "carried.py": "found = 0\n",
        "carried.pth": "import carried; carried.found = 1\n",
        "carried-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: carried\nVersion: 1\n",
        "carried-1.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        "carried-1.dist-info/RECORD": "",
    }
    with ZipFile(tmp_path / "carried-1-py3-none-any.whl", "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    (carry,) = re.findall(r"^carry\(\) \{.*?^\}$", SCRIPT.read_text(), re.MULTILINE | re.DOTALL)
    names = {"PYTHON": sys.executable, "WHEELS": str(tmp_path), "SCRATCH": str(tmp_path)}
    environment = {**os.environ, **names}
    subprocess.run(["bash", "-euc", f"{carry}\ncarry"], env=environment, check=True)
    asked = "import carried, site; print(carried.found, *site.getsitepackages(), sep='\\n')"
    told = subprocess.check_output([tmp_path / "venv/bin/python", "-c", asked], text=True)
    found, new, *behind = told.splitlines()  # Debian's Python has folders of its own between
    assert found == "1"
    assert (Path(new) / "nvidia/cu13/lib/libcarried.so").exists()
    assert site.getsitepackages()[0] in behind
