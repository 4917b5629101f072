"""A trained model in integers, and a report of what that changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.artifact.model import graph_digest
from ..backends.trace import Trace
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.expr import Apply, Const, Ref, walk
from ..ir.graph import Population, Projection
from ..ir.integers.bounds import Bounds, bounds_of
from ..ir.integers.decays import dead_zone, decays_of
from ..ir.integers.grid import NO_TYPES, Typed, types_of
from ..ir.integers.precision import OF_EXPONENTS, Deployment, Precision
from ..ir.integers.ranges import UNSEEN, Ranges
from ..ir.integers.scales import NO_SCALES, Scales
from ..ir.integers.terms import known_of
from ..ir.integers.weights import units_of_weights
from ..ir.model import Model, sent_unit, start_of, unit_name, value_name, weights_name
from ..ir.neuron import Assign
from ..ir.passes.derived import derived
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
    """A model before and after, what was asked of its integers, and what they can come to; how its
    units move where they learn, and the types of its axons where weights have such."""

    floats: Model
    integers: Model
    precision: Precision
    bounds: Bounds
    scales: Scales = field(default_factory=lambda: NO_SCALES)
    types: Typed = field(default_factory=lambda: NO_TYPES)


def quantized(
    model: Model,
    asked: Deployment,
    ranges: Ranges = UNSEEN,
    is_learning: bool = False,
    has_scales: bool = False,
) -> Quantized:
    """The model in integers; CompileError where it has none (E080 to E084), and for a threshold
    that its states do not come to (E088). Without a guard it is the most, up to MOST_GUARD, with
    which no sum can leave its type and every threshold lies within its state; of a model that
    `is_learning`, whatever its weights become, and of one that `has_scales` to learn, whatever its
    units do."""
    floats, guard = run_model_passes(model), asked.guard
    how = asked.method, ranges, is_learning, has_scales, followed(model) if is_learning else {}
    most = replace(asked.precision, guard=MOST_GUARD if guard is None else guard)
    if guard is None and most.overflow == "prove":
        found = most_guard(Quantize(most, *how), floats)
        most = replace(most, guard=MOST_GUARD if found is None else found)
    made = _made(floats, Quantize(most, *how))
    fewer = max((_excess(*each) for each in _thresholds(made)), default=0)
    if guard is None and fewer:
        made = _made(floats, Quantize(replace(most, guard=most.guard - fewer), *how))
    unreached = list(_out_of_reach(made))
    if unreached:
        raise CompileError(unreached)
    return made


def _made(floats: Model, quantize: Quantize) -> Quantized:
    integers = run_model_passes(floats, (quantize,))
    bounds = bounds_of(integers, steps_of(integers.graph))
    has_scales = quantize.has_scales or quantize.numbers
    scales = quantize.formed(floats)[1] if has_scales else NO_SCALES
    types = types_of(integers, floats, quantize.precision.axon_types)
    return Quantized(floats, integers, quantize.precision, bounds, scales, types)


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


def followed(model: Model) -> dict[str, tuple[str, ...]]:
    """By population the names of what follows its parameters that learn."""
    graph = model.graph
    return {p.name: tuple(derived(p, graph.dt).numbers) for p in graph.populations if p.learnt}


def report(made: Quantized) -> dict[str, Any]:
    """What `quantize --json` says of populations, projections, sums and bytes."""
    graph = made.integers.graph
    populations = [_population(made, p) for p in graph.populations if p.step is not None]
    projections = [_projection(made, p) for p in graph.projections]
    bits = [population["state_bits_used"] for population in populations]
    return {
        "semantics": graph.semantics.integers,
        "model_digest": graph_digest(graph),
        "guard": made.precision.guard,
        "inputs": [_input(made, p) for p in graph.populations if sends_numbers(p)],
        "populations": populations,
        "projections": projections,
        "overflow": {
            "bound_bits": max(bits, default=0),
            "worst": _worst(made),
            "proved": made.precision.overflow == "prove",
        },
        "bytes": {
            "weights": sum(p["bytes"] for p in projections),
            "state": sum(p["neurons"] * p["states"] * 4 for p in populations),
        },
    }


def _worst(made: Quantized) -> dict[str, Any] | None:
    """The neuron whose state may come to the most."""
    found = [
        (int(sizes.max()), name, int(sizes.argmax()))
        for name, states in made.bounds.states.items()
        for low, high in states.values()
        if (sizes := np.maximum(high, -low - 1)).size
    ]
    if not found:
        return None
    _, population, neuron = max(found, key=lambda each: each[0])
    return {"population": population, "neuron": neuron}


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
        "threshold_codes": threshold_codes(made.integers, population),
        "dead_zone": _dead_zones(made, population, moving),
        "decay": dict(_decays(made, population)),
        "state_range": ends,
        "state_bits_used": max((_bits(*e) for e in ends.values()), default=0),
        "sum_bits_used": {port: _bits(*map(int, _outer(i))) for port, i in ports.items()},
    }


def _dead_zones(made: Quantized, population: Population, states: list[str]) -> dict[str, list[int]]:
    """The codes that a decay leaves as they are, from the least to the greatest."""
    step, model = population.step, made.integers
    assert step is not None
    starts = {s.name: start_of(model, population, s, {}, np.float64) for s in step.states}
    decays = _late_or_not(made, population)
    decaying = {a.target for a in decays}
    found = {name: dead_zone(decays, name, step.still, starts) for name in states}
    return {name: list(ends) for name, ends in found.items() if name in decaying}


def _late_or_not(made: Quantized, population: Population) -> tuple[Assign, ...]:
    """The decays of a population, wherever they are done."""
    before = made.floats.graph.population(population.name).step
    assert before is not None
    assert population.step is not None
    return decays_of(before, population.step, made.precision.leak)


def _decays(made: Quantized, population: Population) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a step keeps of each state that decays by a factor, and its time constant [ms]."""
    before = made.floats.graph.population(population.name)
    assert before.step is not None
    known = known_of(made.floats, before, before.step)
    wanted = {a.target: known.terms(a.value) for a in before.step.decay}
    for assign in _late_or_not(made, population):
        terms = wanted.get(assign.target)
        factor = decay_factor(made.integers, population, assign)
        if factor is None or terms is None or assign.target not in terms.factors:
            continue
        codes, bits = factor
        kept = np.atleast_1d(terms.factors[assign.target])
        yield (
            assign.target,
            {
                "m": [int(codes.min()), int(codes.max())],
                "bits": bits,
                "tau_wanted": _taus(kept, made.floats.graph.dt, population.method),
                "tau_got": _taus(codes / 2.0**bits, made.floats.graph.dt, population.method),
            },
        )


