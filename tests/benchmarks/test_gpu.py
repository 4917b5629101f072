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
from dataclasses import asdict
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="the kernels of the roofline are numba-cuda's")

import gpu
import gpu_machine
import gpu_report
import gpu_speed
from cost import activity_of
from gpu_speed import Options

from snncc.backends.cuda.card import out_of_memory
from snncc.runtime.training.checkpoint import Checkpoint, save_checkpoint
from snncc.runtime.training.progress import Progress
from snncc.runtime.training.run_folder import CHECKPOINTS

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "gpu.sh"
SMALL = Options(
    nets=("sleepy liquid",), steps=(10,), inputs=("10 %",), batches=(1, 4), hidden=25, fewest=3,
    learnt=0, presented=1, repeats=2, seconds=0.0,
)  # fmt: skip
# A stand-in for Python that says what it was asked, and fails where the environment says.
STUB = """#!/usr/bin/env bash
echo "$*" >>"$ASKED"
if [[ $1 == - ]]; then cat >/dev/null; fi
if [[ -n $FAILING && "$*" == *"$FAILING"* ]]; then exit 3; fi
"""


@pytest.fixture(scope="module")
def subject() -> gpu_speed.Subject:
    return gpu_speed.make_subject("cpu", "sleepy liquid", 10, 25)


def test_a_batch_shares_the_pass_over_the_weights(subject: gpu_speed.Subject) -> None:
    one, many = (gpu_speed.update_cost(subject.network, batch) for batch in (1, 64))
    synapses = sum(w.size for name, w in subject.weights.items() if name != "digit->digit")
    assert one.update == 24 * synapses
    assert many.update == pytest.approx(one.update / 64)
    assert many.operations == pytest.approx(synapses + one.operations / 64)


def test_the_floor_of_a_card_leaves_out_what_a_card_can_do_without(
    subject: gpu_speed.Subject,
) -> None:
    plan = subject.network.plan
    fired = np.random.default_rng(3).random((2, 10, int(plan.neurons[-1]))) < 0.1
    activity = activity_of(plan, fired, drawn=784)
    costs = {c.stage: c for c in gpu_speed.card_costs(subject.network, activity, 32)}
    assert "write-back" not in costs
    assert costs["step"].update == 0
    assert costs["step"].operations > 0
    assert costs["drive"].read > 4 * 25 * activity.spikes(0)


def test_samples_are_those_of_the_cpu_benchmark(subject: gpu_speed.Subject) -> None:
    samples = gpu_speed.samples_of(subject, "10 %", 12)
    assert samples is not None
    assert samples.values.shape == (12, 784)
    assert samples.labels.tolist() == [*range(10), 0, 1]


@pytest.mark.slow
def test_our_times_and_the_counts_beside_them() -> None:
    rows = list(gpu_speed.speed("cpu", SMALL, gpu_machine.datasheet(gpu_report.CARD), print))
    assert [row.case.batch for row in rows] == [1, 4]
    for row in rows:
        assert 0 < row.forward.best <= row.forward.median
        assert row.train_operations > row.forward_operations > 0
        assert 0 < row.forward_floor < row.train_floor < row.train.best
    assert rows[1].train_floor < rows[0].train_floor


@pytest.mark.slow
def test_ours_and_the_baseline_in_turns() -> None:
    pytest.importorskip("torch", reason="the baseline is measured where PyTorch is installed")
    pairs = list(gpu_speed.compare("cpu", SMALL, "cpu", ("float32",), print))
    assert [(pair.case.batch, pair.precision) for pair in pairs] == [(1, "float32"), (4, "float32")]
    assert all(pair.train_baseline.best > 0 and pair.ratio > 0 for pair in pairs)
    text = gpu_report.markdown([{"part": "compare", **asdict(pair)} for pair in pairs])
    assert f"{pairs[0].train_baseline.best / pairs[0].train.best:.2f} |" in text


def test_what_the_card_has_no_room_for_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch = pytest.importorskip("torch", reason="the baseline needs it")
    full = {1: torch.OutOfMemoryError("CUDA out of memory\nmore"), 3: out_of_memory("x", 1, 0)}

    def time_pair(case: gpu_speed.Case, *_: object) -> gpu_speed.Case:
        if case.batch in full:
            raise full[case.batch]
        return case

    said: list[str] = []
    monkeypatch.setattr(gpu_speed, "time_pair", time_pair)
    options = Options(**{**_fields(SMALL), "batches": (1, 2, 3, 4)})
    found = gpu_speed.compare("cpu", options, "cpu", ("float32",), said.append)
    assert [case.batch for case in found] == [2, 4]
    assert "not timed: CUDA out of memory" in said
    assert any("E072" in text for text in said)


def test_our_times_go_on_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    def time_case(case: gpu_speed.Case, *_: object) -> gpu_speed.Case:
        if case.batch == 1:
            raise out_of_memory("x", 1, 0)
        return case

    said: list[str] = []
    monkeypatch.setattr(gpu_speed, "time_case", time_case)
    monkeypatch.setattr(gpu_speed, "count_spikes", lambda *_: None)
    machine = gpu_machine.datasheet(gpu_report.CARD)
    found = gpu_speed.speed("cpu", SMALL, machine, said.append)
    assert [case.batch for case in found] == [4]
    assert any("E072" in text for text in said)


def test_no_case_begins_when_the_time_is_up(subject: gpu_speed.Subject) -> None:
    said: list[str] = []
    options = Options(**{**_fields(SMALL), "until": 0.0})
    machine = gpu_machine.datasheet(gpu_report.CARD)
    assert list(gpu_speed.speed("cpu", options, machine, said.append)) == []
    assert len(said) == 2
    assert "no time left" in said[0]


def _fields(options: Options) -> dict[str, object]:
    return {name: getattr(options, name) for name in Options.__dataclass_fields__}


def test_works_take_turns_and_the_best_and_the_median_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    clock = iter([8.0, 80.0, 4.0, 60.0, 6.0, 70.0])
    monkeypatch.setattr(gpu_speed, "milliseconds", lambda work: (work(), next(clock))[1])
    options = Options(repeats=3, seconds=60.0)
    works = (lambda: order.append("a"), lambda: order.append("b"))
    a, b = gpu_speed.timings(works, 2, options)
    assert "".join(order) == "abababab"
    assert (a.best, a.median, b.best, b.median) == (2.0, 3.0, 30.0, 35.0)


def test_a_repeat_is_whole_batches() -> None:
    options = Options(fewest=64)
    assert [gpu_speed.repeat_of(batch, options) for batch in (1, 48, 64, 1024)] == [
        64, 96, 64, 1024,
    ]  # fmt: skip


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


def test_an_epoch_that_was_stopped_tells_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = np.zeros(60_000)
    for position, seconds in ((4096, 4.0), (15_000, 12.5)):
        progress = Progress(
            0, position, seconds, empty.astype("f4"), empty.astype("i4"), empty, empty.astype("i8")
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
    assert len(limits) == 9
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
        if "mark.gpu" in path.read_text():
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
    found, new, behind, *_ = told.splitlines()
    assert found == "1"
    assert (Path(new) / "nvidia/cu13/lib/libcarried.so").exists()
    assert behind == site.getsitepackages()[0]
