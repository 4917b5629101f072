"""Gradients through time against PyTorch's autograd with the same surrogate: networks written once
in the language, and once step by step in PyTorch (nightly; `pip install torch`)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from backend_cases import grid_model
from compiled_texts import compiled_text

from snncc.backends.reference.network import simulate
from snncc.backends.rules.through_time.oracle import gradients_through_time, sample_gradients
from snncc.ir.adjoint.curves import CURVES
from snncc.ir.adjoint.step import Surrogate, adjoint_of
from snncc.ir.dropout import factors
from snncc.ir.graph import Call

torch = pytest.importorskip("torch")
STEPS, BATCH, INPUTS, HIDDEN, OUTPUTS = 25, 3, 6, 5, 4
SLOPES = {
    "rectangle": lambda m, a: (m.abs() < a / 2).to(m) / a,
    "sigmoid": lambda m, a: torch.sigmoid(m / a) * torch.sigmoid(-m / a) / a,
    "arctan": lambda m, a: 1 / (a * (1 + (math.pi * m / a) ** 2)),
    "triangle": lambda m, a: (math.sqrt(a) / 2 - a / 4 * m.abs()).clamp(min=0),
    "gaussian": lambda m, a: torch.exp(-(m**2) / (2 * a)) / math.sqrt(2 * math.pi * a),
    "fast_sigmoid": lambda m, a: 1 / (a * (1 + 2 * m.abs() / a) ** 2),
}


class Spike(torch.autograd.Function):
    """A step forward, a curve backward."""

    @staticmethod
    def forward(ctx, margin, curve, width, is_strict):
        ctx.save_for_backward(margin)
        ctx.curve, ctx.width = curve, width
        return (margin > 0 if is_strict else margin >= 0).to(margin)

    @staticmethod
    def backward(ctx, gradient):
        (margin,) = ctx.saved_tensors
        return gradient * SLOPES[ctx.curve](margin, ctx.width), None, None, None


def zeros(neurons):
    return torch.zeros(BATCH, neurons, dtype=torch.float64)


def stbp(x, w, curve, width):
    """u <- 0.2 u (1 - o) + W x: two layers in the same step (Wu et al. 2018)."""
    u, v, found = zeros(HIDDEN), zeros(OUTPUTS), []
    o, y = zeros(HIDDEN), zeros(OUTPUTS)
    for t in range(STEPS):
        u = 0.2 * u * (1 - o) + x[t] @ w["x->h"]
        o = Spike.apply(u - 0.5, curve, width, True)
        v = 0.2 * v * (1 - y) + (o * w.get("h kept", 1)) @ w["h->y"]
        y = Spike.apply(v - 0.5, curve, width, True)
        found.append(y)
    return torch.stack(found)


def grouped(x, w, curve, width):
    """`stbp` over planes: a convolution in two groups, then one of each channel by itself."""
    u, c, d, v, found = zeros(36), zeros(96), zeros(24), zeros(OUTPUTS), []
    h, o, p, y = zeros(36), zeros(96), zeros(24), zeros(OUTPUTS)
    convolved = torch.nn.functional.conv2d
    for t in range(STEPS):
        u = 0.2 * u * (1 - h) + x[t] @ w["x->h"]
        h = Spike.apply(u - 0.5, curve, width, True)
        made = convolved(h.reshape(-1, 4, 3, 3), w["h->c"], padding=1, groups=2)
        c = 0.2 * c * (1 - o) + made.flatten(1)
        o = Spike.apply(c - 0.5, curve, width, True)
        made = convolved(o.reshape(-1, 6, 4, 4), w["c->d"], stride=2, groups=6)
        d = 0.2 * d * (1 - p) + made.flatten(1)
        p = Spike.apply(d - 0.5, curve, width, True)
        v = 0.2 * v * (1 - y) + p @ w["d->y"]
        y = Spike.apply(v - 0.5, curve, width, True)
        found.append(y)
    return torch.stack(found)


def adaptive(x, w, curve, width):
    """Adaptive neurons with a recurrence of delay 2, read out a step later."""
    v, a, u, c, found = zeros(HIDDEN), zeros(HIDDEN), zeros(OUTPUTS), zeros(OUTPUTS), []
    sent = [zeros(HIDDEN)] * 2
    for t in range(STEPS):
        v, a = v - v / 20, a - a / 200
        v = v + x[t] @ w["x->h"] + sent[-2] @ w["h->h"]
        o = Spike.apply(v - (1.0 + 1.8 * a), curve, width, False)
        v, a = v * (1 - o), a + o
        u, c = u - u / 20, c - c / 5
        c = c + sent[-1] @ w["h->y"]
        u = u + c / 5
        y = Spike.apply(u - 0.2 + 1e-6, curve, width, True)  # the slack of `lif`
        u = u * (1 - y)
        sent.append(o * w.get("h kept", 1))
        found.append(y)
    return torch.stack(found)


def synapses(x, w, curve, width):
    """Two synaptic currents, a refractory time of 2, inhibition among themselves."""
    v, e, h, found = zeros(HIDDEN), zeros(HIDDEN), zeros(HIDDEN), []
    left, before = zeros(HIDDEN), zeros(HIDDEN)
    for t in range(STEPS):
        v, e, h = v - v / 20, e - e / 5, h - h / 10
        e, h = e + x[t] @ w["x->y.exc"], h + before @ w["y->y.inh"]
        v = v + (e - h) / 20
        v = torch.where(left > 0, torch.zeros_like(v), v)
        y = torch.where(left > 0, torch.zeros_like(v), Spike.apply(v - 0.3, curve, width, True))
        v = v * (1 - y)
        left = torch.where(y.detach() > 0, torch.full_like(left, 2), (left - 1).clamp(min=0))
        before = y
        found.append(y)
    return torch.stack(found)


def tuned(x, w, curve, width):
    """A bias and a time constant a neuron, one threshold for all, in a loop of delay 2; the readout
    by exponentials, whose time constant is one for all."""
    bias, tau, v_th, slow = w["h/b"], w["h/tau"], w["h/v_th"], w["y/tau"]
    v, u, found, sent = zeros(HIDDEN), zeros(OUTPUTS), [], [zeros(HIDDEN)] * 2
    for t in range(STEPS):
        v = v - v / tau + x[t] @ w["x->h"] + sent[-2] @ w["h->h"] + bias
        o = Spike.apply(v - v_th, curve, width, True)
        v = v * (1 - o)
        u = u * torch.exp(-1 / slow) + o @ w["h->y"]
        y = Spike.apply(u - 0.3, curve, width, True)
        u = u * (1 - y)
        sent.append(o)
        found.append(y)
    return torch.stack(found)


HEAD = f"network net {{ dt = 1 ms  delay = 1 ms  input x[{INPUTS}] encode spikes(duration = 25 ms) "
UNIT = (
    "neuron unit { state u: mV = 0 mV  on input { u = u + i }  du/dt = -u / 1.25 ms"
    "  spike when u > 0.5 mV  on spike { u = 0 mV } }"
)
NETWORKS = {
    "groups": (
        grouped,
        UNIT + HEAD + "population h[4, 3, 3] : unit  population c : unit  population d : unit"
        "  output y[4] : unit"
        "  x -> h : dense  delay 0 ms"
        "  h -> c : conv2d(channels = 6, kernel = 2, padding = 1, groups = 2)  delay 0 ms"
        "  c -> d : conv2d(channels = 6, kernel = 2, stride = 2, groups = 6)  delay 0 ms"
        "  d -> y : dense  delay 0 ms }",
    ),
    "stbp": (
        stbp,
        UNIT + HEAD + "population h[5] : unit  output y[4] : unit"
        "  x -> h : dense  delay 0 ms  h -> y : dense  delay 0 ms }",
    ),
    "alif": (
        adaptive,
        HEAD + "population h[5] : alif(v_th = 1 mV)"
        "  output y[4] : lif(v_th = 0.2 mV, refractory = 0 ms, tau_mem = 20 ms, tau_syn = 5 ms)"
        "  x -> h : dense  delay 0 ms  h -> h : dense  delay 2 ms  h -> y : dense }",
    ),
    "learnt": (
        tuned,
        "neuron cell { param tau: ms = 5 ms  param b: mV/ms = 0.0625 mV / 1 ms"
        "  param v_th: mV = 0.3 mV  state u: mV = 0 mV  on input { u = u + i }"
        "  du/dt = -u / tau + b  spike when u > v_th  on spike { u = 0 mV } }"
        + HEAD
        + "population h[5] : cell(tau = 5 ms trainable, b = 0.0625 mV / 1 ms trainable,"
        "    v_th = 0.75 mV trainable(shared = true))"
        "  output y[4] : cell(tau = 10 ms trainable(shared = true), b = 0 mV / 1 ms) method exact"
        "  x -> h : dense  delay 0 ms  h -> h : dense  delay 2 ms  h -> y : dense  delay 0 ms }",
    ),
    "cuba_lif": (
        synapses,
        HEAD + "output y[5] : cuba_lif(v_th = 0.3 mV)"
        "  x -> y.exc : dense  delay 0 ms  y -> y.inh : dense }",
    ),
}


@pytest.mark.parametrize("curve", SLOPES)
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_autograd(name, curve):
    in_torch, text = NETWORKS[name]
    # Sums of the grid's weights lie at no edge of a rectangle of this width.
    generator, width = np.random.default_rng(7), 1.2957
    model = grid_model(compiled_text(text).graph, 2)
    x = generator.random((STEPS, BATCH, INPUTS)) < 0.3
    weights = {
        p.name: torch.tensor(model.weights(p.name).astype(np.float64), requires_grad=True)
        for p in model.graph.projections
    }
    varied = {n: v.array for n, v in model.values.items() if not n.startswith("weights")}
    varied = {n: np.float32(v * generator.uniform(0.8, 1.25, v.shape)) for n, v in varied.items()}
    model = model.with_values(varied)
    weights |= {n: torch.tensor(np.float64(v), requires_grad=True) for n, v in varied.items()}
    fired = in_torch(torch.tensor(x.astype(np.float64)), weights, curve, width)
    asked = generator.normal(size=fired.shape)
    (fired * torch.tensor(asked)).sum().backward()
    surrogate = Surrogate(CURVES[curve], width)
    surrogates = {p.name: surrogate for p in model.graph.populations}
    found = gradients_through_time(model, {"x": x}, {"y": asked}, surrogates)
    assert fired.sum() > 20
    for name, tensor in weights.items():
        ours = {**found.weights, **found.parameters}[name].reshape(tensor.shape)
        # What follows from a neuron's own parameters is kept in float32.
        near = {"rtol": 1e-6, "atol": 1e-7} if varied else {"rtol": 1e-9, "atol": 1e-11}
        np.testing.assert_allclose(ours, tensor.grad.numpy(), **near)
        assert np.abs(ours).max() > 0


@pytest.mark.parametrize("name", ["stbp", "alif"])
def test_gradients_of_what_units_left_out_do_not_send(name):
    """The same mask in PyTorch, one for all steps; in a loop what is sent back too."""
    in_torch, text = NETWORKS[name]
    generator, call = np.random.default_rng(7), Call("h", (("p", 0.4), ("profile", "recommended")))
    model = grid_model(compiled_text(text).graph, 2)
    x = generator.random((STEPS, BATCH, INPUTS)) < 0.3
    shares = np.stack([factors(model.graph, (call,), 3, 1, k)["h"] for k in range(BATCH)])
    assert ((shares == 0).any(axis=1) & (shares > 0).any(axis=1)).all()
    weights = {
        p.name: torch.tensor(model.weights(p.name).astype(np.float64), requires_grad=True)
        for p in model.graph.projections
    }
    inputs, kept = torch.tensor(x.astype(np.float64)), torch.tensor(shares)
    fired = in_torch(inputs, {**weights, "h kept": kept}, "arctan", 1.3)
    asked = generator.normal(size=fired.shape)
    (fired * torch.tensor(asked)).sum().backward()
    surrogates = {p.name: Surrogate(CURVES["arctan"], 1.3) for p in model.graph.populations}
    found = gradients_through_time(model, {"x": x}, {"y": asked}, surrogates, {"h": shares})
    assert fired.sum() > 20
    for name, tensor in weights.items():
        ours = found.weights[name].reshape(tensor.shape)
        np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=1e-9, atol=1e-11)
        assert np.abs(ours).max() > 0


def apart(x, w, curve, width, is_through, is_temporal):
    """`adaptive` without the output's synapse, whose resets or past states pass nothing on."""
    v, a, u, found, sent = zeros(HIDDEN), zeros(HIDDEN), zeros(OUTPUTS), [], [zeros(HIDDEN)] * 2
    for t in range(STEPS):
        if not is_temporal:
            v, a, u = v.detach(), a.detach(), u.detach()
        v, a, u = v - v / 20, a - a / 200, u - u / 20
        v = v + x[t] @ w["x->h"] + sent[-2] @ w["h->h"]
        o = Spike.apply(v - (1.0 + 1.8 * a), curve, width, False)
        by = o if is_through else o.detach()
        v, a = v * (1 - by), a + by
        u = u + sent[-1] @ w["h->y"]
        y = Spike.apply(u - 1.0, curve, width, True)
        u = u * (1 - (y if is_through else y.detach()))
        sent.append(o)
        found.append(y)
    return torch.stack(found)


