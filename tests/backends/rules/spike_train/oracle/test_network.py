"""Whole networks: what is wired to what, against the rules written out by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.rules.spike_train.effect import effect_curve, polynomial_slope, tabulated_slope
from snncc.backends.rules.spike_train.oracle.network import network_gradients
from snncc.backends.rules.spike_train.oracle.spsp import Cell, closed_form_spsp, pairwise_spsp
from snncc.ir.graph import Block, Call, Graph, Population, Projection
from snncc.ir.model import draw_model
from snncc.ir.wiring import AllPairs, Listed

STEPS = 60
DENSE, LATERAL = Call("dense"), Call("lateral_inhibition")
ROLES = {"y": "output"}
UNIFORM = Call("uniform", (("low", -1.0), ("high", 1.0)))


def rule(kind, profile="recommended", target=9.0, other=2.0, margin=1.0):
    arguments = {"target": target, "other": other, "margin": margin, "profile": profile}
    return Call(kind, tuple(arguments.items()))


@cache
def lif(v_th):
    cell = f"lif(tau_mem = 16 ms, tau_syn = 4 ms, v_th = {v_th} mV, refractory = 2 ms)"
    ends = f"input x[1] encode spikes(duration = 10 ms)\noutput y[1] : {cell}"
    text = f"network n {{ {ends}\nx -> y : dense }}"
    return compiled_text(text).graph.population("y")


def population(name, neurons, role="hidden", v_th=2.0):
    return replace(lif(v_th), name=name, shape=(neurons,), role=role)


def projection(pre, post, kind=DENSE, delay=1, trainable=True):
    return Projection(f"{pre}->{post}", pre, post, kind, UNIFORM, "i", delay, float(trainable))


def network(projections, sizes, blocks):
    """`sizes` of x (input), hidden ones, y (output); `blocks` in order of evaluation."""
    populations = [Population("x", (sizes["x"],), "input")]
    for k, (name, neurons) in enumerate(list(sizes.items())[1:]):
        populations.append(population(name, neurons, ROLES.get(name, "hidden"), v_th=2.0 + k))
    schedule = (Block(("x",), False), *(Block(b, len(b) > 1) for b in blocks))
    return Graph("net", 1.0, tuple(populations), tuple(projections), schedule)


def sample(graph, seed=0, silent=()):
    """Random weights [pre, post] and trains with gaps above the refractory time."""
    generator = np.random.default_rng(seed)
    sizes = {p.name: p.neurons for p in graph.populations}
    weights = {
        p.name: generator.uniform(-0.5, 1.0, (sizes[p.pre], sizes[p.post]))
        for p in graph.projections
        if p.connectivity == DENSE
    }
    for p in (p for p in graph.projections if p.connectivity == LATERAL):
        weights[p.name] = np.full(sizes[p.pre] * (sizes[p.pre] - 1), -1.0)
    spikes = {}
    for name, neurons in sizes.items():
        most = 0.3 if name == "x" else 0.1
        train = generator.random((STEPS, neurons)) < generator.uniform(0.03, most, neurons)
        train[0] = False
        for t in range(STEPS):
            train[t] &= ~train[max(0, t - 2) : t].any(axis=0)
        train[:, -1] = False  # each population has a silent neuron
        spikes[name] = train
    for name, neuron in silent:
        spikes[name][:, neuron] = False
    return weights, spikes


def gradients(graph, weights, spikes, label, rule, importance=1.0, wirings=None):
    model = draw_model(graph, 0, weights)
    model = replace(model, wirings=wirings or model.wirings)
    return network_gradients(model, spikes, label, rule, importance)


def cell(graph, name):
    p = graph.population(name)
    return Cell(*(p.parameter(n) for n in ("tau_mem", "tau_syn")), 2, p.parameter("v_th"))


def error_of(counts, label, target=9.0, other=2.0, margin=1.0):
    error = counts - np.where(np.arange(len(counts)) == label, target, other)
    return np.where(abs(error) > margin, error, 0.0)


def share(spsp, post, pre, silent):
    """e / o_pre, `silent` where either is silent."""
    out = np.empty_like(spsp)
    for i, o in enumerate(post):
        for j, u in enumerate(pre):
            out[i, j] = silent if o == 0 or u == 0 else spsp[i, j] / u
    return out


CHAIN = network(
    [projection("x", "h"), projection("h", "y"), projection("y", "y", LATERAL, 1, False)],
    {"x": 5, "h": 4, "y": 3},
    [("h",), ("y",)],
)


def chain(kind, profile, label=0, silent=(), importance=1.0):
    weights, spikes = sample(CHAIN, 1, silent)
    result = gradients(CHAIN, weights, spikes, label, rule(kind, profile), importance)
    return weights, spikes, result


def test_st_rsbp_recommended_on_a_chain():
    weights, spikes = sample(CHAIN, 1)
    weights["x->h"][:, 0] += 2.0  # an Omega below 0.1
    weights["h->y"][:, 0] -= 90.0  # and one above 10
    result = gradients(CHAIN, weights, spikes, 0, rule("st_rsbp"))
    counts = {n: s.sum(axis=0) for n, s in spikes.items()}
    slope = tabulated_slope(effect_curve(16.0, 4.0, 2, STEPS))
    raw = error_of(counts["y"], 0)
    unclipped = []
    np.testing.assert_allclose(result.deltas["y"], raw)
    gammas = {"y": gamma_by_hand(spikes["y"], 3.0, 0, 0.5), "h": np.ones(4)}
    for pre, post in [("h", "y"), ("x", "h")]:
        nu = cell(CHAIN, post).v_th
        w = weights[f"{pre}->{post}"].T
        e = pairwise_spsp(spikes[pre], spikes[post], cell(CHAIN, post), 1)
        unclipped.append(1.0 - (w @ counts[pre]) * slope[counts[post]] / nu)
        omega = np.clip(unclipped[-1], 0.1, 10.0)
        x = raw / nu / omega
        gradient = (gammas[post] * x)[:, None] * e
        np.testing.assert_allclose(result.gradients[f"{pre}->{post}"], gradient.T, rtol=1e-12)
        raw = (w * share(e, counts[post], counts[pre], 0.5)).T @ x
        if pre == "h":
            np.testing.assert_allclose(result.deltas["h"], raw, rtol=1e-12)
    assert unclipped[0].max() > 10.0
    assert unclipped[1].min() < 0.1
    assert set(result.gradients) == {"x->h", "h->y"}
    assert result.cost == pytest.approx(np.sum(error_of(counts["y"], 0) ** 2))


def gamma_by_hand(train, nu, label, silent, scan=pairwise_spsp, delay=1):
    counts = train.sum(axis=0)
    e = scan(train, train, Cell(16.0, 4.0, 2, nu), delay)
    gamma = np.ones(len(counts))
    for j in range(len(counts)):
        total = 0.0
        for i in range(len(counts)):
            active = all(counts[k] > 0 or k == label for k in (i, j))
            both = counts[i] > 0 and counts[j] > 0
            r = e[i, j] / counts[j] * e[j, i] / counts[i] if both else silent**2
            total += r / nu**2 if i != j and active else 0.0
        gamma[j] = 1.0 / (1.0 - total)
    return gamma


@pytest.mark.parametrize(
    ("profile", "scan", "dead"),
    [
        ("reference", closed_form_spsp, 0.1),
        ("paper", closed_form_spsp, 0.0),
        ("recommended", pairwise_spsp, 0.1),
    ],
)
@pytest.mark.parametrize("label", [1, 2])  # output 2 is silent
def test_hm2_bp_on_a_chain(profile, scan, dead, label):
    weights, spikes, result = chain("hm2_bp", profile, label=label)
    counts = {n: s.sum(axis=0) for n, s in spikes.items()}
    raw = error_of(counts["y"], label)
    gammas = {"y": gamma_by_hand(spikes["y"], 3.0, label, 1.0, scan), "h": np.ones(4)}
    if label == 2:
        spikes["y"] = spikes["y"].copy()
        spikes["y"][6::6, 2] = True
        counts["y"] = spikes["y"].sum(axis=0)
    for pre, post in [("h", "y"), ("x", "h")]:
        nu, w = cell(CHAIN, post).v_th, weights[f"{pre}->{post}"].T
        e = scan(spikes[pre], spikes[post], cell(CHAIN, post), 1)
        e[np.ix_(counts[post] == 0, counts[pre] > 0)] = dead
        into = (w * e).sum(axis=1) / np.maximum(counts[post], 1)
        side = np.where(counts[post], into, 0.5 * w.sum(axis=1)) / nu
        error = raw / nu
        gradient = (error * (1.0 + side) * gammas[post])[:, None] * e
        np.testing.assert_allclose(result.gradients[f"{pre}->{post}"], gradient.T, rtol=1e-12)
        raw = (w * share(e, counts[post], counts[pre], 1.0)).T @ error
    assert np.all(gammas["y"][:2] > 1.0)


def test_silent_label_is_taught_after_the_error_and_the_lateral_factor():
    weights, spikes, result = chain("st_rsbp", "recommended", label=1, silent=[("y", 1)])
    counts = spikes["y"].sum(axis=0)
    assert counts[1] == 0
    assert result.deltas["y"][1] == -9.0
    taught = spikes["y"].copy()
    taught[6::6, 1] = True  # floor(60 / 9) = 6
    e = pairwise_spsp(spikes["h"], taught, cell(CHAIN, "y"), 1)
    slope = tabulated_slope(effect_curve(16.0, 4.0, 2, STEPS))[taught[:, 1].sum()]
    w = weights["h->y"][:, 1]
    omega = np.clip(1.0 - w @ spikes["h"].sum(axis=0) * slope / 3.0, 0.1, 10.0)
    gamma = gamma_by_hand(spikes["y"], 3.0, 1, 0.5)[1]
    expected = -9.0 / 3.0 / omega * gamma * e[1]
    np.testing.assert_allclose(result.gradients["h->y"][:, 1], expected, rtol=1e-12)
    assert result.cost == pytest.approx(np.sum(error_of(counts, 1)[[0, 2]] ** 2))


def test_lateral_delay_and_weights_enter_the_lateral_factor():
    weights, spikes = sample(CHAIN, 1)
    near = gradients(CHAIN, weights, spikes, 0, rule("st_rsbp")).gradients
    lateral = projection("y", "y", LATERAL, 5, False)
    later = replace(CHAIN, projections=(*CHAIN.projections[:2], lateral))
    far = gradients(later, weights, spikes, 0, rule("st_rsbp")).gradients
    weights["y->y"] = 0.0 * weights["y->y"]
    off = gradients(CHAIN, weights, spikes, 0, rule("st_rsbp")).gradients
    for found, delay in ((near, 1), (far, 5)):
        factor = gamma_by_hand(spikes["y"], 3.0, 0, 0.5, delay=delay)
        np.testing.assert_allclose(found["h->y"], factor * off["h->y"], rtol=1e-12)
    assert not np.allclose(near["h->y"], far["h->y"], rtol=1e-3)


def test_fixed_lateral_inhibition_of_a_hidden_population_is_left_out():
    weights, spikes = sample(CHAIN, 1)
    inner = projection("h", "h", LATERAL, 1, False)
    winner = replace(CHAIN, projections=(*CHAIN.projections, inner))
    more = dict(weights) | {"h->h": np.full(12, -1.0)}
    ours = gradients(winner, more, spikes, 0, rule("hm2_bp"))
    theirs = gradients(CHAIN, weights, spikes, 0, rule("hm2_bp")).gradients["x->h"]
    np.testing.assert_array_equal(ours.gradients["x->h"], theirs)
    winner = replace(winner, projections=(*CHAIN.projections, replace(inner, lr_mult=1.0)))
    assert "h->h" in gradients(winner, more, spikes, 0, rule("st_rsbp")).gradients


def test_importance_scales_gradients_but_not_the_cost():
    one = chain("st_rsbp", "reference")[2]
    three = chain("st_rsbp", "reference", importance=3.0)[2]
    assert three.cost == one.cost
    for name, gradient in one.gradients.items():
        np.testing.assert_allclose(three.gradients[name], 3.0 * gradient, rtol=1e-12)


RECURRENT = network(
    [projection("x", "h"), projection("h", "h", delay=2), projection("h", "y")],
    {"x": 4, "h": 4, "y": 3},
    [("h",), ("y",)],
)


def test_recurrent_population():
    weights, spikes = sample(RECURRENT, 2)
    result = gradients(RECURRENT, weights, spikes, 0, rule("st_rsbp"))
    counts = {n: s.sum(axis=0) for n, s in spikes.items()}
    forward = pairwise_spsp(spikes["x"], spikes["h"], cell(RECURRENT, "h"), 1)
    inner = pairwise_spsp(spikes["h"], spikes["h"], cell(RECURRENT, "h"), 2)
    w, r, nu = weights["x->h"].T, weights["h->h"].T, 2.0
    slope = tabulated_slope(effect_curve(16.0, 4.0, 2, STEPS))[counts["h"]]
    omega = np.clip(1.0 - (w @ counts["x"] + r @ counts["h"]) * slope / nu, 0.1, 10.0)
    theta = r * share(inner, counts["h"], counts["h"], 0.5) / nu
    x = np.linalg.inv(np.diag(omega) - theta).T @ result.deltas["h"] / nu
    np.testing.assert_allclose(result.gradients["x->h"], (x[:, None] * forward).T, rtol=1e-10)
    np.testing.assert_allclose(result.gradients["h->h"], (x[:, None] * inner).T, rtol=1e-10)


LOOP = network(
    [
        projection("x", "a"),
        projection("a", "b"),
        projection("b", "a"),
        projection("b", "y"),
        projection("a", "y", trainable=False),
    ],
    {"x": 4, "a": 3, "b": 5, "y": 3},
    [("a", "b"), ("y",)],
)


@pytest.mark.parametrize("profile", ["paper", "recommended"])
def test_recurrence_through_two_populations(profile):
    weights, spikes = sample(LOOP, 3)
    result = gradients(LOOP, weights, spikes, 2, rule("st_rsbp", profile))
    counts = {n: s.sum(axis=0) for n, s in spikes.items()}
    nu = {"a": 2.0, "b": 3.0}
    least, most = (1, 100) if profile == "paper" else (0, 10_000)
    inputs = {n: np.clip(o, least, most) for n, o in counts.items()}
    slope, lowest = tabulated_slope(effect_curve(16.0, 4.0, 2, STEPS)), 0.1
    if profile == "paper":
        slope = np.polyval(np.polyder(polynomial_slope(16.0, 4.0, 2, STEPS)), np.arange(101.0))
        lowest = -np.inf
    e = {
        (pre, post): pairwise_spsp(spikes[pre], spikes[post], cell(LOOP, post), 1)
        for pre, post in [("x", "a"), ("a", "b"), ("b", "a")]
    }
    into = {
        "a": weights["x->a"].T @ inputs["x"] + weights["b->a"].T @ inputs["b"],
        "b": weights["a->b"].T @ inputs["a"],
    }
    omega = np.concatenate(
        [np.clip(1.0 - into[n] * slope[inputs[n]] / nu[n], lowest, 10.0) for n in "ab"]
    )
    matrix = np.diag(omega)
    rho = {k: share(v, counts[k[1]], counts[k[0]], 0.5) for k, v in e.items()}
    matrix[:3, 3:] -= weights["b->a"].T * rho["b", "a"] / nu["b"]
    matrix[3:, :3] -= weights["a->b"].T * rho["a", "b"] / nu["a"]
    error = np.concatenate([result.deltas[n] / nu[n] for n in "ab"])
    x = dict(zip("ab", np.split(np.linalg.inv(matrix).T @ error, [3]), strict=True))
    for (pre, post), spsp in e.items():
        expected = (x[post][:, None] * spsp).T
        np.testing.assert_allclose(result.gradients[f"{pre}->{post}"], expected, rtol=1e-9)
    assert "a->y" not in result.gradients
    assert np.abs(result.deltas["a"]).max() > 0.0  # the fixed projection carries the error


def test_fixed_projection_enters_omega():
    weights, spikes = sample(LOOP, 3)
    ours = gradients(LOOP, weights, spikes, 2, rule("st_rsbp"))
    weights["a->y"] = 0.0 * weights["a->y"]
    without = gradients(LOOP, weights, spikes, 2, rule("st_rsbp"))
    assert not np.allclose(ours.gradients["b->y"], without.gradients["b->y"], rtol=1e-3)
    assert np.all(without.deltas["a"] == 0.0)


WIDE = network(
    [
        projection("x", "g"),
        projection("g", "h"),
        projection("h", "h", delay=2),
        projection("h", "y"),
    ],
    {"x": 4, "g": 4, "h": 4, "y": 3},
    [("g",), ("h",), ("y",)],
)


def test_reference_recurrent_population():
    weights, spikes = sample(WIDE, 4)
    result = gradients(WIDE, weights, spikes, 0, rule("st_rsbp", "reference"))
    counts = {n: s.sum(axis=0) for n, s in spikes.items()}
    forward = pairwise_spsp(spikes["g"], spikes["h"], cell(WIDE, "h"), 1)
    inner = pairwise_spsp(spikes["h"], spikes["h"], cell(WIDE, "h"), 2)
    w, r, nu = weights["g->h"].T, weights["h->h"].T, 3.0
    slope = np.polyval(
        np.polyder(polynomial_slope(16.0, 4.0, 2, STEPS)), np.clip(counts["h"], 1, 100)
    )
    into = w @ np.clip(counts["g"], 1, 100) + r @ np.clip(counts["h"], 1, 100)
    omega = 1.0 - into * slope / nu
    error = result.deltas["h"] / nu
    for name, spsp in (("g->h", forward), ("h->h", inner)):
        gradient = ((error / omega)[:, None] * spsp).T
        np.testing.assert_allclose(result.gradients[name], gradient, rtol=1e-10)
    theta = r * share(inner, counts["h"], counts["h"], 0.5) / nu
    inverse = np.linalg.inv(np.diag(omega) - theta + np.diag(np.diag(theta)))
    transfer = (w * share(forward, counts["h"], counts["g"], 0.5)) @ inverse
    np.testing.assert_allclose(result.deltas["g"], transfer.T @ error, rtol=1e-10)


def test_reference_and_paper_differ_only_at_recurrence():
    weights, spikes = sample(WIDE, 4)
    theirs = gradients(WIDE, weights, spikes, 0, rule("st_rsbp", "reference"))
    paper = gradients(WIDE, weights, spikes, 0, rule("st_rsbp", "paper"))
    np.testing.assert_allclose(theirs.gradients["h->y"], paper.gradients["h->y"], rtol=1e-12)
    np.testing.assert_allclose(theirs.deltas["h"], paper.deltas["h"], rtol=1e-12)
    assert not np.allclose(theirs.gradients["h->h"], paper.gradients["h->h"], rtol=1e-3)
    assert not np.allclose(theirs.deltas["g"], paper.deltas["g"], rtol=1e-3)


@pytest.mark.parametrize("profile", ["reference", "paper", "recommended"])
@pytest.mark.parametrize("kind", ["st_rsbp", "hm2_bp"])
def test_delay_is_a_shift_of_the_input(kind, profile):
    weights, spikes = sample(CHAIN, 5)
    later = replace(CHAIN, projections=(projection("x", "h", delay=4), *CHAIN.projections[1:]))
    spikes["x"][-3:] = False
    moved = dict(spikes) | {"x": np.roll(spikes["x"], 3, axis=0)}
    ours = gradients(later, weights, spikes, 0, rule(kind, profile))
    theirs = gradients(CHAIN, weights, moved, 0, rule(kind, profile))
    np.testing.assert_allclose(ours.gradients["x->h"], theirs.gradients["x->h"], rtol=1e-12)
    assert np.abs(ours.gradients["x->h"]).max() > 0.0


def test_sparse_and_shared_weights_gather_the_dense_gradient():
    weights, spikes = sample(CHAIN, 6)
    ours = gradients(CHAIN, weights, spikes, 0, rule("st_rsbp"))
    pairs = [k.ravel().astype(np.int32) for k in np.indices((5, 4))]
    wirings = {
        "x->h": Listed(5, 4, *pairs),
        "h->y": AllPairs(4, 3),
        "y->y": Listed(3, 3, *(k.astype(np.int32) for k in np.nonzero(1 - np.eye(3)))),
    }
    listed = dict(weights) | {"x->h": weights["x->h"].ravel()}
    sparse = gradients(CHAIN, listed, spikes, 0, rule("st_rsbp"), wirings=wirings).gradients["x->h"]
    np.testing.assert_array_equal(sparse, ours.gradients["x->h"].ravel())
