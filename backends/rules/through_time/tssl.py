"""The scan of TSSL-BP (Zhang & Li 2020) as the adjoint of a step: intra-neuron and inter-neuron
dependencies of spike times, in O(T) a neuron.

Of a neuron v <- keep v + (what arrives), set to 0 by a spike where v > v_th, let u[t] be v before
that reset, rise[t] = u[t] - v before the step, s[t] its spike, B[t] = dL/d(spike). From the last
step on, with L = 0 after it:

    L[t] = s[t] ? steep (B[t] + (1 - keep) u[t] L[t+1]) : keep L[t+1]
           steep = min(1 / rise[t], bound)
    g[t] = B[t] f(u[t] - v_th)  where no spike was near, trace[t] < 1/4;  else L[t]

g is dL/d(what arrived at v in step t), `trace` the neuron's own spikes filtered by its synapse, and
f the logistic curve, which stops falling 8 widths away from the threshold. The synapse is linear:
its adjoint is exact, and makes of g what the spikes below are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....ir.adjoint.curves import CURVES
from ....ir.adjoint.step import ADJOINT, NEXT, SPIKE, StepAdjoint, Surrogate, adjoint_of
from ....ir.analysis.affine import affine_terms
from ....ir.analysis.linear import LinearNeuron, Why, linear_neuron
from ....ir.analysis.reset import ResetKind
from ....ir.calls import number as argument
from ....ir.derivatives import number, where
from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.expr import Const, Expr, Ref, apply, names, substitute
from ....ir.graph import Call, Population
from ....ir.neuron import SPIKED, Assign, NeuronStep, State, margin
from ....ir.passes.simplify import simplify
from ....ir.schemes import SCHEMES
from ....ir.types import DType
from ..reach import require_weights_alone

TRACE, QUIET = "trace~", "quiet~"
NEAR = 0.25  # of a single spike's trace: below it no spike is near
FAR = 8.0  # widths from the threshold at which the curve stops falling


def tssl_scan(population: Population, rule: Call) -> StepAdjoint:
    """The scan of a population's step; CompileError(E050) for a neuron of another form. One that
    never spikes, a readout, has the exact adjoint."""
    step = population.step
    assert step is not None
    if step.threshold is None:
        return adjoint_of(step, _curve(rule), population.span)
    neuron = require_form(population, rule)
    require_weights_alone((population,), rule)
    return _Scan(step, neuron, rule).adjoint()


def _curve(rule: Call) -> Surrogate:
    """What stands for the derivative of a spike where none is near."""
    return Surrogate(CURVES["sigmoid"], argument(rule, "width"))


def require_form(population: Population, rule: Call) -> LinearNeuron:
    """The neuron as numbers; CompileError(E050) unless it is linear with one synaptic current, set
    to 0 by a spike and never refractory."""
    found = linear_neuron(population)
    reason = found.reason if isinstance(found, Why) else _reason(population, found)
    if isinstance(found, Why) or reason:
        raise CompileError(
            Diagnostic(
                "E050",
                f"`{rule.kind}` cannot train `{population.name}`: {reason}",
                population.span,
                help="take `tssl`, `lif(refractory = 0 ms)` or a model of that form, or learn by "
                "`rule surrogate`",
            )
        )
    return found


def _reason(population: Population, neuron: LinearNeuron) -> str:
    """Why a linear neuron is none of this rule's; "" if it is one."""
    if not SCHEMES[population.method].has_phases:
        return f"its equations are solved by `{population.method}`, and not by `euler` or `exact`"
    if neuron.refractory:
        return "it has a refractory time"
    if neuron.reset is None or neuron.reset.kind is not ResetKind.ZERO:
        return f"a spike does not set `{neuron.voltage}` to 0"
    if [s for s in neuron.synapses if s.current is None] or len(neuron.synapses) != 1:
        return "it does not have one synaptic current"
    return ""


@dataclass(frozen=True, slots=True)
class _Row:
    """What a step makes of a state: coefficients over the states before it and the port."""

    terms: dict[str, Expr]

    def of(self, name: str) -> Expr:
        """The coefficient of a name."""
        return simplify(self.terms.get(name, Const(0.0)))


