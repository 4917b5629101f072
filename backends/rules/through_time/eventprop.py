"""The scan of EventProp (Wunderlich & Pehle 2021) as the adjoint of a step: the exact gradient of
spike times.

Of a neuron that is linear below threshold, with synaptic currents,

    c <- keep_c c + weight i,    v <- keep v + drift + sum of (drive c + gain i)

let u be v when the threshold is tested, rise = u - v before the step, rise+ what the next step adds
to v after the reset where nothing arrives, B = dL/d(time of the spike), a step. A spike's time
answers u by -1 / rise: with L+ = dL/dv after the step, from the last step on,

    L = L+                                  where it did not fire
    L = (rise+ L+ - B) / rise               where it fired
    v~ = keep L,    c~ = drive L + keep_c c~+,    i~ = gain L + weight c~+

While v is held after a spike nothing depends on it: there v~ hands dL/d(time of the release),
rise+ L+ of the last step held, down to the spike. A later arrival is asked for

    i~ - (gain v~ + weight c~)

the difference to an arrival a step earlier: in the limit of short steps the paper's lambda_V -
lambda_I. That is what B consists of, beside what the loss asks of the time.
"""

from __future__ import annotations

from ....ir.adjoint.curves import CURVES
from ....ir.adjoint.step import ADJOINT, EMITTED, NEXT, SPIKE, StepAdjoint, Surrogate, adjoint_of
from ....ir.analysis.affine import affine_terms, reached_terms
from ....ir.analysis.linear import LinearNeuron, Why, linear_neuron
from ....ir.analysis.reset import ResetKind
from ....ir.calls import number as argument
from ....ir.derivatives import number, where
from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.expr import Const, Expr, Ref, apply, names
from ....ir.graph import Call, Population
from ....ir.neuron import COUNTER, REFRACTORY, SPIKED, Assign, NeuronStep
from ....ir.passes.simplify import simplify
from ....ir.schemes import SCHEMES
from ....ir.types import DType
from ..reach import require_weights_alone

# What a step remembers: of L+ what L has, and what v~ has of a neuron that is held; of B.
PASSED, CARRIED, STEEP = "passed~", "carried~", "steep~"
TESTED, LATER = "tested" + ADJOINT, "later" + ADJOINT


def eventprop_scan(population: Population, rule: Call) -> StepAdjoint:
    """The scan of a population's step; CompileError(E050) for a neuron of another form. One that
    never spikes, a readout, has the exact adjoint."""
    step = population.step
    assert step is not None
    if step.threshold is None:
        return _of_readout(population, rule)
    require_weights_alone((population,), rule)
    return _Scan(step, _require_form(population, rule), rule).adjoint()


def _require_form(population: Population, rule: Call) -> LinearNeuron:
    """The neuron as numbers; CompileError(E050) where its spike times have no exact gradient."""
    found = linear_neuron(population)
    reason = found.reason if isinstance(found, Why) else _reason(population, found)
    if isinstance(found, Why) or reason:
        way_out = "take `lif`, `cuba_lif` or a model of that form, or learn by `rule surrogate`"
        raise _refused(population, rule, reason, way_out)
    return found


def _reason(population: Population, neuron: LinearNeuron) -> str:
    """Why a linear neuron is none of this rule's; "" if it is one."""
    if not SCHEMES[population.method].has_phases:
        return f"its equations are solved by `{population.method}`, and not by `euler` or `exact`"
    v = neuron.voltage
    assert population.step is not None
    if population.step.emit is not None:
        return "it emits a number in place of its spikes"
    if neuron.reset is None or neuron.reset.kind is ResetKind.EXPRESSION:
        return f"a spike does not set `{v}` to a number, or take one from it"
    if neuron.refractory and [state for state, _ in neuron.holds] != [v]:
        return f"it is not `{v}` alone that its refractory time holds"
    at_once = [s.port for s in neuron.synapses if s.current is None or s.keep_c == 0.0]
    if at_once:
        return f"what arrives at `{at_once[0]}` moves `{v}` at once, not by a synaptic current"
    return ""


def _refused(population: Population, rule: Call, reason: str, way_out: str) -> CompileError:
    message = f"`{rule.kind}` cannot train `{population.name}`: {reason}"
    return CompileError(Diagnostic("E050", message, population.span, help=way_out))


