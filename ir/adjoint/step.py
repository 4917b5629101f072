"""The adjoint of a neuron's step: from what the loss asks of a step's results to what it asks of
what the step read.

The step is first written in single assignments ("v" before the step, "v:1", "v:2", … after each
assignment), so that every value has one name. The reverse sweep then gives, for names x, the
adjoint x~ = dL/dx as assignments over the forward names and these inputs:

    "v~next"    dL/d v after the step, from the step after it
    "spike~"    dL/d (the spike that left the neuron), or "emit~" of a number that it emits

What a spike does to the states (its reset) counts too, unless the reset is detached. A state that
is held for a refractory time passes nothing on, and such a neuron's threshold is not tested.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from ..derivatives import gradients, number, plus, where
from ..diagnostics import CompileError, Diagnostic, Span
from ..expr import Const, Expr, Ref, apply, names, substitute
from ..neuron import COUNTER, LAST_EMITTED, LOST, SPIKED, Assign, NeuronStep, State, margin
from ..passes.simplify import simplify
from ..types import FLOATS, DType
from . import often
from .curves import Curve

NEXT, ADJOINT = "~next", "~"
SPIKE, EMITTED, MARGIN = "spike~", "emit~", "spiked:margin"


@dataclass(frozen=True, slots=True)
class Surrogate:
    """What stands for the derivative of a spike by the threshold's margin, `width` in the margin's
    unit. `is_through`: the reset is differentiated as well; `is_temporal`: the states' adjoints are
    passed back in time (else only through what is emitted within a step). `spikes`: the most of a
    neuron in a step."""

    curve: Curve
    width: float
    is_through: bool = True
    is_temporal: bool = True
    spikes: int = 1


@dataclass(frozen=True, slots=True)
class StepAdjoint:
    """A step in single assignments, and its reverse sweep.

    `forward`: the assignments in order. `kept`: the forward names that the sweep reads, which are
    neither constants, of a neuron or of all, nor worked out by the sweep itself: what must be
    remembered of every step. `backward`: the sweep. `states` and `ports`: the names of the adjoints
    that it gives, of the states before the step and of what arrived; without an entry where it is
    0. That of a state that nothing assigns is summed over the steps. `own`: states that the forward
    assignments have beside the step's. `moved`: by port, what a spike that sends there is asked for
    in place of that of `ports`; None where it is that.
    """

    forward: tuple[Assign, ...]
    kept: tuple[str, ...]
    backward: tuple[Assign, ...]
    states: dict[str, str]
    ports: dict[str, str]
    own: tuple[State, ...] = ()
    moved: dict[str, str] | None = None


def adjoint_of(step: NeuronStep, surrogate: Surrogate, span: Span | None = None) -> StepAdjoint:
    """The adjoint of a step; CompileError(E050) for a threshold that is no comparison, which has no
    margin, and for what `often` says of several spikes a step."""
    return _Program(step, surrogate, span).adjoint()


class _Program:
    """A step in single assignments."""

    def __init__(self, step: NeuronStep, surrogate: Surrogate, span: Span | None) -> None:
        self.step, self.surrogate = step, surrogate
        self.types = {s.name: s.dtype for s in step.states}
        self.now: dict[str, Expr] = {s.name: Ref(s.name, s.dtype) for s in step.states}
        self.forward: list[Assign] = []
        self.margin: Expr | None = None
        self.margins: tuple[Expr, ...] = ()
        for assign in step.update:
            self._assign(assign.target, assign.value)
        if step.threshold is not None:
            self._fire(span)
        if surrogate.spikes > 1 and step.threshold is not None:
            self._end_often(span)
            return
        for assign in step.after:
            self._assign(assign.target, assign.value)

    def _end_often(self, span: Span | None) -> None:
        """What follows several spikes: each does what one does."""
        changes = often.resets(self.step, span)
        if self.step.score and self.step.emit is None:
            raise CompileError(_scored(span))
        for assign in self.step.relax:
            self._assign(assign.target, assign.value)
        for state, change in changes.items():
            kept = Ref(state, change.dtype)
            added = apply("mul", Ref(SPIKED, DType.F32), change)
            self._assign(state, apply("add", kept, added))
        for assign in self.step.score:
            self._assign(assign.target, assign.value)

    def _assign(self, target: str, value: Expr) -> None:
        count = sum(a.target.partition(":")[0] == target for a in self.forward) + 1
        self._define(f"{target}:{count}", simplify(substitute(value, self.now)))
        self.now[target] = Ref(f"{target}:{count}", self.types[target])

    def _define(self, name: str, value: Expr) -> None:
        self.forward.append(Assign(name, value))

    def _fire(self, span: Span | None) -> None:
        assert self.step.threshold is not None
        found = margin(self.step.threshold)
        if found is None or found.value.dtype not in FLOATS:
            raise CompileError(_no_margin(span))
        self.margin = simplify(substitute(found.value, self.now))
        if self.surrogate.spikes == 1:
            self.margins = (self.margin,)
            self._define(SPIKED, simplify(substitute(self.step.spike, self.now)))
            return
        each = often.margins(found.value, often.resets(self.step, span), self.surrogate.spikes)
        self.margins = tuple(simplify(substitute(m, self.now)) for m in each)
        self._define(SPIKED, _count(self.margins, found.is_strict))

    def carried(self) -> list[State]:
        """The real states that the step reads, and what the output emits, which the loss reads."""
        read = {name for assign in self.forward for name in names(assign.value)}
        assigned = {a.target.partition(":")[0] for a in self.forward}
        real = [s for s in self.step.states if s.dtype in FLOATS and not s.name.endswith(LOST)]
        read |= {LAST_EMITTED}
        return [s for s in real if s.name in read or s.name not in assigned]

    def adjoint(self) -> StepAdjoint:
        """The step and its sweep."""
        sweep = _Sweep(self)
        for assign in reversed(self.forward):
            sweep.through(assign)
        read = [s.name for s in self.carried()]
        ends = {name: sweep.end(name) for name in (*read, *self.step.ports) if sweep.has(name)}
        backward = tuple(sweep.backward)

        def of(wanted: Iterable[str]) -> dict[str, str]:
            return {name: ends[name] for name in wanted if name in ends}

        return StepAdjoint(
            tuple(self.forward),
            self._kept(backward),
            backward,
            of(read),
            of(self.step.ports),
        )

    def _kept(self, backward: tuple[Assign, ...]) -> tuple[str, ...]:
        made = {a.target for a in backward}
        read = {name for a in backward for name in names(a.value)} - made
        given = {s.name + NEXT for s in self.step.states} | {SPIKE, EMITTED}
        return tuple(sorted(read - given - set(self.step.constants) - self.step.still))


class _Sweep:
    """The reverse sweep: sums of adjoints by forward name, written out when a name is complete."""

    def __init__(self, program: _Program) -> None:
        self.program = program
        self.sums: dict[str, Expr] = {}
        self.backward: list[Assign] = []
        step, surrogate = program.step, program.surrogate
        for state in program.carried():
            if surrogate.is_temporal or state.name in {LAST_EMITTED, *step.still}:
                last = program.now[state.name]
                assert isinstance(last, Ref)
                self._add(last.name, Ref(state.name + NEXT, state.dtype))
        if step.emit is not None:
            emitted = substitute(step.emit, program.now)
            self._spread(simplify(emitted), Ref(EMITTED, step.emit.dtype))

    def has(self, name: str) -> bool:
        return name in self.sums

    def end(self, name: str) -> str:
        """The name of the adjoint of what the step read."""
        self._write(name)
        return name + ADJOINT

    def through(self, assign: Assign) -> None:
        """Pass the adjoint of an assignment's target on to what it read."""
        if assign.target == SPIKED:
            self._threshold(assign)
        elif assign.target in self.sums:
            self._write(assign.target)
            seed = Ref(assign.target + ADJOINT, assign.value.dtype)
            self._spread(assign.value, seed)
            if self.program.surrogate.spikes == 1:
                self._of_spike(assign.value, seed)

    def _of_spike(self, value: Expr, seed: Expr) -> None:
        """What a reset asks of the spike: the difference that it makes."""
        is_reset = SPIKED in names(value) and value.dtype in FLOATS
        if is_reset and self.program.surrogate.is_through:
            on, off = (
                simplify(substitute(value, {SPIKED: Const(fired, DType.BOOL)}))
                for fired in (True, False)
            )
            self._add(SPIKED, apply("mul", seed, apply("sub", on, off)))

    def _threshold(self, assign: Assign) -> None:
        """The margin's adjoint: that of the spike by the surrogate, 0 in refractory steps."""
        if self.program.step.emit is None:
            self._add(SPIKED, Ref(SPIKE, DType.F32))
        if SPIKED not in self.sums:
            return
        self._write(SPIKED)
        surrogate, parts = self.program.surrogate, list[Expr]()
        assert self.program.margin is not None
        for k, reach in enumerate(self.program.margins):
            name = MARGIN + (f":{k}" if k else "")
            self.backward.append(Assign(name, reach))
            m = Ref(name, reach.dtype)
            parts.append(surrogate.curve(m, number(surrogate.width, m)))
        slope = reduce(lambda a, b: apply("add", a, b), parts)
        reach = self.program.margin
        part: Expr = apply("mul", Ref(SPIKED + ADJOINT, reach.dtype), slope)
        if self.program.step.refractory is not None:
            part = where(apply("le", COUNTER, Const(0, DType.I32)), part)
        self.backward.append(Assign(MARGIN + ADJOINT, part))
        self._spread(reach, Ref(MARGIN + ADJOINT, reach.dtype))

    def _spread(self, value: Expr, seed: Expr) -> None:
        for name, part in gradients(value, seed).items():
            # Of several spikes the reset is a sum, which asks the spikes as one of its terms.
            if name != SPIKED or self.program.surrogate.is_through:
                self._add(name, part)

    def _add(self, name: str, part: Expr) -> None:
        self.sums[name] = plus(self.sums.get(name), part)

    def _write(self, name: str) -> None:
        value = simplify(self.sums[name])
        self.backward.append(Assign(name + ADJOINT, value))


def _count(margins: tuple[Expr, ...], is_strict: bool) -> Expr:
    """How many of the margins are passed, a number."""
    one, none = Const(1.0, DType.F32), Const(0.0, DType.F32)
    test = "gt" if is_strict else "ge"
    parts: list[Expr] = [
        apply("select", apply(test, m, Const(0.0, m.dtype)), one, none) for m in margins
    ]
    return reduce(lambda a, b: apply("add", a, b), parts)


def _scored(span: Span | None) -> Diagnostic:
    return Diagnostic(
        "E050",
        "an output that fires several times in a step is scored by its spikes alone",
        span,
        help="leave out its `readout`, or take `--spikes 1`",
    )


def _no_margin(span: Span | None) -> Diagnostic:
    return Diagnostic(
        "E050",
        "a surrogate gradient needs a threshold with a margin, and this condition to fire is no "
        "single comparison of numbers",
        span,
        help="write it as one comparison, such as `spike when v >= v_th`; of several, compare "
        "their min or max",
    )