class _Scan:
    """The assignments of a step's scan."""

    def __init__(self, step: NeuronStep, neuron: LinearNeuron, rule: Call) -> None:
        self.step, self.rule = step, rule
        (synapse,) = neuron.synapses
        assert synapse.current is not None
        self.v, self.c, self.port = neuron.voltage, synapse.current, synapse.port
        self.surrogate = _curve(rule)
        self.forward = adjoint_of(step, self.surrogate).forward
        before = self.forward[: [a.target for a in self.forward].index(SPIKED)]
        self.tested: dict[str, Expr] = {  # the states when the threshold is tested
            a.target.partition(":")[0]: Ref(a.target, a.value.dtype) for a in before
        }
        rows = affine_terms(step, step.decay, step.deliver, step.integrate)
        self.of_v, self.of_c = _Row(rows[self.v] or {}), _Row(rows[self.c] or {})

    def adjoint(self) -> StepAdjoint:
        """The scan; what it keeps of a step is what it reads."""
        backward = (*self._voltage(), *self._synapse())
        made = {a.target for a in backward}
        read = {name for a in backward for name in names(a.value)} - made
        given = {self.v + NEXT, self.c + NEXT, SPIKE, *self.step.constants}
        return StepAdjoint(
            (*self.forward, *self._own()),
            tuple(sorted(read - given)),
            backward,
            {self.v: "later" + ADJOINT, self.c: self.c + ADJOINT},
            {self.port: self.port + ADJOINT},
            (State(TRACE, "1", Const(0.0)),),
        )

    def _own(self) -> tuple[Assign, ...]:
        """The trace of the neuron's own spikes, and whether none is near."""
        spike = apply("select", Ref(SPIKED, DType.BOOL), Const(1.0), Const(0.0))
        kept = apply("mul", self.of_c.of(self.c), Ref(TRACE))
        near = apply("lt", Ref(TRACE + ":1"), Const(NEAR))
        return Assign(TRACE + ":1", apply("add", kept, spike)), Assign(QUIET, near)

    def _voltage(self) -> tuple[Assign, ...]:
        """L and g of a step."""
        u, spiked, asked = self.tested[self.v], Ref(SPIKED, DType.BOOL), Ref(SPIKE)
        keep, later = self.of_v.of(self.v), Ref(self.v + NEXT)
        reset = apply("mul", apply("mul", apply("sub", Const(1.0), keep), u), later)
        fired = apply("mul", self._steep(u), apply("add", asked, reset))
        passed = apply("select", spiked, fired, apply("mul", keep, later))
        far = apply("mul", asked, self._near_threshold())
        return (
            Assign("later" + ADJOINT, simplify(passed)),
            Assign(
                self.v + ADJOINT,
                apply("select", Ref(QUIET, DType.BOOL), simplify(far), Ref("later" + ADJOINT)),
            ),
        )

    def _steep(self, u: Expr) -> Expr:
        """1 / rise, at most the bound; 0 of a neuron that fires though it did not rise."""
        rise = apply("sub", u, Ref(self.v))
        least = number(1.0 / argument(self.rule, "bound"), rise)
        slope = apply("div", Const(1.0), apply("max", rise, least))
        return where(apply("ge", rise, Const(0.0)), slope)

    def _near_threshold(self) -> Expr:
        """The curve at u - v_th."""
        assert self.step.threshold is not None
        found = margin(self.step.threshold)
        assert found is not None
        reach = simplify(substitute(found.value, self.tested))
        width = self.surrogate.width
        low, high = number(-FAR * width, reach), number(FAR * width, reach)
        clipped = apply("max", apply("min", reach, high), low)
        return self.surrogate.curve(clipped, number(width, reach))

    def _synapse(self) -> tuple[Assign, ...]:
        """What the current before the step, and what arrived, are asked for."""
        g, later = Ref(self.v + ADJOINT), Ref(self.c + NEXT)
        return tuple(
            Assign(
                name + ADJOINT,
                simplify(
                    apply(
                        "add",
                        apply("mul", self.of_v.of(name), g),
                        apply("mul", self.of_c.of(name), later),
                    )
                ),
            )
            for name in (self.c, self.port)
        )
