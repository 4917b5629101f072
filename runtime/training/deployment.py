"""The integers that a run learns to be, as run.json remembers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from ...ir.deploy.entries import DEPLOY_ENTRIES, problem
from ...ir.integers.precision import Deployment, Precision

Document = dict[str, Any]
USUAL = Deployment(method="mse")  # of what learns, where nothing is said


def to_document(asked: Deployment) -> Document:
    """The deployment as plain data."""
    precision = {f.name: getattr(asked.precision, f.name) for f in fields(Precision)}
    bits = dict(asked.precision.by_projection)
    return {**precision, "by_projection": bits, "guard": asked.guard, "method": asked.method}


def from_document(document: Mapping[str, Any]) -> Deployment:
    """The deployment that `to_document` wrote, later options at their defaults; ValueError if it
    did not."""
    said = {**to_document(USUAL), **document}
    wrong = sorted(name for name in said if not _fits(name, said[name]))
    if wrong:
        raise ValueError(f"`{wrong[0]}` of a deployment")
    guard, method = said.pop("guard"), said.pop("method")
    bits = MappingProxyType(dict(said.pop("by_projection")))
    return Deployment(Precision(**said, by_projection=bits), guard, method)


def of_bits(bits: int) -> Deployment:
    """What runs were of when they had bits alone."""
    return from_document({"bits": bits})


def but_usual(asked: Deployment) -> list[tuple[str, object]]:
    """What is asked for that is not as usual, but for the bits that a graph tells: a checksum of it
    stays where options come later."""
    usual, said = to_document(USUAL), to_document(asked)
    return sorted(
        (name, said[name]) for name in said if name != "bits" and said[name] != usual[name]
    )


def _of_projections(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and not problem("bits", bits) for name, bits in value.items()
    )


def _fits(name: str, value: Any) -> bool:
    """Whether an entry of that name may have a value."""
    if name == "by_projection":
        return _of_projections(value)
    if name not in DEPLOY_ENTRIES or name == "target":
        return False
    is_nothing = value is None and DEPLOY_ENTRIES[name].default is None
    return is_nothing or not problem(name, value)
