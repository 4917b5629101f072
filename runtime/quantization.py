"""A trained model in integers, and a report of what that changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.trace import Trace
from ..ir.expr import Apply, Const, Ref
from ..ir.graph import Population, Projection
from ..ir.integers.bounds import Bounds, bounds_of
from ..ir.integers.precision import Precision
from ..ir.integers.ranges import UNSEEN, Ranges
from ..ir.integers.weights import units_of_weights
from ..ir.model import Model, sent_unit, unit_name, value_name, weights_name
from ..ir.passes.pipeline import run_model_passes
from ..ir.passes.quantize import Quantize, most_guard
from ..ir.rules import most_sent, sends_numbers
from ..ir.tensors import numbers
from ..ir.types import Fixed
from ..ir.verify.durations import steps_of

Array = npt.NDArray[Any]
MOST_GUARD = 8


@dataclass(frozen=True, slots=True)
class Quantized:
    """A model before and after, what was asked of its integers, and what they can come to."""

    floats: Model
    integers: Model
    precision: Precision
    bounds: Bounds


def quantized(
    model: Model, precision: Precision, guard: int | None, method: str, ranges: Ranges = UNSEEN
) -> Quantized:
    """The model in integers; CompileError where it has none (E080 to E083). Without a `guard` it is
    the most, up to MOST_GUARD, with which no sum can leave its type."""
    floats = run_model_passes(model)
    most = replace(precision, guard=MOST_GUARD if guard is None else guard)
    if guard is None and precision.overflow == "prove":
        found = most_guard(Quantize(most, method, ranges), floats)
        most = replace(most, guard=MOST_GUARD if found is None else found)
    integers = run_model_passes(floats, (Quantize(most, method, ranges),))
    return Quantized(floats, integers, most, bounds_of(integers, steps_of(integers.graph)))


def report(made: Quantized) -> dict[str, Any]:
    """What `quantize --json` says of populations, projections, sums and bytes."""
    graph = made.integers.graph
    populations = [_population(made, p) for p in graph.populations if p.step is not None]
    projections = [_projection(made, p) for p in graph.projections]
    bits = [population["state_bits_used"] for population in populations]
    worst = max(populations, key=lambda p: int(p["state_bits_used"]), default=None)
    return {
        "semantics": graph.semantics.integers,
        "guard": made.precision.guard,
        "inputs": [_input(made, p) for p in graph.populations if sends_numbers(p)],
        "populations": populations,
        "projections": projections,
        "overflow": {
            "bound_bits": max(bits, default=0),
            "worst": None if worst is None else worst["name"],
            "proved": made.precision.overflow == "prove",
        },
        "bytes": {
            "weights": sum(p["bytes"] for p in projections),
            "state": sum(p["neurons"] * p["states"] * 4 for p in populations),
        },
    }


def _input(made: Quantized, population: Population) -> dict[str, Any]:
    most = most_sent(population)
    return {
        "name": population.name,
        "unit": sent_unit(made.integers, population),
        "codes": [-most, most],
    }


def _population(made: Quantized, population: Population) -> dict[str, Any]:
    name = population.name
    states, ports = made.bounds.states[name], made.bounds.ports[name]
    moving = list(_moving(made.integers, population))
    ends = {
        state: (int(states[state].low.min()), int(states[state].high.max())) for state in moving
    }
    return {
        "name": name,
        "neurons": population.neurons,
        "states": len(moving),
        "unit": {s: _ends(_unit(made.integers, name, s)) for s in moving},
        "threshold_codes": _threshold(made.integers, population),
        "state_range": ends,
        "state_bits_used": max((_bits(*e) for e in ends.values()), default=0),
        "sum_bits_used": {port: _bits(*map(int, _outer(i))) for port, i in ports.items()},
    }


def _outer(interval: tuple[Array, Array]) -> tuple[int, int]:
    return interval[0].min(initial=0), interval[1].max(initial=0)


def _moving(model: Model, population: Population) -> Iterator[str]:
    """The states that have units: those that are no constants of a neuron."""
    assert population.step is not None
    for state in population.step.states:
        if value_name(population.name, unit_name(state.name)) in model.values:
            yield state.name


def _unit(model: Model, population: str, name: str) -> Array:
    return model.values[value_name(population, unit_name(name))].array


def _ends(values: Array) -> list[float]:
    return [float(values.min()), float(values.max())]


def _bits(low: int, high: int) -> int:
    """The bits of a two's complement number that holds both."""
    return 1 + max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)


def _projection(made: Quantized, projection: Projection) -> dict[str, Any]:
    name = projection.name
    value = made.integers.values[weights_name(name)]
    assert isinstance(value.dtype, Fixed)
    units = np.broadcast_to(
        _unit(made.integers, projection.post, projection.port),
        (made.integers.wirings[name].post_neurons,),
    )
    unit = units_of_weights(made.integers.wirings[name], units)
    sent = sent_unit(made.integers, made.integers.graph.population(projection.pre))
    weights = sent * numbers(made.floats.values[weights_name(name)]).astype(np.float64)
    errors = abs(value.array * unit - weights)
    clipped = abs(weights) > unit * (value.dtype.high + 0.5)
    return {
        "name": name,
        "bits": value.dtype.bits,
        "unit": _ends(unit / sent) if unit.size else [],
        "zeros": float((value.array == 0).mean()) if value.array.size else 0.0,
        "clipped": int(clipped.sum()),
        "max_error": float(errors.max(initial=0.0) / sent),
        "rms_error": float(np.sqrt((errors * errors).mean()) / sent) if errors.size else 0.0,
        "delay": projection.delay,
        "bytes": value.array.nbytes,
    }


def observed(made: Quantized, trace: Trace) -> list[dict[str, Any]]:
    """What the states of the integers came to: their ends, and how many of them [steps, samples,
    neurons] lay at an end of what `state_bits` hold, clipped or not."""
    limit = (1 << (made.precision.state_bits - 1)) - 1
    found = []
    for population in made.integers.graph.populations:
        for state in () if population.step is None else _moving(made.integers, population):
            codes = trace.states[population.name][state]
            at_limit = (codes >= limit) | (codes <= -limit - 1)
            found.append(
                {
                    "name": f"{population.name}/{state}",
                    "low": int(codes.min()),
                    "high": int(codes.max()),
                    "saturated": int(at_limit.sum()),
                    "of": codes.size,
                }
            )
    return found


def _threshold(model: Model, population: Population) -> list[int]:
    """The least and the greatest code that a neuron's voltage is compared with."""
    assert population.step is not None
    condition = population.step.threshold
    if not isinstance(condition, Apply) or condition.op not in ("gt", "ge"):
        return []
    level = condition.args[1]
    if isinstance(level, Const):
        return [int(level.value)] * 2
    if not isinstance(level, Ref):
        return []
    codes = model.values[value_name(population.name, level.name)].array
    return [int(codes.min()), int(codes.max())]


def earth_movers_distance(one: Array, other: Array) -> float:
    """That of two sets of as many numbers, each of the same weight: the mean distance of those of
    one rank."""
    return float(abs(np.sort(one) - np.sort(other)).mean()) if one.size else 0.0
