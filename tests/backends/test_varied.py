"""Parameters and initial states that differ from neuron to neuron, in every simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from backend_cases import compare_with_reference, grid_model, raster, samples_with
from compiled_texts import compiled_text
from kernel_flags import FORWARD
from refusal import refusals, refused

from snncc.backends.cuda.simulator import CudaSimulator
from snncc.backends.reference.network import simulate
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes, run_pipeline
from snncc.ir.tensors import Tensor, tensor
from snncc.ir.types import Fixed

pytestmark = FORWARD

NEURONS, STEPS = 5, 40
NET = """
neuron cell {
  param tau: ms = 4 ms
  param rest: mV = 0 mV
  param v_th: mV = 1 mV
  param pause: ms = 1 ms
  state v: mV = rest
  on input { v = v + i }
  dv/dt = (rest - v) / tau
  spike when v >= v_th
  on spike { v = rest }
  refractory pause { v = rest }
}
network n {
  input x[6] encode spikes(duration = 40 ms)
  population h[5] : cell
  output y[3] : cell
  x -> h : dense
  h -> y : dense
  h -> h : sparse(p = 0.5) delay 2 ms
}
train n { data digits  rule st_rsbp }
"""

VARIED = {
    "h/tau": np.array([2, 4, 8, 16, 4], np.float32),
    "h/v_th": np.array([0.5, 1, 2, 0.25, 1.5], np.float32),
    "h/rest": np.array([0, 0.125, 0, -0.25, 0]),
    "h/pause": np.array([0, 1, 5, 2, 3], np.int32),
    "h/v": np.array([0.25, 0, 1.5, 0, -1], np.float32),
    "y/v_th": np.array(2, np.float32),
}


@pytest.fixture
def model():
    made = grid_model(compiled_text(NET).graph, 5, -0.5, 1.0)
    values = {name: tensor(array) for name, array in VARIED.items() if name != "h/rest"}
    values["h/rest"] = Tensor((VARIED["h/rest"] * 8).astype(np.int8), Fixed(8, 3))
    return replace(made, values={**made.values, **values})


@pytest.fixture
def samples():
    values = np.random.default_rng(1).random((2, STEPS, 6)) < 0.3
    return samples_with(values.astype(np.uint8))


def test_the_cpu_fires_like_the_reference(compare, model, samples):
    found = compare(model, samples)
    found.agree()
    assert all(found.compiled[:, :, 6 + n].any() for n in range(NEURONS))


def test_the_device_fires_like_the_reference(device, model, samples, tmp_path):
    found = compare_with_reference(CudaSimulator(model, None, tmp_path, device), model, samples)
    found.agree()


def test_what_is_learnt_runs_as_what_is_not(model, samples, device, tmp_path):
    """Parameters of its own in every neuron, whether or not a training is to change them; those of
    one value are states too then."""
    net = NET.replace("tau: ms = 4 ms", "tau: ms = 4 ms trainable")
    net = net.replace("rest: mV = 0 mV", "rest: mV = 0 mV trainable(shared = true)")
    learnt = draw_model(compiled_text(net).graph, 1)
    kept = {name: v for name, v in model.values.items() if "rest" not in name}
    learnt = replace(learnt, values={**learnt.values, **kept}, wirings=model.wirings)
    plain = replace(model, values=kept)
    inputs = {"x": samples.values.astype(bool).transpose(1, 0, 2)}
    settled = run_model_passes(learnt)
    rest = {"h/k1", "y/k1"}
    assert rest <= settled.values.keys() - run_model_passes(plain).values.keys()
    assert run_model_passes(settled) == settled
    found, wanted = simulate(learnt, inputs, np.float32), simulate(plain, inputs, np.float32)
    for name, spikes in wanted.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], spikes, err_msg=name)
    compare_with_reference(CudaSimulator(learnt, None, tmp_path, device), learnt, samples).agree()


def test_each_neuron_is_as_one_of_a_population_of_its_own(model, samples):
    """The same network, its five neurons in five populations with parameters in the program."""
    lines = []
    for n in range(NEURONS):
        tau, v_th, rest, pause = (float(VARIED[f"h/{p}"][n]) for p in PARAMETERS)
        name = f"own{n}"
        lines.append(f"population {name}[1] : cell{n}(tau = {tau} ms, v_th = {v_th} mV, "
                     f"rest = {rest} mV, pause = {pause} ms)")  # fmt: skip
        lines.append(f"x -> {name} : dense\n {name} -> y : dense")
    cells = NET[NET.index("neuron") : NET.index("network")]
    own = [
        cells.replace("neuron cell", f"neuron cell{n}").replace(
            "state v: mV = rest", f"state v: mV = {float(VARIED['h/v'][n])} mV"
        )
        for n in range(NEURONS)
    ]
    wiring = model.wirings["h->h"]
    loops = {}
    for s, (i, j) in enumerate(zip(*wiring.pairs(), strict=True)):
        lines.append(f"own{i} -> own{j} : dense delay 2 ms")
        loops[f"own{i}->own{j}"] = model.weights("h->h")[s].reshape(1, 1)
    network = NET[NET.index("network") : NET.index("train")]
    network = network.replace("population h[5] : cell", "\n".join(lines))
    network = network.replace("output y[3] : cell", "output y[3] : cell(v_th = 2 mV)")
    kept = [line for line in network.splitlines() if " h " not in line]
    graph = compiled_text("\n".join([cells, *own, *kept])).graph
    weights = {f"x->own{n}": model.weights("x->h")[:, n : n + 1] for n in range(NEURONS)}
    weights |= {f"own{n}->y": model.weights("h->y")[n : n + 1] for n in range(NEURONS)}
    inputs = {"x": samples.values.astype(bool).transpose(1, 0, 2)}
    together = simulate(model, inputs)
    apart = simulate(draw_model(graph, 0, weights | loops), inputs)
    for n in range(NEURONS):
        np.testing.assert_array_equal(apart.spikes[f"own{n}"][..., 0], together.spikes["h"][..., n])
    np.testing.assert_array_equal(apart.spikes["y"], together.spikes["y"])
    assert raster(model.graph, together).any()


PARAMETERS = ("tau", "v_th", "rest", "pause")


def test_spike_train_rules_refuse_what_they_do_not_know(model, kernels):
    net = compiled_text(NET)
    problem, *_ = refusals(CpuTrainer, model, net.train, 1, kernels)
    assert problem.code == "E050"
    assert "its `tau` differs from neuron to neuron" in problem.message


@pytest.mark.parametrize("rule", ["st_rsbp", "hm2_bp"])
def test_spike_train_rules_refuse_parameters_that_learn(rule, kernels):
    net = NET.replace("tau: ms = 4 ms", "tau: ms = 4 ms trainable").replace("st_rsbp", rule)
    program = compiled_text(net)
    problem, *_ = refusals(CpuTrainer, draw_model(program.graph, 1), program.train, 1, kernels)
    assert problem.code == "E050"
    assert "trains weights only, and `tau` of `h` is to learn" in problem.message
    assert "write `tau = … fixed` where `h` says its model" in problem.help


def test_a_value_that_no_step_can_have_is_refused_by_name(model, samples):
    values = {**model.values, "h/pause": tensor(np.array([0, 1, 2, 3, 0.5]))}
    problem = refused("E045", simulate, replace(model, values=values), {})
    assert "of `h` is 0.5 ms" in problem.message


def test_weights_of_another_type_are_refused(model, kernels, compare, samples):
    codes = Tensor(np.ones((6, 5), np.int8), Fixed(8, 4))
    values = {**model.values, "weights/x->h": codes}
    problem = refused("E071", compare, replace(model, values=values), samples)
    assert "`weights/x->h` is fixed(8, 4), and the network computes in f32" in problem.message


DRAWN = """
neuron cell {
  param tau: ms = 4 ms
  param v_th: mV = uniform(0.5 mV, 1.5 mV)
  param back: mV = v_th / 4
  param pause: ms = 1 ms
  state v: mV = normal(0.25 mV, 0.5 mV, high = 1 mV)
  on input { v = v + i }
  dv/dt = -v / tau
  spike when v >= v_th
  on spike { v = back }
  refractory pause { v = back }
}
network n {
  dt = 1 ms
  delay = 1 ms
  input x[6] encode spikes(duration = 40 ms)
  population h[5] : cell(tau = uniform(3 ms, 9 ms), pause = 1 ms * (i % 3)) method METHOD
  output y[3] : lif(tau_mem = 8 ms, tau_syn = 2 ms, v_th = 1 mV, v = 0.5 mV * i)
  x -> h : dense
  h -> y : dense
  h -> h : sparse(p = 0.5) delay 2 ms
}
train n { data digits  rule surrogate(width = 1) }
"""


@pytest.mark.parametrize("method", ["euler", "exact", "rk4"])
def test_what_a_program_draws_is_the_same_everywhere(compare, device, tmp_path, samples, method):
    model = grid_model(compiled_text(DRAWN.replace("METHOD", method)).graph, 5, -0.25, 1.0)
    drawn = {"h/tau", "h/v_th", "h/back", "h/pause", "h/v", "y/v"}
    assert drawn <= model.values.keys()
    found = compare(model, samples)
    found.agree()
    assert all(found.compiled[:, :, 6 + n].any() for n in range(NEURONS + 3))
    compare_with_reference(CudaSimulator(model, None, tmp_path, device), model, samples).agree()


def test_a_neuron_of_many_is_as_one_alone(samples):
    """Each with its own values, drawn for more neurons than have a population of their own worked
    out, against NumPy."""
    net = DRAWN.replace("METHOD", "euler").replace("h[5]", "h[100]")
    model = grid_model(
        compiled_text(net.replace("h -> h : sparse(p = 0.5) delay 2 ms", "")).graph, 5
    )
    inputs = samples.values.astype(bool).transpose(1, 0, 2)
    found = simulate(model, {"x": inputs}, record=True)
    tau, v_th, back, pause, v = (
        np.asarray(model.values[f"h/{n}"].array, np.float64)
        for n in ("tau", "v_th", "back", "pause", "v")
    )
    left, v = np.zeros((2, 100)), np.tile(v, (2, 1))
    for t in range(STEPS):
        arrived = inputs[t - 1].astype(float) @ model.weights("x->h") if t else 0.0
        v = np.where(left > 0, back, v - v / tau + arrived)
        fired = (left <= 0) & (v >= v_th)
        v = np.where(fired, back, v)
        left = np.where(fired, pause, np.maximum(left - 1, 0))
        np.testing.assert_array_equal(found.spikes["h"][t], fired)
        np.testing.assert_allclose(found.history["h"]["v"][t], v, rtol=1e-5, atol=1e-6)
    assert 100 < found.spikes["h"].sum() < 7000


@pytest.mark.parametrize("rule", ["st_rsbp", "hm2_bp"])
def test_spike_train_rules_refuse_what_is_drawn(kernels, rule):
    net = DRAWN.replace("METHOD", "euler").replace("surrogate(width = 1)", rule)
    program = compiled_text(net)
    problems = refusals(CpuTrainer, draw_model(program.graph, 1), program.train, 1, kernels)
    assert {p.code for p in problems} == {"E050"}


@pytest.mark.parametrize("neurons", [5, 500])
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("pause = uniform(1 ms, 5 ms)", "E045"),
        ("pause = 3 ms - 1 ms * i", "E022"),
        ("tau = uniform(0.1 ms, 0.9 ms)", "E046"),
        ("tau = 2 ms * (3 - i)", "E022"),
    ],
)
def test_a_neuron_that_no_step_can_have(neurons, given, code):
    net = DRAWN.replace("tau = uniform(3 ms, 9 ms), pause = 1 ms * (i % 3)", given)
    net = net.replace("METHOD", "euler").replace("h[5]", f"h[{neurons}]")
    typical = {"pause = uniform(1 ms, 5 ms)": 3.0, "tau = uniform(0.1 ms, 0.9 ms)": 4.0}
    made = compile_text(Source("t.snn", net)).graph
    populations = tuple(
        replace(p, parameters=tuple((dict(p.parameters) | _typical(given, typical)).items()))
        if p.name == "h"
        else p
        for p in made.populations
    )
    model = draw_model(run_pipeline(replace(made, populations=populations)), 1)
    assert refused(code, run_model_passes, model).message.count("`h`") == 1


def _typical(given, typical):
    name = given.partition(" ")[0]
    return {name: typical.get(given, 3.0)}
