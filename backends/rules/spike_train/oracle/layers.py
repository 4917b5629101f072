"""The algebra of the count model, as a function of e, its derivatives, and the weights.

With a_l = sum w_lj e_lj(o_l, o_j) over all projections and o = a / nu, a block of populations has

    Omega_ll = 1 - (1/nu_l) sum_j w_lj de_lj/do_l       (all projections into l)
    Theta_lp = (1/nu_p) w_lp de_lp/do_p                  (projections within the block)
    (Omega - Theta)^T x = c,   c = (dE/do from outside the block) / nu
    dE/dw_lj = x_l e_lj,   dE/do_j = sum_l x_l w_lj de_lj/do_j

Whether that or one of the published approximations is done is the choice of an adjoint function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .spsp import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Coupling:
    """One projection: all matrices are [post, pre], zero where there is no synapse."""

    name: str
    pre: str
    post: str
    weights: Floats
    spsp: Floats
    by_post: Floats
    by_pre: Floats


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """The populations of one block, their sizes, thresholds, and every projection into them."""

    populations: tuple[str, ...]
    sizes: Mapping[str, int]
    thresholds: Mapping[str, float]
    couplings: tuple[Coupling, ...]

    @property
    def inner(self) -> tuple[Coupling, ...]:
        """The projections within the block."""
        return tuple(c for c in self.couplings if c.pre in self.populations)

    @property
    def outer(self) -> tuple[Coupling, ...]:
        """The projections from outside."""
        return tuple(c for c in self.couplings if c.pre not in self.populations)


@dataclass(frozen=True, slots=True, eq=False)
class Adjoint:
    """`factors`: by population, the x of dE/dw = x_post e. `messages`: by outer projection, its
    part of dE/do of the presynaptic population."""

    factors: dict[str, Floats]
    messages: dict[str, Floats]


Raw = Mapping[str, Floats]  # dE/do by population, from outside the block
Limit = Callable[[Floats], Floats]
AdjointRule = Callable[[System, Raw, Limit], Adjoint]


def unlimited(omega: Floats) -> Floats:
    """Omega as it is."""
    return omega


def away_from_zero(omega: Floats) -> Floats:
    """Omega with everything closer to 0 than 1e-4 put at that distance, keeping its sign."""
    return np.where(np.abs(omega) < 1e-4, np.copysign(1e-4, omega), omega)


def within_a_decade(omega: Floats) -> Floats:
    """Omega clipped to [0.1, 10]."""
    return np.clip(omega, 0.1, 10.0)


def omega_diagonal(system: System, population: str) -> Floats:
    """Omega_ll of a population."""
    feedback = np.zeros(system.sizes[population])
    for coupling in system.couplings:
        if coupling.post == population:
            feedback += (coupling.weights * coupling.by_post).sum(axis=1)
    return 1.0 - feedback / system.thresholds[population]


def theta_matrix(system: System) -> Floats:
    """Theta over the neurons of the block, populations one after the other."""
    places = _places(system)
    total = sum(system.sizes.values())
    theta = np.zeros((total, total))
    for coupling in system.inner:
        block = coupling.weights * coupling.by_pre / system.thresholds[coupling.pre]
        theta[places[coupling.post], places[coupling.pre]] += block
    return theta


def message(coupling: Coupling, factor: Floats) -> Floats:
    """dE/do_j = sum_l x_l w_lj de_lj/do_j."""
    return (coupling.weights * coupling.by_pre).T @ factor


def scaled_errors(system: System, raw: Raw) -> dict[str, Floats]:
    """c = (dE/do) / nu."""
    return {name: raw[name] / system.thresholds[name] for name in system.populations}


def consistent_adjoint(system: System, raw: Raw, limit: Limit) -> Adjoint:
    """The exact gradient of the count model: one dense solve with one right-hand side."""
    errors = scaled_errors(system, raw)
    omega = np.concatenate([limit(omega_diagonal(system, name)) for name in system.populations])
    matrix = np.diag(omega) - theta_matrix(system)
    solution = np.linalg.solve(matrix.T, np.concatenate(list(errors.values())))
    factors = {name: solution[place] for name, place in _places(system).items()}
    return Adjoint(factors, {c.name: message(c, factors[c.post]) for c in system.outer})


def reference_adjoint(system: System, raw: Raw, limit: Limit) -> Adjoint:
    """What the authors' ST-RSBP code does.

    Weight gradients leave out the coupling within a layer: x = c / Omega. Without recurrence the
    message uses the same x. In a recurrent layer the solver is handed row-major buffers as
    column-major, so that the inverse acts on the wrong side, and the diagonal of Theta is dropped:
    message = [(W o rho) (Omega - Theta)^-1]^T c, which exists for square W only.
    """
    errors = scaled_errors(system, raw)
    omegas = {name: limit(omega_diagonal(system, name)) for name in system.populations}
    factors = {name: errors[name] / omegas[name] for name in system.populations}
    if not system.inner:
        return Adjoint(factors, {c.name: message(c, factors[c.post]) for c in system.outer})
    (population,) = system.populations
    theta = theta_matrix(system)
    np.fill_diagonal(theta, 0.0)
    matrix = np.diag(omegas[population]) - theta
    messages: dict[str, Floats] = {
        c.name: np.asarray(np.linalg.solve(matrix.T, message(c, errors[population])))
        for c in system.outer
        if c.weights.shape[0] == c.weights.shape[1]
    }
    return Adjoint(factors, messages)


def unrolled_adjoint(system: System, raw: Raw, limit: Limit) -> Adjoint:
    """HM2-BP: x = c (1 + s) for the weights, c alone for the message; s = 1 - Omega.

    (1 + s) is the first-order expansion of 1 / (1 - s) = 1 / Omega.
    """
    assert not system.inner
    errors = scaled_errors(system, raw)
    factors = {
        name: errors[name] * (2.0 - limit(omega_diagonal(system, name)))
        for name in system.populations
    }
    return Adjoint(factors, {c.name: message(c, errors[c.post]) for c in system.outer})


def _places(system: System) -> dict[str, slice]:
    places: dict[str, slice] = {}
    start = 0
    for name in system.populations:
        places[name] = slice(start, start + system.sizes[name])
        start += system.sizes[name]
    return places
