"""manifest.json: what a package is, and the size and checksum of everything in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The newest format of each kind, which is what is written; all before it are read.
FORMATS = {"model": 4, "checkpoint": 2, "layout": 1, "search": 1}
NAME = "manifest.json"
SIZE_LIMIT = 1 << 23

Json = Any


class ManifestError(ValueError):
    """A manifest that does not fit its members, or that we did not write."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`kind` is one of FORMATS, `format` from 1 on; `facts` are the kind's own."""

    kind: str
    compiler: str
    facts: dict[str, Json]
    format: int


def encode(manifest: Manifest, members: Mapping[str, bytes]) -> bytes:
    """The manifest of these members; its own checksum covers all of it."""
    body: dict[str, Json] = {
        "format": manifest.format,
        "kind": manifest.kind,
        "compiler": manifest.compiler,
        "facts": manifest.facts,
        "members": {name: _entry(content) for name, content in sorted(members.items())},
    }
    return _canonical({"checksum": _digest(_canonical(body)), **body})


def decode(text: bytes, members: Mapping[str, bytes]) -> Manifest:
    """The manifest, when it and every member are as they were written; else ManifestError."""
    document = _document(text)
    kind, compiler, facts, number = (document.get(k) for k in _FIELDS)
    if not (isinstance(kind, str) and isinstance(compiler, str) and isinstance(facts, dict)):
        raise ManifestError("its manifest lacks a field")
    newest = FORMATS.get(kind, 0)
    if type(number) is not int or not 1 <= number <= newest:
        known = f"this version of snncc reads 1 to {newest}"
        raise ManifestError(f"its format is {str(number)[:20]}; {known}")
    manifest = Manifest(kind, compiler, facts, number)
    _compare(document.get("members"), members)
    # The canonical form has one spelling, and its checksum is part of it.
    if not _is_canonical(manifest, members, text):
        raise ManifestError("its manifest is damaged")
    return manifest


_FIELDS = ("kind", "compiler", "facts", "format")


def _is_canonical(manifest: Manifest, members: Mapping[str, bytes], text: bytes) -> bool:
    try:
        return encode(manifest, members) == text
    except (ValueError, RecursionError):  # NaN, or nested beyond reason
        return False


def is_genuine(text: bytes) -> bool:
    """Whether `encode` wrote the manifest, of whatever members, in this version or another."""
    try:
        document = _document(text)
        listed(text)
        checksum = document.pop("checksum", None)
        return checksum == _digest(_canonical(document)) and {"kind", "format"} <= document.keys()
    except (ValueError, RecursionError):
        return False


def listed(text: bytes) -> dict[str, int]:
    """The names and sizes that a manifest claims, not yet checked against anything."""
    members = _document(text).get("members")
    if not isinstance(members, dict):
        raise ManifestError("its manifest lists no members")
    sizes: dict[str, int] = {}
    for name, entry in members.items():
        size = entry.get("bytes") if isinstance(entry, dict) else None
        if not isinstance(size, int) or isinstance(size, bool):
            raise ManifestError("its manifest is damaged")
        sizes[name] = size
    return sizes


def _document(text: bytes) -> dict[str, Json]:
    if len(text) > SIZE_LIMIT:
        raise ManifestError("its manifest is too large")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ManifestError("its manifest is not JSON") from error
    if not isinstance(document, dict):
        raise ManifestError("its manifest is not an object")
    return document


def _compare(entries: Json, members: Mapping[str, bytes]) -> None:
    if not isinstance(entries, dict) or set(entries) != set(members):
        raise ManifestError("its members are not those that its manifest lists")
    for name, content in members.items():
        if entries[name] != _entry(content):
            raise ManifestError(f"its member `{name}` has a wrong size or checksum")


def _entry(content: bytes) -> dict[str, Json]:
    return {"bytes": len(content), "sha256": _digest(content)}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _canonical(document: Json) -> bytes:
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False)
    return text.encode("ascii") + b"\n"