APART = (
    "neuron unit { state u: mV = 0 mV  on input { u = u + i }  du/dt = -u / 20 ms"
    "  spike when u > 1 mV  on spike { u = 0 mV } }"
    + HEAD
    + "population h[5] : alif(v_th = 1 mV)  output y[4] : unit"
    "  x -> h : dense  delay 0 ms  h -> h : dense  delay 2 ms  h -> y : dense }"
)


@pytest.mark.parametrize("is_temporal", [True, False])
@pytest.mark.parametrize("is_through", [True, False])
def test_what_resets_and_states_pass_on(is_through, is_temporal):
    """`reset = "detached"` and `temporal = false`; what delays carry goes back in time all the
    same."""
    generator = np.random.default_rng(9)
    model = grid_model(compiled_text(APART).graph, 2)
    x = generator.random((STEPS, BATCH, INPUTS)) < 0.3
    weights = {
        p.name: torch.tensor(model.weights(p.name).astype(np.float64), requires_grad=True)
        for p in model.graph.projections
    }
    inputs = torch.tensor(x.astype(np.float64))
    fired = apart(inputs, weights, "arctan", 1.3, is_through, is_temporal)
    asked = generator.normal(size=fired.shape)
    (fired * torch.tensor(asked)).sum().backward()
    surrogate = Surrogate(CURVES["arctan"], 1.3, is_through, is_temporal)
    surrogates = {p.name: surrogate for p in model.graph.populations}
    found = gradients_through_time(model, {"x": x}, {"y": asked}, surrogates)
    assert fired.sum() > 20
    for name, tensor in weights.items():
        ours = found.weights[name].reshape(tensor.shape)
        np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=1e-9, atol=1e-11)
        assert np.abs(ours).max() > 0


