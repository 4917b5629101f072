"""What is asked of the integers of a network, by its program, its chip and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..chips.table import CHIPS
from ..diagnostics import Span
from ..integers.precision import Deployment, Precision
from .entries import DEPLOY_ENTRIES, Choice, problem

_NONE: Mapping[str, Any] = MappingProxyType({})
DEFAULT, TARGET, PROGRAM, OPTION = "default", "target", "program", "option"


@dataclass(frozen=True, slots=True)
class DeploySpec:
    """A `deploy` block: what it `said`, by rows of `entries.DEPLOY_ENTRIES`, and the `bits` that it
    said of single projections. `places` are those of its entries, projections by their names."""

    said: Mapping[str, Choice] = field(default_factory=lambda: _NONE)
    bits: Mapping[str, int] = field(default_factory=lambda: _NONE)
    places: Mapping[str, Span] = field(default_factory=lambda: _NONE, compare=False, repr=False)

    def problem(self, projections: frozenset[str]) -> str:
        """Why no program of a network with these projections can have the block; "" if one can."""
        unknown = [*self.said.keys() - DEPLOY_ENTRIES.keys(), *self.bits.keys() - projections]
        if unknown:
            return f"there is no `{min(unknown)}` to deploy"
        found = [problem(name, value) for name, value in self.said.items()]
        found += [problem("bits", value) for value in self.bits.values()]
        return next(filter(None, found), "")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value, None for nothing, and where it is from: DEFAULT, TARGET, PROGRAM or OPTION."""

    value: Choice | None
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A value for every entry, and the `bits` of single projections. `places` are those of what
    the program says."""

    values: Mapping[str, Chosen]
    bits: Mapping[str, Chosen]
    places: Mapping[str, Span] = field(compare=False, repr=False)

    @property
    def chip(self) -> str | None:
        """The name of the chip, if one is named."""
        return _text(self.values["target"].value)

    @property
    def deployment(self) -> Deployment:
        """What `runtime.quantization.quantized` takes."""
        plain: dict[str, Any] = {name: chosen.value for name, chosen in self.values.items()}
        guard, method = plain.pop("guard"), plain.pop("method")
        del plain["target"]
        bits: dict[str, Any] = {name: chosen.value for name, chosen in self.bits.items()}
        return Deployment(Precision(**plain, by_projection=MappingProxyType(bits)), guard, method)

    def document(self) -> dict[str, Any]:
        """Every value and where it is from, for JSON."""
        named = {n: {"value": c.value, "from": c.origin} for n, c in self.values.items()}
        by_projection = {n: {"value": c.value, "from": c.origin} for n, c in self.bits.items()}
        return {**named, "bits_of": by_projection}


def _text(value: Choice | None) -> str | None:
    assert value is None or isinstance(value, str)
    return value


def chosen(
    block: DeploySpec | None,
    options: Mapping[str, Choice] = _NONE,
    bits: Mapping[str, int] = _NONE,
) -> Asked:
    """What holds: an option, else the line of the block, else what the chip has, else the default.
    Bits of one projection win over those of all, but for `bits` as an option, which takes back
    those that the program says of projections."""
    block = block or DeploySpec()
    target = options.get("target", block.said.get("target"))
    forms = CHIPS[str(target)].forms if target is not None else {}
    own = {name: form.own for name, form in forms.items()}
    values = {
        name: _first(name, (options, OPTION), (block.said, PROGRAM), (own, TARGET))
        for name in DEPLOY_ENTRIES
    }
    said = {} if "bits" in options else {n: Chosen(b, PROGRAM) for n, b in block.bits.items()}
    return Asked(values, said | {n: Chosen(b, OPTION) for n, b in bits.items()}, block.places)


def _first(name: str, *layers: tuple[Mapping[str, Choice | None], str]) -> Chosen:
    found = (Chosen(layer[name], origin) for layer, origin in layers if name in layer)
    return next(found, Chosen(DEPLOY_ENTRIES[name].default, DEFAULT))
