"""Damage for files that are read: what an accident does, and what a forger may write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from snncc.backends.artifact.archive import pack
from snncc.backends.artifact.manifest import NAME, Manifest, encode
from snncc.backends.artifact.package import read_package
from snncc.ir.diagnostics import CompileError

ODD_VALUES: tuple[Any, ...] = (
    *(-1, 0, 2**31, 2**53 + 1, 2**63, 2**64, 10**400, 0.5, 1e308, -1e308),
    *(float("nan"), float("inf"), True, None, "", "x", "\0", [], [[]], {}, {"a": 1}),
)
ODD_NUMBERS = (
    "-1",
    "0",
    f"{2**63}",
    f"{2**64}",
    "1" + "0" * 400,
    "1e308",
    "1e-320",
    "1e999",
    "1.5",
)
NUMBER = re.compile(r"(?<![\w.])-?\d+(\.\d+)?(e[-+]?\d+)?")
EXTRA = (b"\0", b"x", b"\n")


def accidents(whole: bytes, chance: Random, count: int) -> Iterator[bytes]:
    """As many files: a bit is changed, a part lacks, is repeated or blank, or more follows."""
    for _ in range(count):
        at, to = sorted(chance.randrange(len(whole)) for _ in range(2))
        flipped = bytes([whole[at] ^ 1 << chance.randrange(8)])
        yield chance.choice(
            (
                *[whole[:at] + flipped + whole[at + 1 :]] * 3,
                whole[:at],
                whole[:at] + whole[to + 1 :],
                whole[:to] + whole[at:],
                whole[:at] + bytes(to + 1 - at) + whole[to + 1 :],
                whole + chance.choice(EXTRA),
            )
        )


def odd_texts(text: str, chance: Random, count: int) -> Iterator[str]:
    """As many texts, each with one number that no writer writes there."""
    places = [found.span() for found in NUMBER.finditer(text)]
    for _ in range(count):
        first, last = chance.choice(places)
        yield text[:first] + chance.choice(ODD_NUMBERS) + text[last:]


def odd_documents(document: Any, chance: Random, count: int) -> Iterator[Any]:
    """As many documents, each with one value that no writer writes there, or without one."""
    places = list(_places(document))
    for _ in range(count):
        yield _put(document, chance.choice(places), chance.choice(ODD_VALUES))


def _places(document: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield here
    entries = document.items() if isinstance(document, dict) else ()
    for key, inner in enumerate(document) if isinstance(document, list) else entries:
        yield from _places(inner, (*here, key))


def _put(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = deepcopy(document)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


def forgeries(path: Path, kind: str, chance: Random, count: int) -> Iterator[bytes]:
    """Nearly as many packages with right checksums, of which the facts or a member are odd."""
    manifest, members = read_package(path, kind)
    made: list[Iterator[tuple[dict[str, Any], dict[str, bytes]]]] = [
        ((facts, members) for facts in odd_documents(manifest.facts, chance, count))
    ]
    made += [
        (
            (manifest.facts, {**members, name: content})
            for content in _odd(name, whole, chance, count)
        )
        for name, whole in members.items()
    ]
    for _ in range(count):
        facts, content = next(chance.choice(made))
        if (
            not isinstance(facts, dict)
            or "Infinity" in json.dumps(facts)
            or "NaN" in json.dumps(facts)
        ):
            continue  # no manifest of ours can say that
        written = Manifest(kind, manifest.compiler, facts, manifest.format)
        yield pack({**content, NAME: encode(written, content)})


def _odd(name: str, whole: bytes, chance: Random, count: int) -> Iterator[bytes]:
    if name.endswith(".json"):
        yield from (json.dumps(d).encode() for d in odd_documents(json.loads(whole), chance, count))
    if name.endswith(".snnir"):
        yield from (text.encode() for text in odd_texts(whole.decode(), chance, count))
    yield from accidents(whole, chance, count)


def outcomes(path: Path, contents: Iterator[bytes], read: Callable[[], Any]) -> dict[str, int]:
    """How many contents of the path were read, and how many refused; any other end is an error."""
    counts = {"read": 0, "refused": 0}
    for content in contents:
        path.write_bytes(content)
        try:
            read()
            counts["read"] += 1
        except CompileError:
            counts["refused"] += 1
    return counts
