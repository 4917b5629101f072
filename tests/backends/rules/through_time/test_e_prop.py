"""e-prop against its own equations: eligibility traces forward in time (Bellec et al. 2020)."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import grid_model
from compiled_texts import compiled_text
from kernel_flags import THROUGH_TIME
from rule_cases import check_step_of

from snncc.backends.reference.network import simulate
from snncc.backends.rules.table import RULES
from snncc.backends.rules.through_time.row import check
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.model import draw_model

pytestmark = THROUGH_TIME

STEPS, INPUTS, HIDDEN, OUTPUTS, LABEL = 30, 6, 7, 4, 2
ALPHA, RHO, KAPPA, BETA, BAR, WIDTH = 0.95, 0.995, 0.9, 1.8, 1.0, 1.3
TEXT = """
neuron adaptive {  # resets by subtraction, as in the paper
  param tau_a: ms = 200 ms
  state v: mV = 0 mV
  state a: 1 = 0
  on input { v = v + i }
  dv/dt = -v / 20 ms
  da/dt = -a / tau_a
  spike when v > 1 mV + 1.8 mV * a
  on spike { v = v - 1 mV  a = a + 1 }
}
network net {
  dt = 1 ms
  delay = 1 ms
  input x[6] encode spikes(duration = 30 ms)
  population h[7] : adaptive
  output y[4] : li_mean(tau_mem = 10 ms)
  x -> h : dense  delay 0 ms
  h -> h : dense
  h -> y : dense  delay 0 ms
  MORE
}
train net {
  data digits
  rule e_prop(width = 1.3)
  loss cross_entropy(scale = 0.4)
  optimizer sgd(lr = 0.001)
}
"""


def forward_mode(weights, x, z, v, a, reset):
    """dE/dW of the recurrent layer as sums over time of learning signal times eligibility, each
    synapse with its eligibility vector (of v, and of the adaptation a), all forward in time.

    e = psi (eps_v - beta eps_a), eps_v' = alpha (eps_v - e) + z_pre, eps_a' = rho (eps_a + e), with
    e = 0 in the last two where the reset is detached; the learning signal is the sum over the later
    steps of what the readouts make of a spike.
    """
    u, potentials = np.zeros(OUTPUTS), []
    for t in range(STEPS):
        u = KAPPA * u + z[t] @ weights["h->y"]
        potentials.append(u)
    scores = np.mean(potentials, axis=0)
    powers = np.exp(0.4 * (scores - scores.max()))
    error = 0.4 * (powers / powers.sum() - (np.arange(OUTPUTS) == LABEL))
    reach = [sum(KAPPA**k for k in range(STEPS - t)) / STEPS for t in range(STEPS)]
    signal = [reach[t] * (weights["h->y"] @ error) for t in range(STEPS)]  # [HIDDEN]
    margin = v - (BAR + BETA * a)
    psi = 1 / (WIDTH * (1 + (np.pi * margin / WIDTH) ** 2))
    found = {}
    for name, sent in (("x->h", x), ("h->h", np.concatenate([np.zeros((1, HIDDEN)), z[:-1]]))):
        of_v, of_a, own, total = (np.zeros(weights[name].shape) for _ in range(4))
        for t in range(STEPS):
            of_v = ALPHA * (of_v - own) + sent[t][:, None]
            of_a = RHO * (of_a + own)
            eligibility = psi[t] * (of_v - BETA * of_a)
            own = eligibility if reset == "through" else np.zeros_like(own)
            total += signal[t] * eligibility
        found[name] = total
    return found


@pytest.mark.parametrize("reset", ["through", "detached"])
def test_errors_by_eligibility_traces(reset):
    text = TEXT.replace("width = 1.3", f'width = 1.3, reset = "{reset}"')
    program = compiled_text(text.replace("MORE", ""))
    model = grid_model(program.graph, 5)
    x = np.random.default_rng(2).random((STEPS, 1, INPUTS)) < 0.3
    trace = simulate(model, {"x": x}, np.float64, record=True)
    spikes = {name: fired[:, 0] for name, fired in trace.spikes.items()}
    assert spikes["h"].sum() > 30
    oracle = RULES["e_prop"].oracle(model, spikes, LABEL, program.train, 1.0)
    weights = {
        p.name: model.weights(p.name).astype(np.float64).reshape(-1, p_out)
        for p, p_out in zip(program.graph.projections, (HIDDEN, HIDDEN, OUTPUTS), strict=True)
    }
    z = spikes["h"].astype(np.float64)
    after = trace.history["h"]
    v = after["v"][:, 0] + z * 1.0  # as it was at the threshold
    a = after["a"][:, 0] - z
    found = forward_mode(weights, x[:, 0].astype(np.float64), z, v, a, reset)
    for name, gradient in found.items():
        ours = oracle.gradients[name].reshape(gradient.shape)
        np.testing.assert_allclose(ours, gradient, rtol=2e-4, atol=1e-6)
        assert np.abs(gradient).max() > 1e-2


LOOP = """
  population g[5] : alif(v_th = 1 mV)
  h -> g : dense
  g -> h : sparse(p = 0.6)  delay 2 ms"""


@pytest.mark.compiled_at_night
@pytest.mark.parametrize("batch", [1, 2])
def test_a_step_is_the_oracles_gradient(kernels, batch):
    text = TEXT.replace("MORE", LOOP).replace("x[6]", "x[20]").replace("30 ms", "120 ms")
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, range(2))


def test_an_output_that_answers_is_refused():
    program = compiled_text(TEXT.replace("MORE", "y -> h : dense"))
    (found,) = check(draw_model(program.graph, 0), program.train)
    assert found.code == "E050"
    assert "passes no error within a loop, and `y` lies in one with `h`" in found.message
