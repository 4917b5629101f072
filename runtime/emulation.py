"""Programs for other machines under QEMU: each instruction that they do."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

INSTRUCTIONS = 2_000_000  # are counted, up to the end of the call that they end in


@dataclass(frozen=True, slots=True)
class Span:
    """The code of a function: its first address and its bytes."""

    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The instructions of so many calls of a function, on average and at most."""

    calls: int
    mean: float
    most: int


def logged(
    command: Sequence[str], program: Path, spans: Iterable[Span], what: str
) -> Generator[bytes]:
    """The lines of QEMU's log of these things, of each instruction inside of the spans."""
    inside = ",".join(f"{span.address:#x}+{span.size:#x}" for span in spans)
    log = ("-d", what, "-dfilter", inside)
    whole = [command[0], *_one_by_one(command[0]), *log, *command[1:], str(program)]
    with subprocess.Popen(whole, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        try:
            yield from running.stderr
        finally:
            running.kill()


def addresses(lines: Iterable[bytes]) -> Iterator[int]:
    """The address of each instruction of a log: "Trace 0: host [base/address/…"."""
    for line in lines:
        if line.startswith(b"Trace "):
            yield int(line.split(b"/", 2)[1], 16)


def counted(
    command: Sequence[str], program: Path, spans: Sequence[Span], most: int = INSTRUCTIONS
) -> Counted:
    """What calls of the function of the first span take, itself and all that it calls."""
    calls, total = list[int](), 0
    with closing(logged(command, program, spans, "exec,nochain")) as lines:
        for address in addresses(lines):
            if address == spans[0].address:
                if total >= most:
                    break
                calls.append(0)
            calls[-1] += 1
            total += 1
    assert calls, "no call was seen"
    return Counted(len(calls), sum(calls) / len(calls), max(calls))


def _one_by_one(emulator: str) -> list[str]:
    """The option by which each instruction is translated alone, so that its log has all of them.
    QEMU 8.1 has renamed it."""
    helped = subprocess.run([emulator, "-help"], capture_output=True, text=True, check=False)
    if "one-insn-per-tb" not in helped.stdout:
        return ["-singlestep"]
    is_system = "-system-" in emulator
    return ["-accel", "tcg,one-insn-per-tb=on"] if is_system else ["-one-insn-per-tb"]
