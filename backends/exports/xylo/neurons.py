"""The neurons of a quantized network as those of Xylo: what of its step is which of the chip's
numbers.

All that arrives: I = sat(I + weight), one event after the other. Once a step I -= I >> dash, by 1
towards 0 where that is 0 and I is not, then V = sat(V + sat(sat(sum of I - V >> dash) + bias)), and
while V >= threshold: a spike, and V -= threshold. The step must be that very one: anything else is
refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.expr import Apply, Expr, Ref, apply, evaluate, names, walk
from ....ir.graph import Population
from ....ir.integers.codes import narrowed
from ....ir.integers.decays import shift_decay
from ....ir.integers.late import at_most, parts_of
from ....ir.model import Model, start_of
from ....ir.neuron import LEFT, Assign, NeuronStep, port_types
from ....ir.types import Fixed

Codes = npt.NDArray[np.int64]
STATE_BITS = 16
MOST = (1 << (STATE_BITS - 1)) - 1
MOST_DASH, MOST_SYNAPSES = 15, 2
_QUANTIZE = "quantize it for the chip: snncc quantize MODEL --target xylo_audio3"


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A population's neurons: the names of the states that are their `voltage` and `currents`, the
    shifts of both, `thresholds` and `biases` [neurons]. `ports`: the number of the current to which
    what arrives there is added, and 1, or -1 where it is taken away. `guard`: a weight's shift."""

    population: Population
    voltage: str
    currents: tuple[str, ...]
    dash: int
    dashes: tuple[int, ...]
    thresholds: Codes
    biases: Codes
    ports: dict[str, tuple[int, int]]
    guard: int

    @property
    def name(self) -> str:
        """That of the population."""
        return self.population.name


def cells_of(model: Model, population: Population) -> Cells:
    """The cells of a population; CompileError(E071) for a step that is not the chip's."""
    return _Reader(model, population).read()


