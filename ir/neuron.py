"""Neuron models: what an author writes (`NeuronModel`) and what a step computes (`NeuronStep`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .diagnostics import Span
from .expr import Apply, Const, Expr, Ref, apply, names, walk
from .types import DType, Fixed, Scalar

SPIKED = "spiked"
REFRACTORY = "refractory_left"
LEFT = "spikes.left"  # I32, by a name that no program can give: what a step may still fire
# States that score an output, by names that no program can give: its score, and, of one that is
# scored by its spikes, their trace and what is kept of it in a step.
LAST_EMITTED, TRACE, KEEP = "emitted.last", "spikes.trace", "spikes.keep"
LOST = ".lost"  # after the name of a state: whether it ever was no finite number (see `remember`)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant of a model. Values and `default` are in `unit`, a coherent one, whatever the
    author wrote: "ms", "mV", "pA", "kHz" (not "Hz"), "nS", "1", "mV/ms" …"""

    name: str
    unit: str
    default: float | None


@dataclass(frozen=True, slots=True)
class State:
    """A variable of every neuron; `init` may read parameters."""

    name: str
    unit: str
    init: Expr
    dtype: Scalar = DType.F32


@dataclass(frozen=True, slots=True)
class Assign:
    """`target` takes `value`; in `NeuronModel.derivatives` it is d target/dt = value, per ms."""

    target: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Refractory:
    """For `duration` [ms, an expression of parameters] after a spike, `hold` is done in each step
    and the neuron cannot fire."""

    duration: Expr
    hold: tuple[Assign, ...]


@dataclass(frozen=True, slots=True)
class NeuronModel:
    """A model as written: ODEs, jumps on input, a spike condition and what a spike does.

    Meaning of one step, for every backend: decay (the part of an ODE linear in its own state),
    deliver (`on_input`, each port holding the sum of weights of what arrives), integrate (the rest
    of the ODEs), refractory hold, threshold, `on_spike`. The pass `discretize` turns this into a
    `NeuronStep`. Names in expressions: parameters, states, ports. A model without `spike` never
    fires; `emit` is as in `NeuronStep`.
    """

    name: str
    parameters: tuple[Parameter, ...]
    states: tuple[State, ...]
    ports: tuple[str, ...]
    derivatives: tuple[Assign, ...]
    on_input: tuple[Assign, ...]
    spike: Expr | None
    on_spike: tuple[Assign, ...]
    refractory: Refractory | None = None
    emit: Expr | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """All that the model computes but its first values."""
        held = () if self.refractory is None else self.refractory.hold
        assigns = (*self.derivatives, *self.on_input, *self.on_spike, *held)
        alone = tuple(each for each in (self.spike, self.emit) if each is not None)
        return (*(a.value for a in assigns), *alone)


