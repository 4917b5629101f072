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
from .emulation import Span, addresses, counted

GCC = ("gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror")
LINKER = "ld.lld"
PACKAGES = {
    "gcc": "gcc", LINKER: "lld", "qemu-system-arm": "qemu-system-arm", "qemu-riscv32": "qemu-user",
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
    board, is_here = TRIPLES[triple].board, triple == host()
    _require(LINKER)
    program = folder / "test_net"
    parts = [str(folder / name) for name in ("net.o", "test_net.o")]
    script = ["-T", str(folder / "test_net.ld")] if board.memory else []
    _done([LINKER, *parts, *script, "-o", str(program)])
    command = [str(program.absolute())]
    if not is_here:
        _require(board.command[0])
        command = [*board.command, *command]
    status = subprocess.run(command, capture_output=True, text=True, check=False).returncode
    if status:
        message = DIFFERS.get(status, f"it ended with status {status}")
        raise CompileError(Diagnostic("E073", f"`{command[0]}` ran the test: {message}"))
    if is_here and shutil.which(board.command[0]) is None:
        return Built(EQUAL)
    return Built(EQUAL, _instructions(board.command, folder))


def _instructions(command: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """The instructions of a call of net_step, over all of the test."""
    own = {s.name for s in read_elf((folder / "net.o").read_bytes()).functions}
    own -= {"net_reset"}
    placed = read_elf((folder / "test_net").read_bytes())
    spans = {s.name: Span(s.code, s.size) for s in placed.functions if s.name in own}
    done = addresses(command, folder / "test_net", spans.values())
    found = counted(done, spans["net_step"].address)
    return {"instructions_a_step": round(found.mean, 1), "instructions_at_most": found.most}


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
