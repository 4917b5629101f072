"""Changes of a neuron's step: its threshold, reset, refractory time, decay and their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ...ir.analysis.linear import LinearNeuron, linear_neuron
from ...ir.analysis.refractory import refractory_steps
from ...ir.diagnostics import CompileError
from ...ir.expr import Apply, Const, Expr, Ref, apply, names, substitute
from ...ir.graph import Graph
from ...ir.model import Model
from ...ir.neuron import REFRACTORY, Assign, NeuronStep, State, margin
from ...ir.passes.discretize import Discretize
from ...ir.passes.fold import Fold
from ...ir.schemes import SCHEMES
from ...ir.types import FLOATS, DType, Scalar
from .alone import Case, with_population
from .change import DECAY, ORDER, REFRACTORINESS, RESET, THRESHOLD, TIE, Change

OTHER = {
    "gt": ("ge", ">=", ">"),
    "ge": ("gt", ">", ">="),
    "lt": ("le", "<=", "<"),
    "le": ("lt", "<", "<="),
}
FIRED = "fired.before"
TIMES = (0.1, 0.5, 2.0, 10.0)  # of dt


def single_precision(case: Case) -> Iterator[Change]:
    """All of it in float32."""
    yield Change(TIE, "float32 in place of float64", case.model, np.float32)


def comparisons(case: Case) -> Iterator[Change]:
    """`>` in place of `>=`, and the reverse."""
    found = case.step.threshold
    if isinstance(found, Apply) and found.op in OTHER:
        op, now, before = OTHER[found.op]
        threshold = apply(op, *found.args)
        yield _stepped(
            case, THRESHOLD, f"`{now}` in place of `{before}` at the threshold", threshold=threshold
        )


def _stepped(case: Case, cause: str, said: str, **phases: object) -> Change:
    step = replace(case.step, **phases)  # type: ignore[arg-type]
    return Change(cause, said, case.with_population(step=step))


def refractory_times(case: Case) -> Iterator[Change]:
    """A step more, a step less, and none."""
    found = refractory_steps(case.population)
    if case.step.threshold is None:
        return
    for steps in dict.fromkeys((found - 1, found + 1, 0)):
        if steps < 0 or steps == found:
            continue
        said = f"{steps} in place of {found} refractory steps"
        yield _stepped(case, REFRACTORINESS, said, **_counting(case.step, steps))


def _counting(step: NeuronStep, steps: int) -> dict[str, object]:
    refractory = Const(steps, DType.I32)
    if step.refractory is not None:
        return {"refractory": refractory}
    counter = State(REFRACTORY, "1", Const(0, DType.I32), DType.I32)
    return {"refractory": refractory, "states": (*step.states, counter)}


def resets(case: Case) -> Iterator[Change]:
    """To zero, by subtraction of the threshold, none."""
    step = case.step
    for state in _voltages(case):
        others = tuple(a for a in step.reset if a.target != state)
        now = next((a.value for a in step.reset if a.target == state), None)
        for said, value in _reset_kinds(case, state).items():
            if value == now:
                continue
            kept = () if value is None else (Assign(state, value),)
            yield _stepped(case, RESET, f"a reset of `{state}` {said}", reset=(*kept, *others))


def _reset_kinds(case: Case, state: str) -> dict[str, Expr | None]:
    v = Ref(state, _dtype(case.step, state))
    kinds: dict[str, Expr | None] = {"to zero": _zero(v.dtype)}
    level = _level(case, state)
    if level is not None:
        kinds["by subtraction of the threshold"] = apply("sub", v, level)
    return kinds | {"left out": None}


def _dtype(step: NeuronStep, state: str) -> Scalar:
    return next(s.dtype for s in step.states if s.name == state)


def _zero(dtype: Scalar) -> Const:
    return Const(0.0 if dtype in FLOATS else 0, dtype)


def _voltages(case: Case) -> list[str]:
    """The states that make it fire the sooner the higher they are."""
    step, found = case.step, case.step.threshold
    distance = None if found is None else margin(found)
    if distance is None:
        return []
    moving = (s for s in step.states if s.dtype is not DType.I32 and s.name not in step.still)
    read = names(distance.value)
    return [s.name for s in moving if s.name in read and _rises(distance.value, s.name)]


def _rises(expr: Expr, state: str, sign: int = 1) -> bool:
    """Whether the expression is a sum in which the state stands by itself, and is added."""
    if isinstance(expr, Ref):
        return expr.name == state and sign > 0
    if not isinstance(expr, Apply) or expr.op not in ("add", "sub", "neg"):
        return False
    signs = {"add": (sign, sign), "sub": (sign, -sign), "neg": (-sign,)}[expr.op]
    return any(_rises(a, state, s) for a, s in zip(expr.args, signs, strict=True))


def _level(case: Case, state: str) -> Expr | None:
    """Where the state makes it fire: the threshold that the author wrote, if it is known."""
    dtype, neuron = _dtype(case.step, state), linear_neuron(case.population)
    is_plain = dtype in FLOATS and not case.population.learnt  # as the graph says
    if is_plain and isinstance(neuron, LinearNeuron) and neuron.threshold is not None:
        return Const(neuron.threshold.v_th, dtype)
    found = margin(case.step.threshold) if case.step.threshold is not None else None
    if found is None:
        return None
    return apply("neg", substitute(found.value, {state: _zero(dtype)}))


def decays(case: Case) -> Iterator[Change]:
    """The other discretization, and another dt."""
    for method in SCHEMES:
        if method != case.population.method:
            said = f"the discretization `{method}` in place of `{case.population.method}`"
            made = rediscretized(
                case.model, case.population.name, case.model.graph.dt, method=method
            )
            if made is not None:
                yield Change(DECAY, said, made)
    other = () if case.other is None else (case.other.graph.dt / case.model.graph.dt,)
    for times in dict.fromkeys((*other, *TIMES)):
        dt = times * case.model.graph.dt
        made = rediscretized(case.model, case.population.name, dt)
        if times != 1.0 and made is not None:
            yield Change(DECAY, f"steps of {dt:g} ms in place of {case.model.graph.dt:g} ms", made)


def rediscretized(model: Model, name: str, dt: float, /, **changes: object) -> Model | None:
    """The model with its population changed, and that one's step made anew for steps of dt [ms], as
    many of them refractory as before; None where there is no such step, or one of integers."""
    if model.graph.semantics.integers:
        return None
    before = with_population(model, name, **changes).graph.population(name)
    if before.model is not None and before.model.refractory is not None and dt != model.graph.dt:
        duration = Const(refractory_steps(before) * dt)
        held = replace(before.model.refractory, duration=duration)
        before = replace(before, model=replace(before.model, refractory=held))
    try:
        (made,) = Fold().run(Discretize().run(Graph("", dt, (before,), ()))).populations
    except CompileError:
        return None
    fields = ("step", "constants", "model", "method", "parameters")
    return with_population(model, name, **{field: getattr(made, field) for field in fields})


def orders(case: Case) -> Iterator[Change]:
    """The leak after the input or after the threshold, and the threshold before both."""
    step = case.step
    if step.threshold is not None and step.decay and not step.relax:
        said = "the leak after the threshold"
        yield _stepped(case, ORDER, said, decay=(), relax=step.decay)
    if step.relax:
        decay = (*step.relax, *step.decay)
        yield _stepped(case, ORDER, "the leak before the threshold", decay=decay, relax=())
    if step.decay and step.deliver:
        deliver = (*step.deliver, *step.decay)
        yield _stepped(case, ORDER, "the leak after the input", decay=(), deliver=deliver)
    if step.threshold is not None and not _reads_ports(step):
        yield _stepped(case, ORDER, "the threshold tested before leak and input", **_early(step))


def _reads_ports(step: NeuronStep) -> bool:
    assert step.threshold is not None
    read = [step.threshold, *(a.value for a in step.reset)]
    return any(names(each) & set(step.ports) for each in read)


def _early(step: NeuronStep) -> dict[str, object]:
    """The step that tests and resets what the step before left, and then goes on."""
    assert step.threshold is not None
    yes, no = Const(1.0), Const(0.0)
    fired = apply("gt", Ref(FIRED), no)
    test = Assign(FIRED, apply("select", step.spike, yes, no))
    reset = tuple(
        Assign(a.target, apply("select", fired, a.value, Ref(a.target, a.value.dtype)))
        for a in step.reset
    )
    return {
        "states": (*step.states, State(FIRED, "1", no)),
        "decay": (test, *reset, *step.decay),
        "threshold": fired,
        "reset": (),
    }


def scaled_threshold(case: Case, factor: float) -> Change | None:
    """The threshold times a factor: what is left of the margin where all states are 0."""
    step, found = case.step, case.step.threshold
    distance = None if found is None else margin(found)
    if distance is None or distance.value.dtype not in FLOATS:
        return None
    level = apply("neg", substitute(distance.value, zeros(step)))
    less = apply("mul", Const(factor - 1.0), level)
    op = "gt" if distance.is_strict else "ge"
    return _stepped(
        case,
        THRESHOLD,
        f"a threshold {factor:.4g} times as high",
        threshold=apply(op, distance.value, less),
    )


def zeros(step: NeuronStep) -> Mapping[str, Expr]:
    """0 for every state that changes, and for every port."""
    moving = [s for s in step.states if s.name not in step.still]
    return {s.name: _zero(s.dtype) for s in moving} | {port: Const(0.0) for port in step.ports}
