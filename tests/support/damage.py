"""Files damaged in many ways, to see that nothing but diagnostics comes of them."""

from __future__ import annotations

import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from snncc.ir.diagnostics import CompileError

SHORT = 60  # damaged copies of a file that every change is tried with
# How many copies a test makes: some with every change; at night every flip and every cut.
AMOUNTS = [SHORT, pytest.param(0, marks=[pytest.mark.slow, pytest.mark.nightly], id="all")]
SPLICES = 2000  # at night


def damaged(content: bytes, most: int) -> Iterator[tuple[str, bytes]]:
    """What was done and what came of it: a bit flipped, an end cut off, a piece left out, doubled
    or made zero; every flip and every cut if `most` is 0, else `most` of all kinds."""
    draw = random.Random(len(content))
    bits, sizes = range(8 * len(content)), range(len(content))
    splices = SPLICES
    if most:
        bits = draw.sample(bits, min(most // 2, len(bits)))
        sizes = draw.sample(sizes, min(most // 4, len(sizes)))
        splices = most // 4
    yield from ((f"bit {bit} flipped", _flipped(content, bit)) for bit in bits)
    yield from ((f"cut after {size} bytes", content[:size]) for size in sizes)
    for _ in range(splices):
        yield _spliced(content, draw)


def _flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _spliced(content: bytes, draw: random.Random) -> tuple[str, bytes]:
    start = draw.randrange(len(content))
    end = min(len(content), start + draw.choice((1, 2, 4, 8, 40)))
    piece = draw.choice((b"", 2 * content[start:end], bytes(end - start), b"\xff" * (end - start)))
    changed = content[:start] + piece + content[end:]
    return f"bytes {start} to {end} replaced by {piece!r}", changed


def outcomes(
    content: bytes, most: int, read: Callable[[bytes], object], codes: set[str]
) -> Counter[str]:
    """How often `read` took a damaged copy ("read") or refused it, by code; fails on anything else:
    another exception, a warning, another code."""
    found = Counter[str]()
    for done, copy in damaged(content, most):
        try:
            found[_outcome(copy, read, codes)] += 1
        except BaseException as error:
            error.add_note(done)
            raise
    return found


def _outcome(copy: bytes, read: Callable[[bytes], object], codes: set[str]) -> str:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = _code(copy, read, codes)
    assert told == [], told[0]
    return found


def _code(copy: bytes, read: Callable[[bytes], object], codes: set[str]) -> str:
    try:
        read(copy)
    except CompileError as error:
        if {d.code for d in error.diagnostics} <= codes:
            return error.diagnostics[0].code
        raise
    return "read"
