"""Folders of vectors run by Icarus Verilog, for the tests of what is written for hardware."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

needs_iverilog = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="no iverilog: apt install iverilog"
)


def run_bench(folder: Path, *plusargs: str) -> tuple[int, str]:
    """The exit status and the first line of what the bench of a folder prints."""
    command = ["iverilog", "-g2012", "-Wall", "-o", "bench.vvp", "bench.sv", "dut.sv"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (made.returncode, made.stderr) == (0, ""), made.stderr
    ran = subprocess.run(
        ["vvp", "-n", "bench.vvp", *plusargs], cwd=folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout.partition("\n")[0]


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """The files, in folders of theirs."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
