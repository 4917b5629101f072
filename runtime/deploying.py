"""What the integers of a model are to be: by its program, its chip and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from ..ir.chips.limits import misfits, misfits_of_weights
from ..ir.chips.table import CHIPS
from ..ir.deploy.choices import Asked, DeploySpec, chosen
from ..ir.deploy.entries import Choice
from ..ir.deploy.forms import contradictions
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.integers.precision import Deployment
from ..ir.integers.ranges import UNSEEN, Ranges
from ..ir.model import Model
from ..ir.ranges import Range
from ..ir.report import nearest
from .quantization import MOST_GUARD, Quantized, quantized

_NONE: Mapping[str, int] = MappingProxyType({})


class Deployed(Protocol):
    """A package or a program."""

    @property
    def deploy(self) -> DeploySpec | None:
        """The `deploy` block of its network, if there is one."""


def deployment_of(
    made: Deployed, options: Mapping[str, Choice] = _NONE, bits: Mapping[str, int] = _NONE
) -> Deployment | None:
    """What a program or a package asks of its integers, but for what the `options` say, and `bits`
    of single projections; None where nobody asks anything. CompileError(E086) for what its chip
    does not have."""
    if made.deploy is None and not options and not bits:
        return None
    return asked_of(made, options, bits).deployment


def asked_of(
    made: Deployed, options: Mapping[str, Choice] = _NONE, bits: Mapping[str, int] = _NONE
) -> Asked:
    """The same with where every value is from, the defaults among them."""
    asked = chosen(made.deploy, options, bits)
    found = contradictions(asked)
    if found:
        raise CompileError(found)
    return asked


def named_chip(name: str, further: Iterable[str] = ()) -> str:
    """The name, if there is such a chip, or it is one of the `further` that may be named instead;
    CompileError(E070) if not."""
    known = dict.fromkeys((*CHIPS, *further))
    if name not in known:
        way_out = nearest(name, known) or f"known are {', '.join(known)}"
        raise CompileError(Diagnostic("E070", f"there is no chip `{name}`", help=way_out))
    return name


def unfit(model: Model, asked: Asked) -> tuple[Diagnostic, ...]:
    """What of a model after its passes does not fit the chip, if one is named."""
    if asked.chip is None or model.graph.semantics.integers:
        return ()
    return misfits(model, asked.chip, asked.deployment.precision)


def require_fit(model: Model, asked: Asked) -> None:
    """CompileError(E085) with all of a model of floats that does not fit its chip."""
    found = unfit(model, asked)
    if found:
        raise CompileError(found)


def quantized_as(model: Model, asked: Asked, ranges: Ranges = UNSEEN) -> Quantized:
    """The model in the integers that are asked for; guard bits that nobody says are no more than
    the chip has. CompileError as `quantized`; (E085) of weights that do not fit the chip, (E086) of
    so few guard bits that it has none."""
    deployment, most = asked.deployment, _most_guard(asked)
    made = quantized(model, deployment, ranges)
    if deployment.guard is None and made.precision.guard > most:
        made = quantized(model, replace(deployment, guard=most), ranges)
    found = list(_guard(made.precision.guard, asked))
    found += [] if asked.chip is None else misfits_of_weights(made.integers, asked.chip)
    if found:
        raise CompileError(found)
    return made


def _most_guard(asked: Asked) -> int:
    form = None if asked.chip is None else CHIPS[asked.chip].forms["guard"].also
    return int(form.high) if isinstance(form, Range) else MOST_GUARD


def _guard(guard: int, asked: Asked) -> Iterator[Diagnostic]:
    form = None if asked.chip is None else CHIPS[asked.chip].forms["guard"]
    if form is not None and guard not in form:
        message = f"these integers need {guard} guard bits, and `{asked.chip}` has {form}"
        way_out = "take fewer bits a weight, or a lower threshold"
        yield Diagnostic("E086", message, asked.places.get("target"), help=way_out)