class _Scan:
    """The assignments of a step's scan."""

    def __init__(self, step: NeuronStep, neuron: LinearNeuron, rule: Call) -> None:
        self.step, self.neuron, self.rule, self.v = step, neuron, rule, neuron.voltage
        self.forward = adjoint_of(step, _UNUSED).forward
        self.rows = affine_terms(step, step.decay, step.deliver, step.integrate)
        self.ends = {a.target.partition(":")[0]: Ref(a.target, a.value.dtype) for a in self.forward}

    def _of(self, state: str, name: str) -> Expr:
        """What a step makes of a state by a state before it, a port, or (the name "") nothing."""
        return simplify((self.rows[state] or {}).get(name, Const(0.0)))

    def adjoint(self) -> StepAdjoint:
        """The scan; what it keeps of a step is what it reads."""
        backward = [*self._voltage()]
        states, ports, moved = {self.v: self.v + ADJOINT}, {}, {}
        for synapse in self.neuron.synapses:
            c, port = synapse.current, synapse.port
            assert c is not None
            backward += [self._passed(c, c), self._passed(port, c), self._moved(port, c)]
            states[c], ports[port], moved[port] = c + ADJOINT, port + ADJOINT, port + LATER
        forward = (*self.forward, *self._kept())
        return _made(self.step, forward, backward, states, ports, moved)

    def _kept(self) -> tuple[Assign, ...]:
        """PASSED, STEEP and CARRIED of a step, from what it did."""
        spiked, released = Ref(SPIKED, DType.BOOL), self._released()
        steep = where(spiked, self._steep())
        kept = number(1.0, steep) if self.step.refractory is None else self._unless_held()
        passed = apply("select", spiked, apply("mul", released, Ref(STEEP, steep.dtype)), kept)
        assigns = (Assign(STEEP, simplify(steep)), Assign(PASSED, simplify(passed)))
        if self.step.refractory is None:
            return assigns
        return (*assigns, Assign(CARRIED, where(_HELD, released)))

    def _unless_held(self) -> Expr:
        return apply(
            "select", _HELD, number(0.0, self.ends[self.v]), number(1.0, self.ends[self.v])
        )

    def _released(self) -> Expr:
        """rise+ of a step after which it is free; 1 of one after which it is held."""
        v = self.ends[self.v]
        terms = [apply("mul", self._of(self.v, self.v), v), self._of(self.v, "")]
        for synapse in self.neuron.synapses:
            assert synapse.current is not None
            drive = self._of(self.v, synapse.current)
            terms.append(apply("mul", drive, self.ends[synapse.current]))
        total = terms[0]
        for term in terms[1:]:
            total = apply("add", total, term)
        rise = simplify(apply("sub", total, v))
        if self.step.refractory is None:
            return rise
        is_free = apply("le", self.ends[REFRACTORY], Const(0, DType.I32))
        return apply("select", is_free, rise, number(1.0, rise))

    def _steep(self) -> Expr:
        """1 / rise, at most the bound; 0 of a neuron that fires though it did not rise."""
        before = [a.target for a in self.forward]
        tested = {
            a.target.partition(":")[0]: Ref(a.target, a.value.dtype)
            for a in self.forward[: before.index(SPIKED)]
        }
        u = tested[self.v]
        rise = apply("sub", u, Ref(self.v, u.dtype))
        least = number(1.0 / argument(self.rule, "bound"), rise)
        slope = apply("div", number(1.0, rise), apply("max", rise, least))
        return where(apply("ge", rise, number(0.0, rise)), slope)

    def _voltage(self) -> tuple[Assign, ...]:
        """L, and what v before the step is asked for."""
        later = Ref(self.v + NEXT)
        jump = apply("mul", Ref(STEEP), Ref(SPIKE))
        tested = apply("sub", apply("mul", Ref(PASSED), later), jump)
        v = apply("mul", self._of(self.v, self.v), Ref(TESTED))
        if self.step.refractory is not None:
            v = apply("add", v, apply("mul", Ref(CARRIED), later))
        return Assign(TESTED, simplify(tested)), Assign(self.v + ADJOINT, simplify(v))

    def _passed(self, name: str, c: str) -> Assign:
        """What the current c before the step, or what arrived at its port, is asked for."""
        by_v = apply("mul", self._of(self.v, name), Ref(TESTED))
        by_c = apply("mul", self._of(c, name), Ref(c + NEXT))
        return Assign(name + ADJOINT, simplify(apply("add", by_v, by_c)))

    def _moved(self, port: str, c: str) -> Assign:
        """What a later arrival at a port is asked for."""
        keep = apply("mul", self._of(self.v, self.v), Ref(TESTED))
        by_v = apply("mul", self._of(self.v, port), keep)
        by_c = apply("mul", self._of(c, port), Ref(c + ADJOINT))
        earlier = apply("add", by_v, by_c)
        return Assign(port + LATER, simplify(apply("sub", Ref(port + ADJOINT), earlier)))


def _of_readout(population: Population, rule: Call) -> StepAdjoint:
    """The exact adjoint of a step without spikes, and what a later arrival is asked for; refused
    unless its states are affine in what has arrived."""
    step = population.step
    assert step is not None
    found = adjoint_of(step, _UNUSED, population.span)
    rows = reached_terms(step, step.decay, step.deliver, step.integrate)
    bent = [state for state in found.states if rows.get(state, {}) is None]
    if bent:
        reason = f"`{bent[0]}` is not linear in what arrives, whose time has no exact gradient"
        raise _refused(population, rule, reason, "read out by `li` or `li_mean`")
    backward = list(found.backward)
    for port, name in found.ports.items():
        moved: Expr = Ref(name)
        for state, own in found.states.items():
            by_port = simplify((rows.get(state) or {}).get(port, Const(0.0)))
            moved = apply("sub", moved, apply("mul", by_port, Ref(own)))
        backward.append(Assign(port + LATER, simplify(moved)))
    moved_ports = {port: port + LATER for port in found.ports}
    return _made(step, found.forward, backward, found.states, found.ports, moved_ports)


def _made(
    step: NeuronStep,
    forward: tuple[Assign, ...],
    backward: list[Assign],
    states: dict[str, str],
    ports: dict[str, str],
    moved: dict[str, str],
) -> StepAdjoint:
    """A scan that keeps what it reads."""
    read = {name for a in backward for name in names(a.value)} - {a.target for a in backward}
    given = {s.name + NEXT for s in step.states} | {SPIKE, EMITTED, *step.constants, *step.still}
    return StepAdjoint(
        forward, tuple(sorted(read - given)), tuple(backward), states, ports, moved=moved
    )


_HELD = apply("gt", COUNTER, Const(0, DType.I32))
# No adjoint here passes a spike by a curve.
_UNUSED = Surrogate(CURVES["arctan"], 1.0)
