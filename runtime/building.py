"""What `snncc export --build` does: the program that comes with a form is made, and run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..backends.exports.objects.elf import read_elf
from ..backends.exports.objects.triples import TRIPLES, host
from ..ir.diagnostics import CompileError, Diagnostic
from .emulation import Span, counted

GCC = ("gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror")
LINKER = "ld.lld"
PACKAGES = {
    "gcc": "gcc", LINKER: "lld", "qemu-system-arm": "qemu-system-arm", "qemu-riscv32": "qemu-user",
    "qemu-x86_64": "qemu-user",
}  # fmt: skip
DIFFERS = {1: "a spike differs", 2: "a state differs"}  # by the status of test_net.o
EQUAL = "every spike and every state is equal"


@dataclass(frozen=True, slots=True)
class Built:
    """What the test said, and what was found by running it."""

    said: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def _c(folder: Path, facts: Mapping[str, Any]) -> Built:
    """net.c and test_net.c, by gcc."""
    _require("gcc")
    program = folder / "test_net"
    _done([*GCC, *(str(folder / name) for name in ("net.c", "test_net.c")), "-o", str(program)])
    return Built(_done([str(program.absolute())]))


def _object(folder: Path, facts: Mapping[str, Any]) -> Built:
    """net.o and test_net.o, by lld; run under QEMU if this is not their machine."""
    triple = facts["triple"]
    command = TRIPLES[triple].board.command
    if triple != host():
        _require(command[0])
    program = linked(folder, triple)
    status = status_of(program, triple)
    if status:
        message = DIFFERS.get(status, f"it ended with status {status}")
        raise CompileError(Diagnostic("E073", f"`{program}` ran the test: {message}"))
    if shutil.which(command[0]) is None:
        return Built(EQUAL)
    found = counted(command, program, stepping(folder))
    numbers = {"instructions_a_step": round(found.mean, 1), "instructions_at_most": found.most}
    return Built(EQUAL, {**numbers, "steps_counted": found.calls})


def linked(folder: Path, triple: str) -> Path:
    """The program of net.o and test_net.o."""
    _require(LINKER)
    program = folder / "test_net"
    parts = [str(folder / name) for name in ("net.o", "test_net.o")]
    script = ["-T", str(folder / "test_net.ld")] if TRIPLES[triple].board.memory else []
    _done([LINKER, *parts, *script, "-o", str(program)])
    return program.absolute()


def status_of(program: Path, triple: str) -> int:
    """With what it ends, here or under QEMU."""
    command = () if triple == host() else TRIPLES[triple].board.command
    return subprocess.run([*command, program], stdin=subprocess.DEVNULL, check=False).returncode


def stepping(folder: Path) -> list[Span]:
    """The functions of a step in the program, `net_step` first."""
    own = {s.name for s in read_elf((folder / "net.o").read_bytes()).functions} - {"net_reset"}
    placed = read_elf((folder / "test_net").read_bytes()).functions
    spans = {s.name: Span(s.code, s.size) for s in placed if s.name in own}
    return [spans.pop("net_step"), *spans.values()]


def _require(tool: str) -> None:
    if shutil.which(tool) is None:
        message = f"{tool} is not installed, so that the test cannot be made and run here"
        way_out = f"apt install {PACKAGES[tool]}, or leave --build away: the files are written"
        raise CompileError(Diagnostic("E070", message, help=way_out))


def _done(command: list[str]) -> str:
    """What a command says; CompileError(E073) where it fails."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        message = (ran.stderr or ran.stdout).strip()[-600:]
        raise CompileError(Diagnostic("E073", f"`{command[0]}` failed: {message}"))
    return ran.stdout.strip()


BUILDS: dict[str, Callable[[Path, Mapping[str, Any]], Built]] = {"c": _c, "object": _object}
