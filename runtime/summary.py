"""What a network is, in numbers and words: the facts that other tools leave unsaid."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ..ir.analysis.refractory import refractory_steps
from ..ir.analysis.reset import resets
from ..ir.expr import Apply, Const, Expr, Ref
from ..ir.graph import THRESHOLDS, Call, Learnt, Population, Projection
from ..ir.model import Model, first_values, value_name, weights_name
from ..ir.neuron import REFRACTORY, NeuronModel, NeuronStep, margin
from ..ir.passes.settle import Settle
from ..ir.rules import emitters, sends_numbers
from ..ir.tensors import numbers
from ..ir.text import print_expr
from ..ir.text.spelling import INFIX
from ..ir.types import Fixed
from ..ir.wiring import Wiring, delays_of
from .quantization import decay_factor, threshold_codes

# Tighter than any infix operator binds.
TIGHTEST = 9


@dataclass(frozen=True, slots=True)
class Summary:
    """Plain data, ready for tables and for JSON."""

    network: dict[str, Any]
    populations: tuple[dict[str, Any], ...]
    projections: tuple[dict[str, Any], ...]


def summarize(model: Model) -> Summary:
    """The summary of a model whose graph is after all passes."""
    own = {p.name for p in model.graph.populations if p.drawn}
    settled = Settle().run(model).graph.index() if own else {}
    populations = tuple(
        _population(model, p, settled[p.name] if p.name in own else p)
        for p in model.graph.populations
    )
    projections = tuple(_projection(model, p) for p in model.graph.projections)
    return Summary(_network(model, projections), populations, projections)


def _network(model: Model, projections: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    graph = model.graph
    blocks = graph.schedule or ()
    return {
        "name": graph.name,
        "dt_ms": graph.dt,
        "seed": model.seed,
        "neurons": sum(p.neurons for p in graph.populations),
        "synapses": sum(p["synapses"] for p in projections),
        "parameters": sum(p["parameters"] for p in projections if p["trainable"])
        + sum(value.array.size for value in first_values(graph).values()),
        "weight_bytes": sum(model.weights(p.name).nbytes for p in graph.projections),
        "order": [list(block.populations) for block in blocks],
        "recurrent": [list(block.populations) for block in blocks if block.is_recurrent],
        "threshold_tested": THRESHOLDS[graph.semantics.threshold],
        "most_spikes_per_step": graph.semantics.spikes_per_step,
        "integer_semantics": graph.semantics.integers or None,
    }


def _population(of: Model, population: Population, settled: Population) -> dict[str, Any]:
    """`settled`: the population in whose step what each neuron has its own of is a state."""
    facts: dict[str, Any] = {
        "name": population.name,
        "role": population.role,
        "shape": list(population.shape),
        "neurons": population.neurons,
    }
    if population.model is None or population.step is None:
        encoding = population.encoding
        if population.source is not None:
            return facts | {"model": "source", "fires": _call(population.source)}
        return facts | {"model": "input", "encoding": "" if encoding is None else _call(encoding)}
    model = population.model
    return facts | {
        "model": model.name,
        "method": population.method,
        "parameters": _parameters(of, population),
        "drawn": {name: _call(call) for name, call in population.drawn},
        "learnt": {k.name: _learning(k) for k in population.learnt},
        "units": {parameter.name: parameter.unit for parameter in model.parameters},
        "phases": _phases(population.step),
        "integers": _integers(of, population),
        "codes": {
            s.name: str(s.dtype) for s in population.step.states if isinstance(s.dtype, Fixed)
        },
        "threshold": "" if model.spike is None else expression(model.spike),
        "comparison": _comparison(model),
        "reset": "; ".join(f"{a.target} = {expression(a.value)}" for a in model.on_spike),
        "reset_kinds": {r.state: str(r) for r in resets(settled)},
        "refractory_steps": refractory_steps(population),
        "readout": "" if population.readout is None else _call(population.readout),
        "emission": "a spike" if model.emit is None else expression(model.emit),
    }


def _integers(model: Model, population: Population) -> dict[str, Any] | None:
    """What of integers takes the place of the parameters: the factor of each decay, m / 2^bits, and
    the codes of the threshold, the least and the greatest."""
    step = population.step
    if not model.graph.semantics.integers or step is None:
        return None
    phases = (*step.decay, *step.integrate, *step.relax)
    factors = ((a.target, decay_factor(model, population, a)) for a in phases)
    return {
        "decay": {
            state: {"m": [int(found[0].min()), int(found[0].max())], "bits": found[1]}
            for state, found in factors
            if found is not None
        },
        "threshold": threshold_codes(model, population),
    }


def _phases(step: NeuronStep) -> dict[str, list[str]]:
    """The phases of the step, in their order, with the states that each assigns."""
    done = {name: list(dict.fromkeys(a.target for a in of)) for name, of in step.assigns.items()}
    reset = done.pop("reset")
    phases = {name: states for name, states in done.items() if states}
    if step.threshold is not None:
        phases["threshold"] = []
    if reset:
        phases["reset"] = reset
    return phases if step.refractory is None else phases | {"refractory": [REFRACTORY]}


def _comparison(model: NeuronModel) -> str | None:
    """How the margin of the threshold is compared with 0; None where there is no one margin."""
    found = None if model.spike is None else margin(model.spike)
    if found is None:
        return None
    return ">" if found.is_strict else ">="


def _parameters(model: Model, population: Population) -> dict[str, float | list[float]]:
    """Each parameter's value, or the least and the greatest of values that differ by neuron."""
    found: dict[str, float | list[float]] = {}
    for name, value in population.parameters:
        given = model.values.get(value_name(population.name, name))
        ends = {value} if given is None else {float(f(numbers(given))) for f in (np.min, np.max)}
        found[name] = sorted(ends) if len(ends) > 1 else ends.pop()
    return found


