"""A neuron's step over codes in place of floats.

A code x of `Precision.state` means x 2^-guard unit, of a port x unit; units are by neuron. Every
assignment is worked out for the codes of its target: what it adds is brought to the target's unit,
by nothing where the units were chosen so (see `units`), else by a factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..expr import Apply, Const, Expr, Ref, apply, names
from ..neuron import (
    BEFORE,
    BEHIND,
    KEEP,
    LAST_EMITTED,
    TRACE,
    Assign,
    NeuronStep,
    State,
    types_read,
)
from ..types import DType
from .coded import Coded, Moved
from .codes import Numbers, exponent, nearest
from .precision import PHASES
from .sizes import size_of
from .terms import level_of

SLACK = 1e-5  # by which a threshold may differ from what its spike takes away, as in `lif`


def _beyond(codes: Numbers) -> Numbers:
    """The least whole numbers above these."""
    return np.floor(codes) + 1.0


class IntegerStep(Coded):
    """Makes the integer step of a population; `starts` are the codes at which its states start, by
    state, [] or [neurons]."""

    def made(self) -> NeuronStep:
        """The step; CompileError(E080) for what has no integer form."""
        old = self.old
        if self.precision.spikes > 1 and any(s.name == TRACE for s in old.states):
            raise self.refused("a filter of several spikes a step", "score by spike counts")
        self.first = self._at_first()
        self.now = dict(self.first)
        how = {"reset": self._reset} if self.precision.reset == "threshold" else {}
        phases = {
            name: tuple(map(how.get(name, self._assign), old.assigns[name]))
            for name in (*BEFORE, *BEHIND)
        }
        if self.precision.sums == "each":
            phases |= self._event_by_event()
        phases |= self._late(phases)
        phases["integrate"] += self._saturated(phases)
        threshold = None if old.threshold is None else self._truth(old.threshold)
        emit = None if old.emit is None else self._at(old.emit, LAST_EMITTED)
        kept = [s for s in old.states if s.dtype is DType.I32 or s.name in self.units]
        states = (*map(self._state, kept), *self._keep())
        made = replace(
            old,
            states=(*states, *self.still.values()),
            ports=self.own_ports,
            threshold=threshold,
            emit=emit,
        ).with_phases(phases)
        read = types_read(made)
        return replace(made, constants=tuple(name for name in old.constants if name in read))

    def _at_first(self) -> dict[str, Numbers]:
        """The largest that names are at the beginning of a step: what states are clipped to, or
        what a reset makes of them."""
        clipped = {
            name: np.ldexp(self.units[name], self._bits(name) - 1 - self.types[name].frac)
            for name in self.sizes
            if name in self.known.starts
        }
        now = {**self.sizes, **clipped}
        for assign in self.old.reset:
            size = size_of(assign.value, self.known, now)
            if size is not None and assign.target in now:
                now[assign.target] = np.maximum(now[assign.target], size)
        return now

    def _state(self, state: State) -> State:
        if state.name not in self.units:
            return state
        unit, dtype = self.units[state.name], self.types[state.name]
        start, is_moving = self.rounded(np.ldexp(self.known.starts[state.name] / unit, dtype.frac))
        start = np.clip(start, dtype.low, dtype.high)  # of a largest so far, which is far below
        if start.min() == start.max() and not is_moving:
            return State(state.name, state.unit, Const(int(start.min()), dtype), dtype)
        if is_moving:
            self.moved.append(Moved(state.name, self.exacts[-1], np.rint, dtype))
        self.starts[state.name] = start
        return State(state.name, state.unit, Const(0, dtype), dtype)

    def _event_by_event(self) -> dict[str, tuple[Assign, ...]]:
        """What each event does, and what is done once a step after the last of them."""
        rest = replace(self.old, decay=(), deliver=())
        if any(names(e) & self.ports.keys() for e in rest.expressions):
            raise self.refused("what arrives, read but to deliver it,", "say `--sums exact`")
        read = [bool(names(a.value) & self.ports.keys()) for a in self.old.deliver]
        last = max((k + 1 for k, reads in enumerate(read) if reads), default=0)
        events = (a for assign in self.old.deliver[:last] for a in self._port_by_port(assign))
        after = (*self.old.deliver[last:], *self.old.integrate)
        return {"deliver": tuple(events), "integrate": tuple(map(self._assign, after))}

    def _late(self, phases: Mapping[str, tuple[Assign, ...]]) -> dict[str, tuple[Assign, ...]]:
        """The decays in the phase in which `leak` wants them, before what else is done there."""
        asked = self.precision
        if asked.leak == "first":
            return {}
        if self.sizes:
            raise self.refused("a late leak of neurons that multiply", "say `--leak first`")
        if asked.leak == "tested" and (asked.spikes, asked.threshold) != (1, "step"):
            raise self.refused("a leak after several thresholds", "say `--leak arrived`")
        phase = PHASES[asked.leak]
        return {"decay": (), phase: (*phases["decay"], *phases[phase])}

    def _keep(self) -> tuple[State, ...]:
        """What a step keeps of the trace that scores an output, as a factor."""
        if all(s.name != TRACE for s in self.old.states):
            return ()
        dtype = self.precision.number(self.precision.decay_bits + 2, self.precision.decay_bits)
        code = int(nearest(np.asarray(self.known.values[KEEP]), dtype))
        return (State(KEEP, "1", Const(code, dtype), dtype),)

    def _assign(self, assign: Assign) -> Assign:
        if assign.target not in self.units:
            return assign  # a counter
        made = Assign(assign.target, self._at(assign.value, assign.target))
        size = size_of(assign.value, self.known, self.now) if self.sizes else None
        if size is not None:
            self.now[assign.target] = size
        return made

    def _reset(self, assign: Assign) -> Assign:
        """What a spike does; where it takes the threshold away, by the least code that fires."""
        target, level = assign.target, level_of(self.old, self.known, assign.target)
        terms = self.known.terms(assign.value) if target in self.units else None
        is_taken = (
            level is not None
            and terms is not None
            and terms.factors.keys() == {target}
            and bool(np.all(terms.factors[target] == 1.0))
            and np.allclose(-terms.rest, level, rtol=SLACK, atol=0.0)
        )
        if level is None or not is_taken:
            return self._assign(assign)
        dtype, condition = self.types[target], self.old.threshold
        is_strict = isinstance(condition, Apply) and condition.op in ("gt", "lt")
        codes = np.ldexp(level / self.units[target], dtype.frac)
        taken = self.constant(codes, dtype, _beyond if is_strict else np.ceil)
        return Assign(target, apply("sub", Ref(target, dtype), taken))

    def _port_by_port(self, assign: Assign) -> list[Assign]:
        """The assignment once for each port that it reads, with what arrives there alone, and
        clipped each time."""
        terms, target = self.known.terms(assign.value), assign.target
        others = {} if terms is None or terms.rest.any() else dict(terms.factors)
        is_kept = bool(np.all(others.pop(target, 0.0) == 1.0))
        if not is_kept or not others.keys() <= self.ports.keys():
            raise self.refused(
                f"what an event does to `{target}` but for adding to it", "say `--sums exact`"
            )
        unit, dtype, found = self.units[target], self.types[target], []
        own = [(factor, name) for port, factor in others.items() for name in self.ports[port]]
        for factor, name in own:
            is_less, part = self._part(name, factor * self.units[name] / unit, dtype, False)
            value = apply("sub" if is_less else "add", Ref(target, dtype), part)
            found.append(Assign(target, self._clipped(value, target)))
        return found

    def _clipped(self, value: Expr, name: str) -> Expr:
        """A state in `state_bits`, or in fewer that hold what it came to, and not below its
        floor."""
        bits, dtype = min(self.precision.state_bits, self._bits(name)), self.types[name]
        if bits < dtype.bits:
            value = apply("saturate", value, immediate=bits)
            if self.precision.wide.is_even:
                value = apply("max", value, Const(1 - (1 << (bits - 1)), dtype))
        level = level_of(self.old, self.known, name)
        if self.precision.floor is None or level is None:
            return value
        if (level <= self.precision.floor).any():
            raise self.refused("a floor that reaches the threshold", "say a lower `--floor`")
        exact = np.ldexp(self.precision.floor / self.units[name], dtype.frac)
        floor = self.constant(exact, dtype)
        return self._above(value, floor, name)

    def _above(self, value: Expr, floor: Expr, name: str) -> Expr:
        """A state, or what `below` makes of it below its floor."""
        dtype, kept = self.types[name], apply("max", value, floor)
        if self.precision.below == "clip":
            return kept
        if self.precision.below == "subtract":  # at most 0, which the proof is told
            fallen: Expr = apply("min", apply("sub", value, floor), Const(0, dtype))
        else:
            exact = np.ldexp(-self._after_spike(name) / self.units[name], dtype.frac)
            fallen = self.constant(exact, dtype)
        return apply("select", apply("lt", value, floor), fallen, kept)

    def _after_spike(self, name: str) -> Numbers:
        """The number to which a spike resets a state."""
        held = self.old.hold if self.old.refractory is not None else ()
        for assign in (*self.old.reset, *held):
            terms = self.known.terms(assign.value) if assign.target == name else None
            if terms is not None and not terms.factors:
                return terms.rest
        way_out = "say `--below subtract`, or clip"
        raise self.refused(f"the reset of `{name}` below its floor, to no number,", way_out)

    def _bits(self, name: str) -> int:
        """The bits that hold the largest code that a state is to have."""
        if name not in self.sizes:
            return self.types[name].bits
        codes = np.ldexp(self.sizes[name] / self.units[name], self.types[name].frac).max()
        return min(max(4, 1 + exponent(np.asarray(codes))), self.types[name].bits)

    def _saturated(self, phases: Mapping[str, tuple[Assign, ...]]) -> tuple[Assign, ...]:
        """What brings the states that an update changes into `state_bits`."""
        changed = dict.fromkeys(a.target for name in BEFORE[:3] for a in phases[name])
        states = {name: self.types[name] for name in changed if name in self.units}
        clipped = {x: self._clipped(Ref(x, dtype), x) for x, dtype in states.items()}
        return tuple(Assign(x, e) for x, e in clipped.items() if isinstance(e, Apply))

    def _at(self, expr: Expr, target: str) -> Expr:
        """The codes of an expression, in the unit and the type of a state."""
        return self._codes(expr, self.units[target], self.types[target], target)
