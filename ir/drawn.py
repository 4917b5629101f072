"""Values of neurons of their own: drawn at random, a function of their index, from a file.

What `Population.drawn` says of parameters and of the first values of states, a row of DRAWS each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .arguments import Argument, Row
from .calls import expression, number, text
from .diagnostics import CompileError, Diagnostic
from .expr import evaluate
from .graph import Call, Graph, Population
from .ranges import ANY, NOT_NEGATIVE
from .streams import stream

Values = npt.NDArray[np.float64]
Known = Mapping[str, Any]  # values by parameter, a number or [N]

INDEX = "i"  # of a neuron in its population, in an expression
FARTHEST = float(np.finfo(np.float32).max)  # the ends of what a value may be
TRIES = 200  # to draw a value within its ends


@dataclass(frozen=True, slots=True)
class Place:
    """What values are drawn for: [neurons] of them, from its own stream, beside those `known`."""

    call: Call
    neurons: int
    generator: np.random.Generator
    known: Known
    tensors: Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Draw(Row):
    """A kind of values. `draw` returns one [] or [neurons]; `typical`, from the call, what is known
    and the tensors, is the one that stands for all where a single one is asked for."""

    draw: Callable[[Place], Values] = field(kw_only=True)
    typical: Callable[[Call, Known, Mapping[str, npt.NDArray[Any]]], float] = field(kw_only=True)


class UnfitError(Exception):
    """Why there are no such values."""


def _uniform(place: Place) -> Values:
    low, high = number(place.call, "low"), number(place.call, "high")
    if not low <= high:
        raise UnfitError(f"`uniform` from {low:g} to {high:g} is empty")
    return low + (high - low) * place.generator.random(place.neurons)


def ends(call: Call) -> tuple[float, float]:
    """Those between which a `normal` lies."""
    given = dict(call.arguments)
    low, high = given.get("low", -FARTHEST), given.get("high", FARTHEST)
    assert isinstance(low, float)
    assert isinstance(high, float)
    return low, high


def _normal(place: Place) -> Values:
    """Drawn again where it is out of its ends."""
    mean, sd = number(place.call, "mean"), number(place.call, "sd")
    low, high = ends(place.call)
    values = mean + sd * place.generator.standard_normal(place.neurons)
    for _ in range(TRIES):
        outside = ~((values >= low) & (values <= high))
        if not outside.any():
            return values
        again = place.generator.standard_normal(int(outside.sum()))
        values[outside] = mean + sd * again
    raise UnfitError(f"hardly any of `normal` with mean {mean:g} and sd {sd:g} is within its ends")


def _middle(call: Call) -> float:
    low, high = ends(call)
    return min(max(number(call, "mean"), low), high)


def _by_index(place: Place) -> Values:
    known = {**place.known, INDEX: np.arange(float(place.neurons))}
    with np.errstate(all="ignore"):
        values = evaluate(expression(place.call, "value"), known, np.float64)
    return np.asarray(values, np.float64)


def _at_zero(call: Call, known: Known, _tensors: object) -> float:
    with np.errstate(all="ignore"):
        return float(evaluate(expression(call, "value"), {**known, INDEX: 0.0}, np.float64))


def _given(place: Place) -> Values:
    values = np.asarray(place.tensors[text(place.call, "tensor")], np.float64)
    if values.size != place.neurons:
        raise UnfitError(f"there are {values.size} values for {place.neurons} neurons")
    return values.reshape(-1)


ROW_OF_FILE = Row(
    "numbers from an .npy, .npz, .safetensors or .csv file, one a neuron, times a unit",
    (
        Argument("path", "text"),
        Argument("key", "text", ""),
        Argument("unit", "quantity", 1.0, range=ANY),
    ),
)
DRAWS: dict[str, Draw] = {
    "uniform": Draw(
        "uniform in [low, high)",
        (Argument("low", "quantity", range=ANY), Argument("high", "quantity", range=ANY)),
        draw=_uniform,
        typical=lambda call, *_: (number(call, "low") + number(call, "high")) / 2,
    ),
    "normal": Draw(
        "normal; with `low` and `high`, drawn again until it is between them",
        (
            Argument("mean", "quantity", range=ANY),
            Argument("sd", "quantity", range=NOT_NEGATIVE),
            Argument("low", "quantity", -FARTHEST, range=ANY, silent=True),
            Argument("high", "quantity", FARTHEST, range=ANY, silent=True),
        ),
        draw=_normal,
        typical=lambda call, *_: _middle(call),
    ),
    "constant": Draw(
        "one value",
        (Argument("value", "quantity", range=ANY),),
        draw=lambda place: np.array(number(place.call, "value")),
        typical=lambda call, *_: number(call, "value"),
    ),
    "expression": Draw(
        "a function of the neuron's index i and of its parameters",
        (Argument("value", "expr"),),
        draw=_by_index,
        typical=_at_zero,
    ),
    "given": Draw(
        "the tensor of that name in Graph.tensors",
        (Argument("tensor", "text"),),
        draw=_given,
        typical=lambda call, _, tensors: float(np.mean(tensors[text(call, "tensor")])),
    ),
}


def drawn_values(
    population: Population, graph: Graph, seed: int
) -> dict[str, npt.NDArray[np.float32]]:
    """The values of a population's parameters and states that are drawn, [] or [neurons]; the same
    for the same seed and names. CompileError(E022, E040, E051) for what cannot be."""
    known: dict[str, Any] = dict(population.parameters)
    found: dict[str, npt.NDArray[np.float32]] = {}
    for name, call in population.drawn:
        generator = stream(seed, "value", f"{population.name}/{name}")
        place = Place(call, population.neurons, generator, known, graph.tensors)
        try:
            drawn = DRAWS[call.kind].draw(place)
        except UnfitError as error:
            code = "E040" if call.kind == "given" else "E022"
            raise _refused(population, name, str(error), code) from None
        with np.errstate(over="ignore"):
            values = drawn.astype(np.float32)
        _require_fit(population, name, values)
        found[name], known[name] = values, values.astype(np.float64)
    return found


def _require_fit(population: Population, name: str, values: npt.NDArray[np.float32]) -> None:
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        raise _refused(population, name, f"that of neuron {wrong[0]} is no finite number", "E022")
    for learnt in population.learnt:
        ends_of = learnt.range
        outside = [float(v) for v in (values.min(), values.max()) if float(v) not in ends_of]
        if learnt.name == name and outside:
            why = f"it learns and is to stay {ends_of}, and a neuron has {outside[0]:g}"
            raise _refused(population, name, why, "E051")


def _refused(population: Population, name: str, why: str, code: str) -> CompileError:
    message = f"`{name}` of `{population.name}` cannot have such values: {why}"
    way_out = "give one finite value for each neuron, within the ranges that it must keep"
    return CompileError(Diagnostic(code, message, population.span, help=way_out))