@dataclass(frozen=True, slots=True)
class NeuronStep:
    """One step of dt in its phases; equal steps share one kernel.

    In this order: `decay`, `deliver`, `integrate`, each a sequence of assignments; `hold`, done
    while the counter of refractory steps is above 0; `threshold`, the condition to fire outside of
    them (None: never); `relax`, done by every neuron after that, as by chips that leak late;
    `reset`, done by a neuron that fires; `refractory`, the steps [i32] that a spike sets the
    counter to, which is the I32 state REFRACTORY (None: there is no counter). A neuron that may
    fire less often in a step than others of its graph has an I32 state LEFT: it fires only where
    that is above 0.
    `emit` is what leaves the neuron at the end of the step: None is its spike, 0 or 1. A state
    LAST_EMITTED keeps a number for who receives it, and as the score of an output. Of an output
    that spikes it is the steps from its first spike on or, with a state TRACE, the sum of that, its
    spikes filtered: its score is a sum of PSCs.

    Assignments read states, ports and `constants`, numbers of a population whose values are
    `Population.constants` in the same order. For a machine that knows no phases there is the same
    as straight-line code: `update`, then `spike`, whose value is named SPIKED, then `after`.
    """

    states: tuple[State, ...]
    ports: tuple[str, ...]
    constants: tuple[str, ...]
    decay: tuple[Assign, ...] = ()
    deliver: tuple[Assign, ...] = ()
    integrate: tuple[Assign, ...] = ()
    hold: tuple[Assign, ...] = ()
    threshold: Expr | None = None
    relax: tuple[Assign, ...] = ()
    reset: tuple[Assign, ...] = ()
    refractory: Expr | None = None
    emit: Expr | None = None

    @property
    def update(self) -> tuple[Assign, ...]:
        """What precedes the threshold, `hold` under its condition."""
        return (*self.decay, *self.deliver, *self.settled)

    @property
    def settled(self) -> tuple[Assign, ...]:
        """What of that follows the last delivery."""
        held = (_when(apply("gt", COUNTER, _ZERO), a) for a in self.hold)
        return (*self.integrate, *held)

    def delivered(self, port: str) -> tuple[Assign, ...]:
        """What is done with what arrives at a port, where ports do not wait for each other."""
        return tuple(a for a in self.deliver if port in names(a.value))

    @property
    def spike(self) -> Expr:
        """Whether the neuron fires: bool, false in refractory steps."""
        if self.threshold is None:
            return Const(False, DType.BOOL)
        spike = self.threshold
        if any(s.name == LEFT for s in self.states):
            spike = apply("and", apply("gt", Ref(LEFT, DType.I32), _ZERO), spike)
        if self.refractory is None:
            return spike
        return apply("and", apply("le", COUNTER, _ZERO), spike)

    @property
    def after(self) -> tuple[Assign, ...]:
        """What follows the threshold: `relax`, `reset` where SPIKED holds, and the counter."""
        reset = (*self.relax, *(_when(_FIRED, a) for a in self.reset))
        if self.refractory is not None:
            left = apply("max", apply("sub", COUNTER, Const(1, DType.I32)), _ZERO)
            count = Assign(REFRACTORY, apply("select", _FIRED, self.refractory, left))
            reset = (*reset, count)
        return (*reset, *self.score)

    @property
    def again(self) -> tuple[Assign, ...]:
        """What a spike does where a neuron may fire several times in a step, or between events:
        `reset`, and the counter."""
        reset = tuple(_when(_FIRED, a) for a in self.reset)
        if self.refractory is None:
            return reset
        count = apply("select", _FIRED, self.refractory, COUNTER)
        return (*reset, Assign(REFRACTORY, count))

    @property
    def closing(self) -> tuple[Assign, ...]:
        """What then ends a step, where SPIKED says whether it fired at all: the counter of a neuron
        that did not, and the score."""
        if self.refractory is None:
            return self.score
        left = apply("max", apply("sub", COUNTER, Const(1, DType.I32)), _ZERO)
        return Assign(REFRACTORY, apply("select", _FIRED, COUNTER, left)), *self.score

    @property
    def score(self) -> tuple[Assign, ...]:
        """What keeps what is emitted, or makes the score of an output; () of a step without."""
        types = {s.name: s.dtype for s in self.states}
        if TRACE in types:
            return _traced(types)
        if LAST_EMITTED not in types:
            return ()
        emitted = _since_first(types[LAST_EMITTED]) if self.emit is None else self.emit
        kept = Assign(LAST_EMITTED, emitted)
        if LAST_EMITTED + LOST not in types:
            return (kept,)
        return kept, remember(LAST_EMITTED, types[LAST_EMITTED])

    @property
    def assigns(self) -> dict[str, tuple[Assign, ...]]:
        """The phases that assign to states, by name and in their order."""
        return {name: getattr(self, name) for name in ASSIGNING}

    def with_phases(self, phases: Mapping[str, tuple[Assign, ...]]) -> NeuronStep:
        """The step with other assignments, by the names of `assigns`."""
        return replace(self, **phases)  # type: ignore[arg-type]

    @property
    def still(self) -> frozenset[str]:
        """The states that nothing assigns: constants of a neuron (see `passes.settle`)."""
        assigned = {a.target for a in (*self.update, *self.after)}
        return frozenset(s.name for s in self.states) - assigned

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """All that is computed in a step."""
        emitted = () if self.emit is None else (self.emit,)
        return (*(a.value for a in (*self.update, *self.after)), self.spike, *emitted)


