"""What the integers of a model are to be: by its program, its chip and the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from ..ir.chips.limits import misfits, misfits_of_weights
from ..ir.chips.table import CHIPS
from ..ir.deploy.choices import Asked, DeploySpec, chosen
from ..ir.deploy.entries import Choice
from ..ir.deploy.forms import contradictions
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.expr import Apply
from ..ir.graph import Population
from ..ir.integers.precision import Deployment
from ..ir.integers.ranges import UNSEEN, Ranges
from ..ir.model import Model
from ..ir.ranges import Range
from ..ir.report import nearest
from .quantization import MOST_GUARD, Quantized, quantized, threshold_codes

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


def named_chip(name: str) -> str:
    """The name, if there is such a chip; CompileError(E070) if not."""
    if name not in CHIPS:
        way_out = nearest(name, CHIPS) or f"known are {', '.join(CHIPS)}"
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
    """The model in the integers that are asked for. Guard bits that nobody says are the most, up to
    those of the chip, with which no sum can leave its type and every threshold lies within its
    state. CompileError as `quantized`; (E085) of weights that do not fit the chip, (E086) of so few
    guard bits that it has none, (E088) of thresholds that no state of so few bits comes to."""
    deployment = asked.deployment
    made = quantized(model, deployment, ranges)
    if deployment.guard is None:
        own, most = made.precision.guard, _most_guard(asked)
        guard = min(most, own - max((_excess(*each) for each in _thresholds(made)), default=0))
        if guard < own:
            made = quantized(model, replace(deployment, guard=guard), ranges)
    found = [*_guard(made.precision.guard, asked), *_out_of_reach(made)]
    found += () if asked.chip is None else misfits_of_weights(made.integers, asked.chip)
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


def _thresholds(made: Quantized) -> Iterator[tuple[int, int, Population]]:
    """The largest code that the states of a population are compared with, and the largest that
    there may be, of each that has one."""
    limit = (1 << (made.precision.state_bits - 1)) - 1
    for population in made.integers.graph.populations:
        condition = None if population.step is None else population.step.threshold
        codes = [] if condition is None else threshold_codes(made.integers, population)
        if codes and isinstance(condition, Apply):
            yield codes[-1], limit - (condition.op == "gt"), population


def _excess(code: int, most: int, _: Population) -> int:
    """How many guard bits fewer bring a threshold within its state."""
    return next(fewer for fewer in range(64) if code >> fewer <= most)


def _out_of_reach(made: Quantized) -> Iterator[Diagnostic]:
    bits = made.precision.state_bits
    for code, most, population in _thresholds(made):
        if code > most:
            message = f"a threshold of `{population.name}` is at {code}"
            yield Diagnostic(
                "E088",
                f"{message}, and states of {bits} bits come to {(1 << (bits - 1)) - 1}",
                population.span,
                help="take fewer bits a weight, or fewer guard bits",
            )