def decay_factor(model: Model, population: Population, assign: Assign) -> tuple[Array, int] | None:
    """The codes of the factor of a state, and its fraction bits."""
    for node in walk(assign.value):
        if (
            isinstance(node, Apply)
            and node.op == "mulwide"
            and node.args[0] == Ref(assign.target, node.args[0].dtype)
        ):
            factor = node.args[1]
            assert isinstance(factor.dtype, Fixed)
            if isinstance(factor, Const):
                return np.array([factor.value]), factor.dtype.frac
            if isinstance(factor, Ref):
                name = value_name(population.name, factor.name)
                return model.values[name].array, factor.dtype.frac
    return None


def _taus(kept: Array, dt: float, method: str) -> list[float | None]:
    """The time constants of what a step keeps, by the discretization; None of what is not lost."""
    lost = 1.0 - kept if method == "euler" else -np.log(np.maximum(kept, 1e-300))
    ends = [float(lost.max()), float(lost.min())]
    return [dt / end if end > 0.0 else None for end in ends]


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
        "delay_wanted": projection.delay - made.precision.extra_delay,
        "bytes": -(-value.array.size * value.dtype.bits // 8),
        **_of_chips(made, projection),
    }


def _of_chips(made: Quantized, projection: Projection) -> dict[str, Any]:
    """What a chip is told of weights that share more than a unit: the exponent of a projection,
    where that of the largest unit at its port is 0, and the type of each axon."""
    asked, found = made.precision, dict[str, Any]()
    if asked.scale in OF_EXPONENTS:
        port = projection.port.partition(".")[0]
        units = {
            p.name: float(_unit(made.integers, p.post, p.port).max())
            for p in made.integers.graph.projections
            if p.post == projection.post and p.port.partition(".")[0] == port
        }
        found["exponent"] = int(np.rint(np.log2(units[projection.name] / max(units.values()))))
    if asked.axon_types:
        found["axon_types"] = made.types[projection.name].kinds.tolist()
    return found


def observed(made: Quantized, trace: Trace) -> list[dict[str, Any]]:
    """What the states of the integers came to: their ends, and how many of them [steps, samples,
    neurons] lay at an end of what `state_bits` hold, clipped or not."""
    limit = (1 << (made.precision.state_bits - 1)) - 1
    lowest = -limit if made.precision.wide.is_even else -limit - 1
    found = []
    for population in made.integers.graph.populations:
        for state in () if population.step is None else _moving(made.integers, population):
            codes = trace.states[population.name][state]
            at_limit = (codes >= limit) | (codes <= lowest)
            found.append(
                {
                    "name": f"{population.name}/{state}",
                    "low": int(codes.min()),
                    "high": int(codes.max()),
                    "p99_9": int(np.percentile(abs(codes), 99.9, method="higher")),
                    "saturated": int(at_limit.sum()),
                    "of": codes.size,
                }
            )
    return found


def threshold_codes(model: Model, population: Population) -> list[int]:
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
