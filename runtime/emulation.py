"""Programs for other machines under QEMU: their exit status, and each instruction that they do."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_TRACE = re.compile(r"Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")


@dataclass(frozen=True, slots=True)
class Span:
    """The code of a function: its first address and its bytes."""

    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Instructions of one call of a function after the other."""

    mean: float
    most: int


def addresses(command: Sequence[str], program: Path, spans: Iterable[Span]) -> Iterator[int]:
    """The address of each instruction that a program does inside of these spans, in order."""
    inside = ",".join(f"{span.address:#x}+{span.size:#x}" for span in spans)
    log = ("-d", "exec,nochain", "-dfilter", inside)
    whole = [command[0], *_one_by_one(command[0]), *log, *command[1:], str(program)]
    with subprocess.Popen(whole, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if found := _TRACE.match(line):
                yield int(found[1], 16)


def counted(done: Iterable[int], entry: int) -> Counted:
    """What calls of the function at `entry` take, itself and all that it calls."""
    calls = list[int]()
    for address in done:
        if address == entry:
            calls.append(0)
        calls[-1] += 1
    assert calls, "no instruction was counted"
    return Counted(float(np.mean(calls)), max(calls))


def _one_by_one(emulator: str) -> list[str]:
    """The option by which each instruction is translated alone, so that its log has all of them.
    QEMU 8.1 has renamed it."""
    helped = subprocess.run([emulator, "-help"], capture_output=True, text=True, check=False)
    if "one-insn-per-tb" not in helped.stdout:
        return ["-singlestep"]
    is_system = "-system-" in emulator
    return ["-accel", "tcg,one-insn-per-tb=on"] if is_system else ["-one-insn-per-tb"]
