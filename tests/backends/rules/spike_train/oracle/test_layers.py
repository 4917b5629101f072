"""The algebra against central differences of an implicit, smooth count model.

e_lj = alpha_lj o_j h(o_l) with h(x) = x / (x + 6.25), and a = sum W e solved by Newton. The real
spiking network is piecewise constant, so it cannot be differentiated numerically.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from snncc.backends.rules.spike_train.oracle.layers import (
    Coupling,
    System,
    away_from_zero,
    consistent_adjoint,
    omega_diagonal,
    reference_adjoint,
    theta_matrix,
    unlimited,
    unrolled_adjoint,
    within_a_decade,
)

HALF = 6.25
STEP = 1e-5


def saturation(count):
    return count / (count + HALF)


def saturation_slope(count):
    return HALF / (count + HALF) ** 2


@dataclass
class Model:
    """Populations by name; links (pre, post, alpha, weights), matrices [post, pre]."""

    v_th: dict
    inputs: dict
    links: dict
    goals: dict

    def counts(self):
        """The populations' counts at the fixed point, by Newton with complex-step Jacobians."""
        names = list(self.v_th)
        sizes = [len(self.goals[n]) for n in names]
        a = np.concatenate(
            [np.full(k, 30.0) * self.v_th[n] for n, k in zip(names, sizes, strict=True)]
        )
        for _ in range(60):
            jacobian = np.stack(
                [self._drive(a + 1e-30j * row).imag / 1e-30 for row in np.eye(len(a))], axis=1
            )
            step = np.linalg.solve(np.eye(len(a)) - jacobian, self._drive(a) - a)
            a = a + step
            if np.abs(step).max() < 1e-13 * np.abs(a).max():
                break
        assert np.abs(self._drive(a) - a).max() < 1e-9
        parts = np.split(a, np.cumsum(sizes)[:-1])
        return {n: part / self.v_th[n] for n, part in zip(names, parts, strict=True)} | self.inputs

    def _drive(self, a):
        names = list(self.v_th)
        parts = np.split(a, np.cumsum([len(self.goals[n]) for n in names])[:-1])
        counts = {
            n: part / self.v_th[n] for n, part in zip(names, parts, strict=True)
        } | self.inputs
        total = dict.fromkeys(names, 0.0)
        for pre, post, alpha, weights in self.links.values():
            total[post] = total[post] + ((weights * alpha) @ counts[pre]) * saturation(counts[post])
        return np.concatenate([total[n] for n in names])

    def loss(self):
        counts = self.counts()
        return sum(0.5 * np.sum((counts[n] - goal) ** 2) for n, goal in self.goals.items())

    def system(self, populations=None):
        counts = self.counts()
        populations = tuple(populations or self.v_th)
        couplings = []
        for name, (pre, post, alpha, weights) in self.links.items():
            o_post, o_pre = counts[post][:, None], counts[pre][None, :]
            couplings.append(
                Coupling(
                    name,
                    pre,
                    post,
                    weights.copy(),
                    spsp=alpha * o_pre * saturation(o_post),
                    by_post=alpha * o_pre * saturation_slope(o_post),
                    by_pre=alpha * saturation(o_post),
                )
            )
        sizes = {n: len(self.goals[n]) for n in populations}
        v_th = {n: self.v_th[n] for n in populations}
        return System(
            populations, sizes, v_th, tuple(c for c in couplings if c.post in populations)
        )

    def raw(self):
        counts = self.counts()
        return {n: counts[n] - goal for n, goal in self.goals.items()}


def difference(model, array, index):
    """dE/d array[index] by central differences."""
    kept = array[index]
    array[index] = kept + STEP
    above = model.loss()
    array[index] = kept - STEP
    below = model.loss()
    array[index] = kept
    return (above - below) / (2 * STEP)


def differences(model, array):
    return np.array([difference(model, array, k) for k in np.ndindex(array.shape)]).reshape(
        array.shape
    )


