"""Exponential propagation of a linear system: exact while inputs are constant over the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np
import numpy.typing as npt

from ..derivatives import gradients
from ..diagnostics import CompileError, Diagnostic, Note
from ..expr import Expr, Ref, affine, apply, evaluate, names
from ..neuron import Assign, NeuronModel
from .scheme import Floats, Own, Parameters, Scheme
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
    places = [
        (target, source)
        for target in system
        for source in basis
        if reaches[basis.index(target), basis.index(source)]
    ]
    assigns = [_propagate(model, target, basis, reaches) for target in system]
    decay, kept = sequence(assigns, model.states)
    propagation = _Propagation(system, tuple(basis), dt, tuple(places))
    reads = {_coefficient(*place): _reads(system, basis, reaches, *place) for place in places}
    own = Own(reads, propagation.values, propagation.gradients)
    return Scheme(decay, model.on_input, (), kept, own)


def propagators(model: NeuronModel, parameters: Parameters, times: Floats) -> dict[str, Floats]:
    """The constants of the step of `exact`, by name, for each of many lengths [T] of a step [ms].

    A state that reads itself and constants alone is solved in closed form, to the last digits.
    """
    system = _linear_system(model)
    basis = _basis(model, system)
    reaches = _reaches(system, basis)
    places = tuple(zip(*np.nonzero(reaches[: len(system)]), strict=True))
    matrix = _Propagation(system, tuple(basis), 1.0, ()).matrix(parameters)
    names = {place: _coefficient(basis[place[0]], basis[place[1]]) for place in places}
    found = {name: np.zeros(len(times)) for name in names.values()}
    for span in (slice(k, k + _AT_ONCE) for k in range(0, len(times), _AT_ONCE)):
        many = exponential(times[span, None, None] * matrix)
        for (row, column), name in names.items():
            alone = {basis[k] for k in np.flatnonzero(reaches[row])} <= {basis[row], ""}
            rate, t = float(matrix[row, row]), times[span]
            if not alone:
                found[name][span] = many[:, row, column]
            elif row == column:
                found[name][span] = np.exp(rate * t)
            else:
                grown = np.expm1(rate * t) / rate if rate else t
                found[name][span] = float(matrix[row, column]) * grown
    return found


_AT_ONCE = 1 << 14  # lengths of a step


@dataclass(frozen=True, slots=True)
class _Propagation:
    """exp(A dt) at some `places`, (target, source), of neurons with parameters of their own."""

    system: System
    basis: tuple[str, ...]
    dt: float
    places: tuple[tuple[str, str], ...]

    def values(self, parameters: Parameters) -> tuple[Floats, ...]:
        """The entries at the places."""
        propagator = exponential(self.dt * self.matrix(parameters))
        return tuple(propagator[..., *self._at(*place)] for place in self.places)

    def gradients(self, parameters: Parameters, asked: Mapping[str, Floats]) -> dict[str, Floats]:
        """With G = dL/d exp(A dt): dL/dA = dt L(A' dt, G), where L(X, E), the derivative of the
        exponential at X in the direction E, is the upper right of exp [[X, E], [0, X]] (Higham
        2008, 3.16), and what follows of the entries of A."""
        turned = self.dt * self.matrix(parameters).swapaxes(-1, -2)
        upper = np.zeros(
            (*np.broadcast_shapes(*(a.shape for a in asked.values())), *turned.shape[-2:])
        )
        for place in self.places:
            if _coefficient(*place) in asked:
                upper[..., *self._at(*place)] = asked[_coefficient(*place)]
        n, turned = len(self.basis), np.broadcast_to(turned, upper.shape)
        rows = (
            np.concatenate([turned, upper], axis=-1),
            np.concatenate([0.0 * upper, turned], axis=-1),
        )
        found = self.dt * exponential(np.concatenate(rows, axis=-2))[..., :n, n:]
        sums: dict[str, Floats] = {}
        for target, terms in self.system.items():
            for source, value in terms.items():
                known = {**parameters, _ASKED: found[..., *self._at(target, source)]}
                for name, part in gradients(value, Ref(_ASKED, value.dtype)).items():
                    sums[name] = sums.get(name, 0.0) + evaluate(part, known, np.float64)
        return sums

    def _at(self, target: str, source: str) -> tuple[int, int]:
        return self.basis.index(target), self.basis.index(source)

    def matrix(self, parameters: Parameters) -> Matrix:
        """A, [n, n], or [N, n, n] where a parameter has one number a neuron."""
        with np.errstate(all="ignore"):
            entries = {
                self._at(target, source): evaluate(value, parameters, np.float64)
                for target, terms in self.system.items()
                for source, value in terms.items()
            }
        shape = np.broadcast_shapes(*(np.shape(e) for e in entries.values()))
        matrix = np.zeros((*shape, len(self.basis), len(self.basis)))
        for (row, column), entry in entries.items():
            matrix[..., row, column] = entry
        return matrix


_ASKED = "~"  # no name of a parameter


def _reads(
    system: System, basis: list[str], reaches: npt.NDArray[np.bool_], target: str, source: str
) -> frozenset[str]:
    """The parameters that exp(A dt) depends on at a place: those on all ways from there to here."""

    def leads(row: str, column: str) -> bool:
        return row == column or bool(reaches[basis.index(row), basis.index(column)])

    found = [
        names(value)
        for row, terms in system.items()
        for column, value in terms.items()
        if leads(target, row) and leads(column, source)
    ]
    return frozenset[str]().union(*found)


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


def exponential(matrix: Matrix) -> Matrix:
    """The exponential of a matrix [n, n], or of each of many [..., n, n]: a Taylor series of the
    matrix halved until it is small, squared back.

    Not-a-number throughout where a matrix has an entry that is not finite.
    """
    many = matrix.reshape(prod(matrix.shape[:-2]), *matrix.shape[-2:])
    norm = np.abs(many).sum(axis=2).max(axis=1, initial=0.0)
    made = np.full_like(many, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        halvings = np.maximum(0.0, np.ceil(np.log2(norm / 0.25)))
    for count in np.unique(halvings[np.isfinite(norm)]):
        alike = halvings == count
        made[alike] = _squared(many[alike], int(count))
    return made.reshape(matrix.shape)


def _squared(matrix: Matrix, halvings: int) -> Matrix:
    """exp(matrix) of many, by so many halvings."""
    small = matrix / 2.0**halvings
    term = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape)
    total = term.copy()
    for order in range(1, 15):  # 0.25^15 / 15! is below 1e-21
        term = term @ small / order
        total += term
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(halvings):
            total = total @ total
    return total
