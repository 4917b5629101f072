"""A folder with net.c, compiled here and run: every spike and every state of some samples.

A program reads the inputs, one sample after the other, first the numbers of a sample, then the
spikes of all of its steps, and writes after each step what every population fires and what its
states are, as net.h names them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ...artifact.storage import read_file
from ...played import Inputs, Played, Spikes
from ...trace import Trace

NET_H, NET_C = "net.h", "net.c"
GCC = ("gcc", "-std=c99")
MOST = 1 << 30  # bytes of a text
SAID = 600  # characters of what a compiler says


@dataclass(frozen=True, slots=True)
class Names:
    """What net.h says: members of the struct with their sizes, by population of its spikes, and by
    population and state; and how a step is called."""

    inputs: Mapping[str, int]
    numbers: Mapping[str, int]
    spikes: Mapping[str, tuple[str, int]]
    states: Mapping[tuple[str, str], tuple[str, int]]
    dt: float
    digest: str
    call: str


def played_c(folder: Path, options: tuple[str, ...] = ("-O2",)) -> Played:
    """The network of a folder that `snncc export --target c` wrote, compiled with these options.
    CompileError: E060 for no such header, E063 for no such file, E070 without gcc, E073 where it
    compiles nothing."""
    names = names_of(folder)
    program = _compiled(folder, names, options)
    told = {p: size for p, (_, size) in names.spikes.items() if p not in names.inputs}

    def play(given: Inputs) -> Trace:
        made = _trace(names, given.spikes, _run(folder, program, names, given))
        shape = given.spikes.shape[:2]
        silent = {n: np.zeros((*shape, k), np.bool_) for n, k in names.numbers.items()}
        return Trace({**silent, **made.spikes}, made.states)

    return Played(names.inputs, names.numbers, told, names.dt, names.digest, play)


_MEMBER = re.compile(r"^ *\w+ (\w+)\[(\d+)\]; /\* (.*) \*/$", re.MULTILINE)
_HEAD = re.compile(r"a step is (\S+) ms\.\s+Integer semantics \d+, graph (\S+?)\. Made by snncc")
_INPUTS = re.compile(r"^#define NET_INPUTS \d+ /\* (.*) \*/$", re.MULTILINE)
_STEP = re.compile(r"^void net_step\((.*)\);$", re.MULTILINE)
# What is given for its arguments.
GIVEN = {
    **{"s": "&s", "spikes_in": "in", "numbers_in": "numbers"},
    **{"spikes_out": "out", "scores_out": "scores"},
}
_SPIKES, _STATE = re.compile(r"what (\S+) fires, 0 or 1"), re.compile(r"(\S+) of (\S+), .*")
_NUMBERS = re.compile(r"what (\S+) sends")


def names_of(folder: Path) -> Names:
    """What the header of a folder says; CompileError(E060) if it is not one of ours."""
    text = read_file(folder / NET_H, MOST).decode(errors="replace")
    head, inputs = _HEAD.search(text), _INPUTS.search(text)
    members = [(m[1], int(m[2]), m[3]) for m in _MEMBER.finditer(text)]
    spikes = {m[1]: (n, size) for n, size, about in members if (m := _SPIKES.fullmatch(about))}
    numbers = {m[1]: size for _, size, about in members if (m := _NUMBERS.fullmatch(about))}
    states = {
        (m[2], m[1]): (n, size) for n, size, about in members if (m := _STATE.fullmatch(about))
    }
    given = [] if inputs is None else [name for name in inputs[1].split(", ") if name]
    if head is None or not spikes or not set(given) <= set(spikes):
        message = f"`{folder / NET_H}` is no header that snncc export --target c writes"
        raise CompileError(Diagnostic("E060", message, help="export the network again"))
    known = {key: member for key, member in states.items() if key[0] in spikes}
    inputs_of = {n: spikes[n][1] for n in given}
    call = _call(folder, text)
    return Names(inputs_of, numbers, spikes, known, float(head[1]), head[2], call)


def _call(folder: Path, text: str) -> str:
    """The call of `net_step`; CompileError(E065) for one that takes what is not known here."""
    found = _STEP.search(text)
    names = [] if found is None else [each.split()[-1].lstrip("*") for each in found[1].split(",")]
    lacking = [name for name in names if name not in GIVEN]
    if found is None or lacking:
        message = f"`net_step` of `{folder / NET_H}` takes what is not known here: "
        message += ", ".join(lacking)
        raise CompileError(Diagnostic("E065", message, help="compare the network by a spike log"))
    return f"net_step({', '.join(GIVEN[name] for name in names)});"


def _compiled(folder: Path, names: Names, options: tuple[str, ...]) -> bytes:
    """The program."""
    if shutil.which(GCC[0]) is None:
        message = f"gcc is not installed, so that `{folder / NET_C}` cannot be compiled here"
        raise CompileError(Diagnostic("E070", message, help="apt install gcc"))
    read_file(folder / NET_C, MOST)
    with TemporaryDirectory() as made:
        driver, program = Path(made) / "driver.c", Path(made) / "driver"
        driver.write_text(_driver(names))
        files = [str(folder / NET_C), str(driver), "-I", str(folder), "-o", str(program)]
        ran = subprocess.run([*GCC, *options, *files], capture_output=True, text=True, check=False)
        if ran.returncode:
            message = f"gcc does not compile `{folder / NET_C}`: {_told(ran.stderr)}"
            raise CompileError(Diagnostic("E073", message))
        return program.read_bytes()


def _told(errors: str) -> str:
    """The first error that gcc tells."""
    lines = errors.splitlines()
    return next((line for line in lines if "error" in line), " ".join(lines))[:SAID]


_DRIVER = """\
#include <stdio.h>
#include "net.h"
static net_state s;
static void put8(const uint8_t *x, long n) {
    fwrite(x, 1, (size_t)n, stdout);
}
static void put32(int32_t x) {
    fwrite(&x, sizeof x, 1, stdout);
}
int main(void) {
    static uint8_t in[NET_INPUTS + 1], out[NET_OUTPUTS + 1];
    static int32_t scores[NET_OUTPUTS + 1];
    static int16_t numbers[NET_NUMBERS + 1];
    int32_t size[2], b, t;
    (void)scores;
    if (fread(size, sizeof *size, 2, stdin) != 2) return 2;
    for (b = 0; b < size[0]; b++) {
        net_reset(&s);
        if (fread(numbers, sizeof *numbers, NET_NUMBERS, stdin) != NET_NUMBERS) return 2;
        for (t = 0; t < size[1]; t++) {
            if (fread(in, 1, NET_INPUTS, stdin) != NET_INPUTS) return 2;
SHOWN
        }
    }
    return fflush(stdout) ? 3 : 0;
}
"""


def _driver(names: Names) -> str:
    lines = [names.call]
    lines += [f"put8(s.{member}, {size});" for member, size in names.spikes.values()]
    lines += [
        f"for (long n = 0; n < {size}; n++) put32((int32_t)s.{member}[n]);"
        for member, size in names.states.values()
    ]
    return _DRIVER.replace("SHOWN", "\n".join(f"            {line}" for line in lines))


def _run(folder: Path, program: bytes, names: Names, inputs: Inputs) -> bytes:
    steps, samples, _ = inputs.spikes.shape
    numbers, spikes = inputs.numbers.astype(np.int16), inputs.spikes.transpose(1, 0, 2)
    each = (n.tobytes() + s.tobytes() for n, s in zip(numbers, spikes, strict=True))
    given = np.array([samples, steps], np.int32).tobytes() + b"".join(each)
    with TemporaryDirectory() as made:
        path = Path(made) / "driver"
        path.write_bytes(program)
        path.chmod(0o700)
        ran = subprocess.run([str(path)], input=given, capture_output=True, check=False)
    wanted = samples * steps * sum(size for _, size in _layout(names))
    if ran.returncode or len(ran.stdout) != wanted:
        message = f"the program of `{folder}` ended with status {ran.returncode}"
        raise CompileError(Diagnostic("E073", message, help="its `net_step` failed on the way"))
    return ran.stdout


def _layout(names: Names) -> list[tuple[str | tuple[str, str], int]]:
    """What is written after a step: of whom, and its bytes."""
    spikes = [(name, size) for name, (_, size) in names.spikes.items()]
    states = [(key, 4 * size) for key, (_, size) in names.states.items()]
    return [*spikes, *states]


def _trace(names: Names, spikes: Spikes, content: bytes) -> Trace:
    steps, samples, _ = spikes.shape
    parts = _layout(names)
    bounds = np.cumsum([0, *(size for _, size in parts)]).tolist()
    rows = np.frombuffer(content, np.uint8).reshape(samples, steps, bounds[-1])
    fired: dict[str, npt.NDArray[Any]] = {}
    states: dict[str, dict[str, npt.NDArray[Any]]] = {name: {} for name in names.spikes}
    for (key, _), (first, last) in zip(parts, pairwise(bounds), strict=True):
        own = np.ascontiguousarray(rows[:, :, first:last].transpose(1, 0, 2))
        if isinstance(key, str):
            fired[key] = own if own.max(initial=0) > 1 else own.astype(np.bool_)
        else:
            states[key[0]][key[1]] = own.view(np.int32)
    return Trace(fired, {name: held for name, held in states.items() if held})