def make_model(seed, sizes, recurrences):
    """Inputs of 4 neurons into the first population; `recurrences` joins populations."""
    generator = np.random.default_rng(seed)
    v_th = {f"h{k}": float(v) for k, v in enumerate(generator.uniform(2.0, 5.0, len(sizes)))}
    size = dict(zip(v_th, sizes, strict=True))
    links = {
        f"in->{n}": (
            "in",
            n,
            generator.uniform(0.5, 1.0, (size[n], 4)),
            generator.uniform(0.5, 1.5, (size[n], 4)),
        )
        for n in v_th
    }
    for pre, post in recurrences:
        shape = (size[post], size[pre])
        links[f"{pre}->{post}"] = (
            pre,
            post,
            generator.uniform(0.3, 1.0, shape),
            generator.uniform(-0.6, 0.6, shape),
        )
    inputs = {"in": generator.uniform(8.0, 15.0, 4)}
    goals = {n: generator.uniform(5.0, 20.0, size[n]) for n in v_th}
    return Model(v_th, inputs, links, goals)


MODELS = {
    "one population with self-loops": lambda: make_model(0, [4], [("h0", "h0")]),
    "two populations in a loop": lambda: make_model(1, [3, 4], [("h0", "h1"), ("h1", "h0")]),
    "a loop of two, one also within itself": lambda: make_model(
        2, [3, 2], [("h0", "h1"), ("h1", "h0"), ("h1", "h1")]
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_consistent_adjoint_is_the_gradient_of_the_count_model(name):
    model = MODELS[name]()
    system = model.system()
    adjoint = consistent_adjoint(system, model.raw(), unlimited)
    for coupling in system.couplings:
        weights = model.links[coupling.name][3]
        gradient = adjoint.factors[coupling.post][:, None] * coupling.spsp
        np.testing.assert_allclose(gradient, differences(model, weights), rtol=1e-7, atol=1e-8)
    reached = sum(adjoint.messages.values())
    np.testing.assert_allclose(
        reached, differences(model, model.inputs["in"]), rtol=1e-7, atol=1e-8
    )


def test_leaving_out_the_coupling_within_the_layer_is_measurably_wrong():
    model = MODELS["one population with self-loops"]()
    system = model.system()
    shortcut = reference_adjoint(system, model.raw(), unlimited).factors["h0"]
    exact = consistent_adjoint(system, model.raw(), unlimited).factors["h0"]
    assert np.abs(shortcut / exact - 1.0).max() > 1e-3


def test_transfer_between_layers():
    # P = (Omega - Theta)^-1 Phi = d a^{k+1} / d a^k, Phi_li = w_li de_li/do_i / nu_k, row by row.
    model = make_model(4, [3], [("h0", "h0")])
    system, nu_below = model.system(), 3.0
    outer = system.outer[0]
    matrix = np.diag(omega_diagonal(system, "h0")) - theta_matrix(system)
    transfer = np.linalg.solve(matrix, outer.weights * outer.by_pre / nu_below)
    for i in range(3):
        raw = {"h0": model.v_th["h0"] * np.eye(3)[i]}  # of E = a_i
        adjoint = consistent_adjoint(system, raw, unlimited)
        np.testing.assert_allclose(adjoint.messages["in->h0"] / nu_below, transfer[i], rtol=1e-12)
    for j in range(4):
        kept = model.inputs["in"][j]
        model.inputs["in"][j] = kept + STEP
        above = model.counts()["h0"]
        model.inputs["in"][j] = kept - STEP
        below = model.counts()["h0"]
        model.inputs["in"][j] = kept
        numeric = model.v_th["h0"] * (above - below) / (2 * STEP) / nu_below
        np.testing.assert_allclose(transfer[:, j], numeric, rtol=1e-7)


def test_chain_of_blocks_is_the_gradient_too():
    model = make_model(5, [3, 4], [("h0", "h1"), ("h1", "h1")])
    raw = model.raw()
    upper = model.system(["h1"])
    above = consistent_adjoint(upper, raw, unlimited)
    raw["h0"] = raw["h0"] + above.messages["h0->h1"]
    below = consistent_adjoint(model.system(["h0"]), raw, unlimited)
    weights = model.links["in->h0"][3]
    spsp = model.system(["h0"]).couplings[0].spsp
    gradient = below.factors["h0"][:, None] * spsp
    np.testing.assert_allclose(gradient, differences(model, weights), rtol=1e-7, atol=1e-8)


def test_a_wider_system_equals_its_blocks_one_after_the_other():
    model = make_model(6, [3, 4], [("h0", "h1")])
    raw = model.raw()
    at_once = consistent_adjoint(model.system(), raw, unlimited)
    last = consistent_adjoint(model.system(["h1"]), raw, unlimited)
    raw["h0"] = raw["h0"] + last.messages["h0->h1"]
    first = consistent_adjoint(model.system(["h0"]), raw, unlimited)
    np.testing.assert_allclose(at_once.factors["h0"], first.factors["h0"], rtol=1e-12)
    np.testing.assert_allclose(at_once.factors["h1"], last.factors["h1"], rtol=1e-12)


def test_feed_forward_reference_is_consistent():
    model = make_model(7, [3], [])
    ours = consistent_adjoint(model.system(), model.raw(), unlimited)
    theirs = reference_adjoint(model.system(), model.raw(), unlimited)
    np.testing.assert_allclose(ours.factors["h0"], theirs.factors["h0"], rtol=1e-13)
    np.testing.assert_allclose(ours.messages["in->h0"], theirs.messages["in->h0"], rtol=1e-13)


def test_reference_message_has_the_inverse_on_the_wrong_side():
    model = make_model(8, [4], [("h0", "h0")])
    system, raw = model.system(), model.raw()
    outer = system.outer[0]
    theta = theta_matrix(system)
    inverse = np.linalg.inv(np.diag(omega_diagonal(system, "h0")) - theta + np.diag(np.diag(theta)))
    error = raw["h0"] / model.v_th["h0"]
    adjoint = reference_adjoint(system, raw, unlimited)
    weighted = outer.weights * outer.by_pre
    np.testing.assert_allclose(adjoint.messages["in->h0"], (weighted @ inverse).T @ error)
    assert not np.allclose(adjoint.messages["in->h0"], (inverse @ weighted).T @ error, rtol=1e-3)
    np.testing.assert_allclose(adjoint.factors["h0"], error / omega_diagonal(system, "h0"))


def test_reference_gives_no_message_over_a_matrix_that_is_not_square():
    model = make_model(9, [3], [("h0", "h0")])
    assert reference_adjoint(model.system(), model.raw(), unlimited).messages == {}


def test_hm2_factor_is_the_derivative_of_one_unrolled_step():
    # a(w) = sum_l w_l e_l(o), e = alpha o u, and o = (1/nu) sum_l w_l e_l(o_0) one step before.
    generator = np.random.default_rng(3)
    alpha, u, w = generator.uniform(0.1, 1.0, (3, 5))
    o = 7.0
    nu = float(w @ (alpha * u))  # so that o_0 = o is self-consistent

    def activation(weights):
        before = weights @ (alpha * u * o) / nu
        return weights @ (alpha * u * before)

    numeric = [
        (activation(w + STEP * row) - activation(w - STEP * row)) / (2 * STEP) for row in np.eye(5)
    ]
    e = (alpha * u * o)[None, :]
    coupling = Coupling("in->h", "in", "h", w[None, :], e, by_post=e / o, by_pre=e / u)
    system = System(("h",), {"h": 1}, {"h": nu}, (coupling,))
    adjoint = unrolled_adjoint(system, {"h": np.array([nu])}, unlimited)  # E = a
    np.testing.assert_allclose(adjoint.factors["h"] * e[0], numeric, rtol=1e-8)
    np.testing.assert_allclose(adjoint.messages["in->h"], w * alpha * o)


def test_system_without_projections():
    system = System(("h",), {"h": 2}, {"h": 2.0}, ())
    adjoint = consistent_adjoint(system, {"h": np.array([4.0, -2.0])}, unlimited)
    np.testing.assert_allclose(adjoint.factors["h"], [2.0, -1.0])


def test_limits():
    omega = np.array([-3.0, -1e-5, 0.0, 1e-5, 0.05, 0.5, 90.0])
    np.testing.assert_array_equal(away_from_zero(omega), [-3.0, -1e-4, 1e-4, 1e-4, 0.05, 0.5, 90.0])
    np.testing.assert_array_equal(within_a_decade(omega), [0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 10.0])
    np.testing.assert_array_equal(unlimited(omega), omega)
