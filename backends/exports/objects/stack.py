"""The most bytes of stack that a module takes, by its text for the assembler.

Frames have one size from a function's first instructions on: nothing is allocated by a number that
is known later, and no function calls itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frames:
    """How an assembler's text makes frames: `pushed` names registers of `word` bytes, `moved` the
    bytes by which the stack grows, `called` a function. `address` are the bytes that a call puts
    there by itself."""

    word: int
    pushed: re.Pattern[str]
    moved: re.Pattern[str]
    called: re.Pattern[str]
    address: int = 0


_ARM = Frames(
    4,
    re.compile(r"\tpush(?:\.w)?\t\{(.*)\}"),
    re.compile(r"\tsub(?:\.w)?\tsp, (?:sp, )?#(\d+)"),
    re.compile(r"\tblx?\t(\w+)"),
)
FRAMES: dict[str, Frames] = {
    "x86_64": Frames(
        8,
        re.compile(r"\tpushq\t(%\w+)"),
        re.compile(r"\tsubq\t\$(\d+), %rsp"),
        re.compile(r"\t(?:callq|jmp)\t(\w+)"),
        address=8,
    ),
    "thumbv6m": _ARM,
    "thumbv7em": _ARM,
    "riscv32": Frames(
        4,
        re.compile(r"\tcm\.push\t\{(.*)\}"),
        re.compile(r"\taddi\tsp, sp, -(\d+)"),
        re.compile(r"\t(?:call|tail)\t(\w+)"),
    ),
}
_LABEL = re.compile(r"(\w+):")


def stack_of(text: str, triple: str) -> int:
    """What a call of `net_step` or of `net_reset` takes below its caller's frame."""
    frames = FRAMES[triple.partition("-")[0]]
    sizes, calls = _functions(text, frames)

    def depth(name: str) -> int:
        inside = max((frames.address + depth(called) for called in calls[name]), default=0)
        return sizes[name] + inside

    return frames.address + max(depth("net_step"), depth("net_reset"))


def _functions(text: str, frames: Frames) -> tuple[dict[str, int], dict[str, set[str]]]:
    """Of each function the bytes of its frame, and what it calls."""
    named = set(re.findall(r"\.type\t(\w+),[@%]function", text))
    sizes, calls, name = dict.fromkeys(named, 0), {each: set[str]() for each in named}, ""
    for line in text.splitlines():
        label = _LABEL.match(line)
        if label and label[1] in named:
            name = label[1]
        if pushed := frames.pushed.match(line):
            sizes[name] += frames.word * len(pushed[1].split(","))
        if moved := frames.moved.match(line):
            sizes[name] += int(moved[1])
        if called := frames.called.match(line):
            calls[name] |= {called[1]} & named
    return sizes, calls