class _Reader:
    def __init__(self, model: Model, population: Population) -> None:
        assert population.step is not None
        self.population, self.step = population, population.step
        self.starts: dict[str, Any] = {
            s.name: start_of(model, population, s, {}, np.float64) for s in self.step.states
        }
        self.still = {name: self.starts[name] for name in self.step.still}
        self.types = {s.name: s.dtype for s in self.step.states}

    def read(self) -> Cells:
        if self.population.role == "output" and LEFT not in self.types:
            raise self._refused("fires more than once in a step, and outputs once", _QUANTIZE)
        self._require_plain()
        voltage, level = self._threshold()
        dash, currents, dashes, biases = self._sum(voltage)
        ports = dict(self._ports(currents))
        wanted = self._reset(voltage, level)
        if self.step.reset != wanted.reset or self.step.decay != wanted.decay:
            raise self._refused("is not reset by its threshold alone", "write `v = v - v_th`")
        dtype = self.types[voltage]
        assert isinstance(dtype, Fixed)
        return Cells(
            self.population,
            voltage,
            currents,
            dash,
            dashes,
            self._value(level, "a threshold", 1),
            biases,
            ports,
            dtype.frac,
        )

    def _require_plain(self) -> None:
        step = self.step
        if step.refractory is not None or step.hold or step.relax or step.score:
            raise self._refused(
                "keeps more than a voltage and currents",
                "take no refractory time, and count spikes",
            )
        moving = [n for n in self.starts if n not in self.still and n != LEFT]
        if any(np.any(np.asarray(self.starts[name]) != 0) for name in moving):
            raise self._refused("starts at other states than 0", "let its states start at 0")

    def _threshold(self) -> tuple[str, Expr]:
        condition = self.step.threshold
        if isinstance(condition, Apply) and condition.op == "ge":
            state, level = condition.args
            if isinstance(state, Ref) and names(level) <= self.step.still:
                return state.name, level
        raise self._refused("has no threshold `v >= v_th`", "write `spike when v >= v_th`")

    def _reset(self, voltage: str, level: Expr) -> NeuronStep:
        """A step that is reset as the chip's neurons are."""
        state = Ref(voltage, level.dtype)
        bare = NeuronStep((), (), (), reset=(Assign(voltage, apply("sub", state, level)),))
        return bare if LEFT not in self.types else at_most(bare, 1)

    def _sum(self, voltage: str) -> tuple[int, tuple[str, ...], tuple[int, ...], Codes]:
        """The shift of the voltage, the currents with theirs, and what is added beside them."""
        added = [a for a in self.step.integrate if not self._is_clip(a)]
        (last, decays) = (added[-1], added[:-1]) if added else (None, [])
        if last is None or last.target != voltage:
            raise self._not_its_step(voltage)
        currents = tuple(a.target for a in decays)
        dashes = tuple(self._decays(a) for a in decays)
        if not 1 <= len(currents) <= MOST_SYNAPSES:
            way_out = "take a neuron with a synaptic current, or with two"
            raise self._refused(f"has {len(currents)} synaptic currents", way_out)
        change, biases = self._biased(last)
        terms = list(parts_of(change))
        arriving = sorted(e.name for sign, e in terms if sign > 0 and isinstance(e, Ref))
        taken = [e for sign, e in terms if sign < 0]
        if arriving != sorted(currents) or len(taken) != 1 or len(terms) != len(currents) + 1:
            raise self._not_its_step(voltage)
        return self._shift(voltage, taken[0]), currents, dashes, biases

    def _biased(self, assign: Assign) -> tuple[Expr, Codes]:
        """What is added to the voltage and clipped, without the bias, and that [neurons]."""
        (sign, change), *others = self._without(assign)
        if others or sign < 0:
            raise self._not_its_step(assign.target)
        inner, bias = self._clipped(change, assign.target), np.zeros((), np.int64)
        parts = list(parts_of(inner))
        standing = [part for part in parts if names(part[1]) <= self.step.still]
        if len(standing) == 1 and len(parts) == 2:
            sign, number = standing[0]
            bias = sign * self._value(number, "a bias", -MOST - 1)
            (inner,) = (self._clipped(e, assign.target) for s, e in parts if (s, e) != standing[0])
        neurons = self.population.neurons
        return inner, np.broadcast_to(np.asarray(bias, np.int64), (neurons,))

    def _without(self, assign: Assign) -> list[tuple[int, Expr]]:
        """What is added to the target of an assignment."""
        itself = Ref(assign.target, assign.value.dtype)
        parts = list(parts_of(assign.value))
        if parts.count((1, itself)) != 1:
            raise self._not_its_step(assign.target)
        parts.remove((1, itself))
        return parts

    def _clipped(self, expr: Expr, state: str) -> Expr:
        """What is clipped to the bits of a state."""
        if isinstance(expr, Apply) and (expr.op, expr.immediate) == ("saturate", STATE_BITS):
            return expr.args[0]
        raise self._not_its_step(state)

    def _decays(self, assign: Assign) -> int:
        """The shift of a state that decays by itself."""
        value = assign.value
        if isinstance(value, Apply) and value.op == "sub" and isinstance(value.args[0], Ref):
            return self._shift(assign.target, value.args[1], least=0)
        raise self._not_its_step(assign.target)

    def _shift(self, state: str, taken: Expr, least: int = 1) -> int:
        """The shift by which that is taken from a state."""
        found = [n for n in walk(taken) if isinstance(n, Apply) and n.op == "shr"]
        places = found[0].immediate if found else None
        if not isinstance(places, int):
            raise self._not_its_step(state)
        whole = shift_decay(Ref(state, taken.dtype), places)
        if not (isinstance(whole, Apply) and whole.args[1] == taken):
            raise self._not_its_step(state)
        if not least <= places <= MOST_DASH:
            message = f"has a `{state}` that decays by a shift of {places}"
            raise self._refused(message, f"take a time constant of 2 to {1 << MOST_DASH} steps")
        return places

    def _ports(self, currents: tuple[str, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
        """The current at which each port ends, and the sign."""
        types = port_types(self.step)
        for assign in self.step.deliver:
            state, dtype = assign.target, self.types[assign.target]
            read = names(assign.value) - {state}
            if state not in currents or len(read) != 1 or not isinstance(dtype, Fixed):
                raise self._not_its_step(state)
            (port,) = read
            each = Ref(state, dtype), narrowed(Ref(port, types[port]), dtype)
            sums = [apply(op, *each) for op in ("add", "sub")]
            made = [apply("saturate", e, immediate=STATE_BITS) for e in sums]
            if assign.value not in made:
                raise self._not_its_step(state)
            yield port, (currents.index(state), 1 - 2 * made.index(assign.value))
        if sorted(self.step.ports) != sorted(
            p for a in self.step.deliver for p in names(a.value) - {a.target}
        ):
            raise self._not_its_step(currents[0])

    def _is_clip(self, assign: Assign) -> bool:
        own = Ref(assign.target, assign.value.dtype)
        return assign.value == apply("saturate", own, immediate=STATE_BITS) and any(
            a.target == assign.target
            for a in self.step.integrate[: self.step.integrate.index(assign)]
        )

    def _value(self, expr: Expr, what: str, least: int) -> Codes:
        """A number of each neuron, [neurons], that 16 bits hold."""
        found = np.asarray(evaluate(expr, self.still), np.int64)
        if not ((found >= least) & (found <= MOST)).all():
            message = f"has {what} of {int(found.flat[abs(found).argmax()])}"
            wanted = f"{message}, and the chip has {least} to {MOST}"
            raise self._refused(wanted, "quantize it with fewer guard bits: --guard 2")
        return np.broadcast_to(found, (self.population.neurons,))

    def _not_its_step(self, state: str) -> CompileError:
        return self._refused(
            f"does something else with `{state}` than a neuron of Xylo",
            "take a current that decays, and a voltage that decays and adds it up, with "
            "`method euler`, quantized with --target xylo_audio3",
        )

    def _refused(self, what: str, way_out: str) -> CompileError:
        name, span = self.population.name, self.population.span
        return CompileError(Diagnostic("E071", f"`{name}` {what}", span, help=way_out))