def _learning(learnt: Learnt) -> dict[str, Any]:
    ends = {"above": learnt.low, "below": learnt.high}
    return {
        "each": "population" if learnt.is_shared else "neuron",
        "lr_mult": learnt.lr_mult,
        **{end: value for end, value in ends.items() if isfinite(value)},
    }


def _projection(model: Model, projection: Projection) -> dict[str, Any]:
    wiring = model.wirings[projection.name]
    array = numbers(model.values[weights_name(projection.name)])
    return {
        "name": projection.name,
        "pre": projection.pre,
        "post": projection.post,
        "port": projection.port,
        "connectivity": _call(projection.connectivity),
        "synapses": wiring.synapses,
        "parameters": int(np.prod(wiring.weight_shape)),
        "trainable": projection.trainable,
        "lr_mult": projection.lr_mult,
        "delay_steps": projection.delay,
        **_delays(projection, wiring),
        **_synapse(projection),
        "type": str(model.values[weights_name(projection.name)].dtype),
        "weights": [float(array.min()), float(array.max())] if array.size else [],
        **_delivery(model, projection, wiring),
    }


def _delays(projection: Projection, wiring: Wiring) -> dict[str, Any]:
    """Of synapses with delays of their own: how these are distributed, and the longest."""
    if projection.delays is None:
        return {}
    longest = int(delays_of(projection, wiring).max(initial=projection.delay))
    return {"delays": _call(projection.delays), "longest_delay_steps": longest}


def _synapse(projection: Projection) -> dict[str, Any]:
    """Of synapses with states of their own: what each holds, in which events it changes, and the
    values of its parameters."""
    synapse = projection.synapse
    if synapse is None:
        return {}
    model = synapse.model
    return {
        "via": model.name,
        "holds": list(model.held),
        "events": ["pre", *(["post"] if model.on_post else [])],
        "synapse_parameters": dict(synapse.parameters),
    }


def _delivery(model: Model, projection: Projection, wiring: Wiring) -> dict[str, Any]:
    """How what is sent is brought, by the kind of what the pre population sends and never by the
    data of a run, and what either way costs: additions a spike, the mean of the pre neurons, and
    multiply-adds of a sum over all synapses."""
    pre = model.graph.index()[projection.pre]
    sends = {p.name for p in emitters(model.graph)}
    way = "events"
    if sends_numbers(pre):
        way = "sum a sample"
    elif pre.name in sends:
        way = "sums"
    each = wiring.synapses / max(1, wiring.pre_neurons)
    said = {
        "events": f"events, {each:.4g} additions each",
        "sums": f"a sum a step, {wiring.synapses} multiply-adds",
        "sum a sample": f"a sum a sample, {wiring.synapses} multiply-adds",
    }
    return {
        "delivery": said[way],
        "brought_by": way,
        "additions_an_event": each,
        "multiply_adds_a_sum": wiring.synapses,
    }


def _call(call: Call) -> str:
    arguments = ", ".join(f"{name} = {_short(value)}" for name, value in call.arguments)
    return f"{call.kind}({arguments})" if arguments else call.kind


def _short(value: Any) -> str:
    if isinstance(value, Const | Ref | Apply):
        return expression(value)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def expression(expr: Expr, outside: int = 0) -> str:
    """The expression as people write it; in brackets where `outside` binds tighter."""
    if isinstance(expr, Ref):
        return expr.name
    if isinstance(expr.dtype, Fixed):
        return print_expr(expr)
    if isinstance(expr, Const):
        return f"{expr.value:g}" if isinstance(expr.value, float) else str(expr.value).lower()
    if expr.op == "neg":
        return f"-{expression(expr.args[0], TIGHTEST)}"
    if expr.op not in INFIX:
        return f"{expr.op}({', '.join(expression(a) for a in expr.args)})"
    sign, level = INFIX[expr.op]
    left, right = expression(expr.args[0], level), expression(expr.args[1], level + 1)
    text = f"{left} {sign} {right}"
    return f"({text})" if level < outside else text