def most_of(step: NeuronStep, most: int) -> int:
    """The most spikes of a neuron in a step of a graph in which there may be so many."""
    left = [s.init for s in step.states if s.name == LEFT]
    return min((int(init.value) for init in left if isinstance(init, Const)), default=most)


def remember(state: str, dtype: Scalar) -> Assign:
    """What sums x - x of a state x in "x.lost": 0 of every finite x, no number of any other."""
    x, lost = Ref(state, dtype), Ref(state + LOST, dtype)
    return Assign(lost.name, apply("add", lost, apply("sub", x, x)))


def types_read(step: NeuronStep) -> dict[str, Scalar]:
    """The type in which the step reads each of its names."""
    roots = [*(s.init for s in step.states), *step.expressions]
    return {node.name: node.dtype for root in roots for node in walk(root) if isinstance(node, Ref)}


def port_types(step: NeuronStep) -> dict[str, Scalar]:
    """The type of what arrives at each port: that in which the step reads it, F32 of one that it
    does not read."""
    alone = (e for e in (step.threshold, step.emit) if e is not None)
    roots = [*(a.value for assigns in step.assigns.values() for a in assigns), *alone]
    read = {node.name: node.dtype for root in roots for node in walk(root) if isinstance(node, Ref)}
    return {port: read.get(port, DType.F32) for port in step.ports}


BEFORE, BEHIND = ("decay", "deliver", "integrate", "hold"), ("relax", "reset")  # the threshold
ASSIGNING = (*BEFORE, *BEHIND)
COUNTER = Ref(REFRACTORY, DType.I32)
_ZERO = Const(0, DType.I32)
_FIRED = Ref(SPIKED, DType.BOOL)


def _traced(types: Mapping[str, Scalar]) -> tuple[Assign, ...]:
    """trace <- keep trace + (1 - keep) s, and its sum; of codes, whose unit is 1 - keep, s in place
    of that."""
    keep, trace, total = (
        Ref(name, types.get(name, types[TRACE])) for name in (KEEP, TRACE, LAST_EMITTED)
    )
    dtype = trace.dtype
    if isinstance(dtype, Fixed):
        rest: Expr = one_of(dtype)
        left = apply("narrow", apply("mulwide", trace, keep), immediate=dtype)
    else:
        rest = apply("sub", Const(1.0, dtype), keep)
        left = apply("mul", keep, trace)
    spike = apply("select", _FIRED, rest, Const(0 if isinstance(dtype, Fixed) else 0.0, dtype))
    kept = apply("add", left, spike)
    return Assign(TRACE, kept), Assign(LAST_EMITTED, apply("add", total, trace))


def _since_first(dtype: Scalar) -> Expr:
    """The steps since the first spike, with that of this step."""
    steps, one = Ref(LAST_EMITTED, dtype), one_of(dtype)
    none = Const(0 if isinstance(dtype, Fixed) else 0.0, dtype)
    has_fired = apply("or", _FIRED, apply("gt", steps, none))
    return apply("select", has_fired, apply("add", steps, one), none)


def one_of(dtype: Scalar) -> Const:
    """The literal 1; the code 1 of a type that has no bits for it."""
    return Const(1 << max(0, dtype.frac) if isinstance(dtype, Fixed) else 1.0, dtype)


def _when(condition: Expr, assign: Assign) -> Assign:
    kept = Ref(assign.target, assign.value.dtype)
    return Assign(assign.target, apply("select", condition, assign.value, kept))


@dataclass(frozen=True, slots=True)
class Margin:
    """A condition to fire as a distance: it holds where `value` > 0, or >= 0 if not `is_strict`."""

    value: Expr
    is_strict: bool


def margin(condition: Expr) -> Margin | None:
    """The margin of a comparison; None of any other condition, such as one with `and`."""
    if not isinstance(condition, Apply) or condition.op not in _MARGINS:
        return None
    first, second, is_strict = _MARGINS[condition.op]
    value = apply("sub", condition.args[first], condition.args[second])
    return Margin(value, is_strict)


# Of a comparison: the argument from which the other one is subtracted, that one, > or >=.
_MARGINS: dict[str, tuple[int, int, bool]] = {
    "gt": (0, 1, True),
    "ge": (0, 1, False),
    "lt": (1, 0, True),
    "le": (1, 0, False),
}
