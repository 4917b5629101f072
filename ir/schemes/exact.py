"""Exponential propagation of a linear system: exact while inputs are constant over the step."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np
import numpy.typing as npt

from ..diagnostics import CompileError, Diagnostic, Note
from ..expr import Expr, Ref, affine, apply, evaluate
from ..neuron import Assign, NeuronModel
from .scheme import Scheme
from .simultaneous import sequence

Matrix = npt.NDArray[np.float64]
System = dict[str, dict[str, Expr]]


def exact(model: NeuronModel, dt: float) -> Scheme:
    """The step x <- exp(A dt) x + (integral of exp(A s) over the step) (B i + g), then `on_input`.

    The matrices are those of dx/dt = A x + B i + g with the ports i held; E031 if the ODEs are
    not of that form. The propagation is the phase decay, although it reads ports; inputs that jump
    a state do so after it.
    """
    system = _linear_system(model)
    basis = _basis(model, system)
    reaches = _reaches(system, basis)
    terms = [
        (target, source)
        for target in system
        for source in basis
        if reaches[basis.index(target), basis.index(source)]
    ]
    assigns = [_propagate(model, target, basis, reaches) for target in system]
    decay, kept = sequence(assigns, model.states)
    rows, columns = ([basis.index(pair[side]) for pair in terms] for side in (0, 1))

    def values(parameters: Mapping[str, float]) -> tuple[float, ...]:
        propagator = exponential(dt * _matrix(system, basis, parameters))
        return tuple(float(x) for x in propagator[rows, columns])

    names = tuple(_coefficient(target, source) for target, source in terms)
    return Scheme(decay, model.on_input, (), kept, names, values)


def _coefficient(target: str, source: str) -> str:
    return f"exact.{target}.{source or '1'}"


def _linear_system(model: NeuronModel) -> System:
    variables = frozenset(s.name for s in model.states) | frozenset(model.ports)
    system: System = {}
    for ode in model.derivatives:
        terms = affine(ode.value, variables)
        if terms is None:
            raise CompileError(_not_linear(model, ode.target))
        system[ode.target] = terms
    return system


def _not_linear(model: NeuronModel, state: str) -> Diagnostic:
    declared = () if model.span is None else (Note(model.span, "the model"),)
    return Diagnostic(
        "E031",
        f"`{model.name}` cannot be discretized exactly: d{state}/dt is not linear in its states "
        "and inputs",
        model.span,
        related=declared,
        help="use `method = euler`",
    )


def _basis(model: NeuronModel, system: System) -> list[str]:
    """What the system reads: its states, then other states and ports, then "" for 1."""
    others = [s.name for s in model.states if s.name not in system] + list(model.ports)
    read = {name for terms in system.values() for name in terms}
    return [*system, *(name for name in others if name in read), *([""] if "" in read else [])]


def _reaches(system: System, basis: list[str]) -> npt.NDArray[np.bool_]:
    """Where exp(A dt) has an entry that depends on the parameters: along every path of A."""
    reaches = np.array([[name in system.get(row, ()) for name in basis] for row in basis], bool)
    for middle in range(len(basis)):
        reaches |= np.outer(reaches[:, middle], reaches[middle])
    return reaches


def _propagate(
    model: NeuronModel, target: str, basis: list[str], reaches: npt.NDArray[np.bool_]
) -> Assign:
    """The sum of coefficient * source over all that reaches the target; a state that does not
    reach itself keeps its value with the coefficient 1."""
    dtype = {s.name: s.dtype for s in model.states}[target]
    terms: list[Expr] = (
        [] if reaches[basis.index(target), basis.index(target)] else [Ref(target, dtype)]
    )
    for source in [target, *(name for name in basis if name != target)]:
        if not reaches[basis.index(target), basis.index(source)]:
            continue
        coefficient = Ref(_coefficient(target, source), dtype)
        terms.append(apply("mul", Ref(source, dtype), coefficient) if source else coefficient)
    return Assign(target, reduce(lambda left, right: apply("add", left, right), terms))


def _matrix(system: System, basis: list[str], parameters: Mapping[str, float]) -> Matrix:
    matrix = np.zeros((len(basis), len(basis)))
    with np.errstate(all="ignore"):
        for target, terms in system.items():
            for source, value in terms.items():
                matrix[basis.index(target), basis.index(source)] = evaluate(
                    value, parameters, np.float64
                )
    return matrix


def exponential(matrix: Matrix) -> Matrix:
    """The matrix exponential: a Taylor series of the matrix halved until it is small, squared back.

    Not-a-number throughout if the matrix has an entry that is not finite.
    """
    norm = float(np.abs(matrix).sum(axis=1).max(initial=0.0))
    if not np.isfinite(norm):
        return np.full_like(matrix, np.nan)
    halvings = max(0, int(np.ceil(np.log2(norm / 0.25)))) if norm > 0.25 else 0
    small = matrix / 2.0**halvings
    term = np.eye(len(matrix))
    total = term.copy()
    for order in range(1, 15):  # 0.25^15 / 15! is below 1e-21
        term = term @ small / order
        total += term
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(halvings):
            total = total @ total
    return total