READOUT = (
    HEAD + "population h[5] : alif(v_th = 1 mV)  output y[4] : KIND(tau_mem = 10 ms)"
    "  x -> h : dense  delay 0 ms  h -> h : dense  delay 2 ms  h -> y : dense }"
)
SCORES = {"li": lambda v: v[-1], "li_max": lambda v: v.amax(0), "li_mean": lambda v: v.mean(0)}


def integrated(x, w, curve, width):
    """Adaptive neurons with a recurrence of delay 2 into integrators: their potentials."""
    v, a, u, found, sent = zeros(HIDDEN), zeros(HIDDEN), zeros(OUTPUTS), [], [zeros(HIDDEN)] * 2
    for t in range(STEPS):
        v, a = v - v / 20, a - a / 200
        v = v + x[t] @ w["x->h"] + sent[-2] @ w["h->h"]
        o = Spike.apply(v - (1.0 + 1.8 * a), curve, width, False)
        v, a = v * (1 - o), a + o
        u = u - u / 10 + sent[-1] @ w["h->y"]
        sent.append(o)
        found.append(u)
    return torch.stack(found)


@pytest.mark.parametrize("kind", SCORES)
def test_cross_entropy_of_a_readout(kind):
    generator = np.random.default_rng(8)
    model = grid_model(compiled_text(READOUT.replace("KIND", kind)).graph, 2)
    x, labels = generator.random((STEPS, 1, INPUTS)) < 0.3, torch.tensor([2])
    weights = {
        p.name: torch.tensor(model.weights(p.name).astype(np.float64), requires_grad=True)
        for p in model.graph.projections
    }
    scores = SCORES[kind](integrated(torch.tensor(x.astype(np.float64)), weights, "arctan", 1.3))
    cost = torch.nn.functional.cross_entropy(0.3 * scores[:1], labels)
    cost.backward()
    trace, surrogate = simulate(model, {"x": x}, np.float64), Surrogate(CURVES["arctan"], 1.3)
    spikes = {name: fired[:, 0] for name, fired in trace.spikes.items()}
    steps = {p.name: p.step for p in model.graph.populations if p.step is not None}
    adjoints = {name: adjoint_of(step, surrogate) for name, step in steps.items()}
    loss = Call("cross_entropy", (("scale", 0.3),))
    found = sample_gradients(model, spikes, 2, loss, adjoints, 1.0)
    assert found.cost == pytest.approx(cost.item(), rel=1e-5)
    for projection, tensor in weights.items():
        ours = found.gradients[projection].reshape(tensor.shape)
        np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=1e-4, atol=1e-6)
        assert np.abs(ours).max() > 1e-3
