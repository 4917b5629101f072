"""Graph to text: stable, readable, and read back exactly (spans and tensors excepted)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Generic, TypeVar

from ..expr import Apply, Const, Expr, Ref
from ..graph import Block, Call, Graph, Learnt, Population, Projection, Value
from ..neuron import BEFORE, BEHIND, Assign, NeuronModel, NeuronStep, Parameter, State
from ..synapse import Synapse, SynapseModel
from ..types import FLOATS, DType, Scalar
from .spelling import BARE, INFIX, VERSION, WORDS

Item = TypeVar("Item")


def print_graph(graph: Graph) -> str:
    """The graph as text; equal models and equal steps are written once."""
    models: _Numbered[NeuronModel] = _Numbered(p.model for p in graph.populations)
    steps: _Numbered[NeuronStep] = _Numbered(p.step for p in graph.populations)
    labels = _labels(models.items)
    synapses: _Numbered[SynapseModel] = _Numbered(
        None if p.synapse is None else p.synapse.model for p in graph.projections
    )
    kinds = _labels(synapses.items)
    sections = [
        [f"snnir {VERSION}", _head(graph)],
        *(_model(model, label) for model, label in zip(models.items, labels, strict=True)),
        *(_synapse(model, kind) for model, kind in zip(synapses.items, kinds, strict=True)),
        *(_step(step, number) for number, step in enumerate(steps.items)),
        [_population(p, models, labels, steps) for p in graph.populations],
        [_projection(p, synapses, kinds) for p in graph.projections],
        [] if graph.schedule is None else _schedule(graph.schedule),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _head(graph: Graph) -> str:
    means = graph.semantics
    tested = f"threshold {quoted(means.threshold)} spikes {means.spikes_per_step}"
    tested += "" if means.sums == "exact" else f" sums {quoted(means.sums)}"
    tested += f" integers {means.integers}" if means.integers else ""
    tested += f" duration {graph.duration!r}" if graph.duration else ""
    return f"network {quoted(graph.name)} dt {graph.dt!r} {tested}"


class _Numbered(Generic[Item]):
    """Distinct objects in order of appearance; a known object is found by identity first, since
    comparing and hashing large ones is slow."""

    def __init__(self, objects: Iterable[Item | None]) -> None:
        self.items: list[Item] = []
        self.numbers: dict[int, int] = {}
        known: dict[Item, int] = {}
        for item in objects:
            if item is None or id(item) in self.numbers:
                continue
            if item not in known:
                known[item] = len(self.items)
                self.items.append(item)
            self.numbers[id(item)] = known[item]


def _labels(models: Sequence[NeuronModel | SynapseModel]) -> list[str]:
    """The models' names, with @2, @3 … where different models bear one name."""
    seen: dict[str, int] = {}
    labels = []
    for model in models:
        seen[model.name] = seen.get(model.name, 0) + 1
        number = seen[model.name]
        labels.append(quoted(model.name) + (f"@{number}" if number > 1 else ""))
    return labels


def _model(model: NeuronModel, label: str) -> list[str]:
    lines = [_parameter(p) for p in model.parameters]
    lines += [_state(s) for s in model.states]
    lines.append(f"ports {_names(model.ports)}")
    lines += [_assign("derivative", a) for a in model.derivatives]
    lines += [_assign("input", a) for a in model.on_input]
    lines += _optional("spike", model.spike)
    lines += [_assign("reset", a) for a in model.on_spike]
    if model.refractory is not None:
        lines.append(f"refractory {print_expr(model.refractory.duration)}")
        lines += [_assign("hold", a) for a in model.refractory.hold]
    lines += _optional("emit", model.emit)
    return _block(f"model {label}", lines)


def _synapse(model: SynapseModel, label: str) -> list[str]:
    lines = [_parameter(p) for p in model.parameters]
    lines += [_state(s) for s in model.states]
    lines.append(f"weight {json.dumps(model.unit)}")
    lines += [_assign("derivative", a) for a in model.derivatives]
    lines += [_assign("pre", a) for a in model.on_pre]
    lines += [_assign("post", a) for a in model.on_post]
    return _block(f"synapse {label}", lines)


def _step(step: NeuronStep, number: int) -> list[str]:
    lines = [_state(s) for s in step.states]
    lines.append(f"ports {_names(step.ports)}")
    lines.append(f"constants {_names(step.constants)}")
    lines += [_assign(name, a) for name in BEFORE for a in step.assigns[name]]
    lines += _optional("threshold", step.threshold)
    lines += [_assign(name, a) for name in BEHIND for a in step.assigns[name]]
    lines += _optional("refractory", step.refractory) + _optional("emit", step.emit)
    return _block(f"step {number}", lines)


def _optional(keyword: str, expr: Expr | None) -> list[str]:
    return [] if expr is None else [f"{keyword} {print_expr(expr)}"]


def _block(head: str, lines: Iterable[str]) -> list[str]:
    return [f"{head} {{", *(f"  {line}" for line in lines), "}"]


def _parameter(parameter: Parameter) -> str:
    default = "none" if parameter.default is None else repr(float(parameter.default))
    return f"parameter {quoted(parameter.name)} {json.dumps(parameter.unit)} {default}"


def _state(state: State) -> str:
    typed = f"{quoted(state.name)}{_suffix(state.dtype, DType.F32)}"
    return f"state {typed} {json.dumps(state.unit)} = {print_expr(state.init)}"


