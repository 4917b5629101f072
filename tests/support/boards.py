"""Objects on the boards of their machines, and the stack that they are seen to take there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from integer_cases import DRAWN

from snncc.backends.exports.objects.form import NetworkObject, network_object
from snncc.backends.exports.objects.stack import FRAMES
from snncc.backends.exports.objects.triples import TRIPLES, host
from snncc.backends.protocols import Samples
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.model import Model
from snncc.runtime.building import LINKER, PACKAGES, linked, status_of, stepping
from snncc.runtime.emulation import addresses, logged

# The stack's register in QEMU's log, by what begins a triple.
_STACK = {
    name: re.compile(word + rb"([0-9a-f]+)")
    for name, word in (("thumb", rb"R13="), ("riscv32", rb"x2/sp +"), ("x86_64", rb"RSP="))
}


def need_board(triple: str, emulated: bool = False) -> None:
    """Skips a test where what runs objects of a machine is not installed."""
    command = TRIPLES[triple].board.command[0]
    tools = [LINKER, *([command] if emulated or triple != host() else [])]
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool}: apt install {PACKAGES[tool]}")


def written(
    model: Model, samples: Samples, folder: Path, triple: str, level: int = 2
) -> NetworkObject:
    """The files of a network, its golden vectors with it."""
    trace = ReferenceSimulator(model, np.float64).trace(samples, True)
    made = network_object(model, "digest", trace, triple, level)
    for name, content in made.files.items():
        (folder / name).write_bytes(content)
    return made


def check_drawn(seed: int, sums: str, drawn: str, folder: Path, triple: str, level: int) -> None:
    """A drawn network does on its board what the reference does, and needs no other file."""
    draw, samples = DRAWN[drawn]
    made = written(draw(seed, sums), samples(seed), folder, triple, level)
    assert made.facts["wanted_symbols"] == [], seed
    assert status_of(linked(folder, triple), triple) == 0, (seed, sums, drawn, triple, level)


def stack_taken(folder: Path, triple: str) -> int:
    """The bytes below its caller's frame that `net_step` is seen to take."""
    program, spans = linked(folder, triple), stepping(folder)
    command = TRIPLES[triple].board.command
    lines = list(logged(command, program, spans, "exec,cpu,nochain"))
    entered = next(addresses(lines))
    assert entered == spans[0].address
    register = next(found for name, found in _STACK.items() if triple.startswith(name))
    tops = [int(found[1], 16) for line in lines if (found := register.search(line))]
    return tops[0] + FRAMES[triple.partition("-")[0]].address - min(tops)