def _assign(keyword: str, assign: Assign) -> str:
    return f"{keyword} {quoted(assign.target)} = {print_expr(assign.value)}"


def _learnt(learnt: Learnt) -> str:
    words = [quoted(learnt.name), "shared" if learnt.is_shared else "each"]
    words += ["lr_mult", repr(learnt.lr_mult)]
    words += ["above", repr(learnt.low)] if isfinite(learnt.low) else []
    words += ["below", repr(learnt.high)] if isfinite(learnt.high) else []
    return " ".join(words)


def _population(
    population: Population,
    models: _Numbered[NeuronModel],
    labels: Sequence[str],
    steps: _Numbered[NeuronStep],
) -> str:
    parts = [f"population {quoted(population.name)} {population.role} {_ints(population.shape)}"]
    if population.model is not None:
        values = ", ".join(f"{quoted(n)}={v!r}" for n, v in population.parameters)
        parts.append(f"model {labels[models.numbers[id(population.model)]]} ({values})")
    if population.learnt:
        parts.append(f"learns ({', '.join(map(_learnt, population.learnt))})")
    if population.drawn:
        draws = ", ".join(f"{quoted(n)}={_call(call)}" for n, call in population.drawn)
        parts.append(f"draws ({draws})")
    if population.model is not None or population.method != "euler":
        parts.append(f"method {quoted(population.method)}")
    if population.encoding is not None:
        parts.append(f"encode {_call(population.encoding)}")
    if population.source is not None:
        parts.append(f"source {_call(population.source)}")
    if population.readout is not None:
        parts.append(f"readout {_call(population.readout)}")
    if population.step is not None:
        values = ", ".join(map(repr, population.constants))
        parts.append(f"step {steps.numbers[id(population.step)]} ({values})")
    return " ".join(parts)


def _projection(
    projection: Projection, synapses: _Numbered[SynapseModel], labels: Sequence[str]
) -> str:
    ends = f"{_end(projection.pre, projection.pre_slice)} -> "
    ends += _end(projection.post, projection.post_slice)
    learns, connectivity = _learning(projection.lr_mult), _call(projection.connectivity)
    delay = str(projection.delay)
    if projection.delays is not None:
        delay += f" delays {_call(projection.delays)}"
    return (
        f"projection {quoted(projection.name)} {ends} port {quoted(projection.port)} "
        f"delay {delay} {learns} {connectivity} "
        f"init {_call(projection.init)}{_via(projection.synapse, synapses, labels)}"
    )


def _end(name: str, part: tuple[int, int] | None) -> str:
    return quoted(name) if part is None else f"{quoted(name)} {_ints(part)}"


def _via(synapse: Synapse | None, synapses: _Numbered[SynapseModel], labels: Sequence[str]) -> str:
    if synapse is None:
        return ""
    values = ", ".join(f"{quoted(n)}={v!r}" for n, v in synapse.parameters)
    return f" via {labels[synapses.numbers[id(synapse.model)]]} ({values})"


def _learning(lr_mult: float) -> str:
    return {0.0: "fixed", 1.0: "trainable"}.get(lr_mult, f"trainable(lr_mult={lr_mult!r})")


def _schedule(schedule: Sequence[Block]) -> list[str]:
    return _block(
        "schedule",
        (
            ("recurrent " if block.is_recurrent else "once ") + _names(block.populations)
            for block in schedule
        ),
    )


def _names(names: Sequence[str]) -> str:
    return f"({', '.join(map(quoted, names))})"


def _ints(values: Sequence[int]) -> str:
    return f"({', '.join(map(str, values))})"


def _call(call: Call) -> str:
    arguments = ", ".join(f"{quoted(n)}={_value(v)}" for n, v in call.arguments)
    return f"{quoted(call.kind)}({arguments})"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_value, value))})"
    return f"{{ {print_expr(value)} }}"


def quoted(name: str) -> str:
    """The name as it stands in the text."""
    return name if BARE.fullmatch(name) and name not in WORDS else json.dumps(name)


def print_expr(expr: Expr) -> str:
    """The expression as text, with no more parentheses than needed."""
    return _expr(expr, 0)


def _expr(expr: Expr, strength: int) -> str:
    """The expression as an operand of an operator of that strength."""
    if isinstance(expr, Const):
        return _literal(expr)
    if isinstance(expr, Ref):
        return quoted(expr.name) + _suffix(expr.dtype, DType.F32)
    if expr.op not in INFIX:
        parts = [_expr(a, 0) for a in expr.args]
        parts += [] if expr.immediate is None else [str(expr.immediate)]
        return f"{expr.op}({', '.join(parts)})"
    return _infix(expr, strength)


def _infix(expr: Apply, strength: int) -> str:
    spelling, own = INFIX[expr.op]
    left, right = expr.args
    # Operators of one strength group to the left.
    text = f"{_expr(left, own)} {spelling} {_expr(right, own + 1)}"
    return f"({text})" if own < strength else text


def _literal(expr: Const) -> str:
    """Numbers with a point are f32, without one i32, unless a suffix says otherwise."""
    if expr.dtype is DType.BOOL:
        return "true" if expr.value else "false"
    if expr.dtype is DType.I32:
        return repr(int(expr.value))
    value = float(expr.value) if expr.dtype in FLOATS else expr.value
    return repr(value) + _suffix(expr.dtype, DType.F32)


def _suffix(dtype: Scalar, default: Scalar) -> str:
    return "" if dtype == default else f":{dtype}"
