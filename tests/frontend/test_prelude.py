from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.reference.network import simulate
from snncc.frontend.prelude import prelude_names, prelude_path
from snncc.frontend.program import compile_text, survey_text
from snncc.ir.diagnostics import Source
from snncc.ir.expr import evaluate
from snncc.ir.model import draw_model

NET = """
network example {{
  delay = 1 ms
  input x[2] encode spikes(duration = 8 ms)
  output y[2] : {model}
  x -> y : dense
  {more}
}}
"""
LIF = "lif(tau_mem = 4 ms, tau_syn = 2 ms, refractory = 1 ms, v_th = 1 mV)"
INPUT = {0: (1, 2, 4, 5), 1: (1, 3, 5)}
WEIGHTS = np.array([[2.0, 1.5], [1.0, -0.5]], dtype=np.float32)  # [pre, post]


def spikes(model: str, more: str = "", **weights: np.ndarray) -> list[list[int]]:
    graph = compiled_text(NET.format(model=model, more=more)).graph
    trains = np.zeros((8, 1, 2), dtype=bool)
    for neuron, times in INPUT.items():
        trains[list(times), 0, neuron] = True
    trace = simulate(draw_model(graph, 0, {"x->y": WEIGHTS, **weights}), {"x": trains})
    out = trace.spikes["y"][:, 0, :]
    return [np.flatnonzero(out[:, neuron]).tolist() for neuron in range(2)]


def test_lif_is_the_neuron_of_the_papers() -> None:
    """The worked example of the specification, with and without recurrent weights."""
    assert spikes(LIF) == [[2, 4, 6], [3, 6]]
    recurrent = {"y->y": np.array([0.5, 0.8], dtype=np.float32)}  # 0 -> 1, 1 -> 0
    more = "y -> y : list(synapses = [[0, 1, 0.5], [1, 0, 0.8]])"
    assert spikes(LIF, more, **recurrent) == [[2, 4, 6], [3, 5]]


@pytest.mark.parametrize("v_th", [1.0, 20.0, 40.0, 64.0, 4096.0])
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_lif_fires_at_its_threshold_whatever_its_size(v_th: float, real: type) -> None:
    """The slack of 1e-6 is less than the last bit of a float32 above 16."""
    text = NET.format(model=f"lif(v_th = {v_th} mV)", more="")
    population = compiled_text(text).graph.population("y")
    assert population.step is not None
    values = dict(zip(population.step.constants, map(real, population.constants), strict=True))
    below = v_th - 5e-6 if real is np.float64 else np.nextafter(real(v_th - 1e-6), real(0))
    for v, fires in ((v_th, True), (below, False)):
        states = {s.name: real(0) for s in population.step.states} | {"v": real(v)}
        assert bool(evaluate(population.step.spike, values | states, real)) is fires


def test_if_keeps_what_is_above_the_threshold() -> None:
    """Neuron 0 gets 3, 2, 1, 2, 3 from step 2 on and gives back each whole threshold of 2."""
    # step:      2    3    4    5    6    7
    # drive 0:   3    2    1    2    3    0
    # v after:   1    1    0    0    1    1
    assert spikes("if(v_th = 2 mV)")[0] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", prelude_names())
def test_every_model_is_sound(name: str) -> None:
    source = Source(name, prelude_path(name).read_text())
    assert survey_text(source).diagnostics == ()
    port = ".exc" if name == "cuba_lif" else ""
    text = (
        "network n { input x[2] encode bernoulli(duration = 4 ms) "
        f"output y[2] : {name} x -> y{port} : dense }}"
    )
    compiled_text(text)


def test_the_prelude_is_what_the_design_says() -> None:
    readouts = {"li", "li_max", "li_mean"}
    spiking = {"lif", "if", "alif", "cuba_lif", "izhikevich", "stbp", "tssl"}
    assert set(prelude_names()) == spiking | readouts | {"linear"}


def test_the_defaults_of_lif() -> None:
    text = "network n { population y[1] : lif }"
    y = compile_text(Source("t.snn", text)).graph.population("y")
    assert dict(y.parameters) == {"tau_mem": 64.0, "tau_syn": 8.0, "v_th": 20.0, "refractory": 2.0}


def test_cuba_lif_subtracts_inhibition() -> None:
    text = """
    network n {
      input x[1] encode spikes(duration = 30 ms)
      output y[2] : cuba_lif(v_th = 1 mV, refractory = 0 ms)
      x -> y.exc : list(synapses = [[0, 0, 9], [0, 1, 9]])
      x -> y.inh : list(synapses = [[0, 1, 9]])
    }
    """
    graph = compiled_text(text).graph
    trains = np.zeros((30, 1, 1), dtype=bool)
    trains[1:6] = True
    weights = {"x->y.exc": np.array([9.0, 9.0]), "x->y.inh": np.array([9.0])}
    counts = simulate(draw_model(graph, 0, weights), {"x": trains}).spikes["y"].sum(axis=(0, 1))
    assert counts[0] > 2
    assert counts[1] < counts[0]


def test_izhikevich_fires_regularly_under_constant_drive() -> None:
    """20 ms of a drive of 10 starts a train of spikes (Izhikevich 2003, figure 2)."""
    text = """
    network n {
      dt = 0.5 ms
      input x[1] encode spikes(duration = 300 ms)
      output y[1] : izhikevich(drive = 10 mV / 1 ms)
      x -> y : dense(weight = 0)
    }
    """
    graph = compiled_text(text).graph
    trains = np.zeros((600, 1, 1), dtype=bool)
    model = draw_model(graph, 0, {"x->y": np.zeros((1, 1))})
    out = simulate(model, {"x": trains}).spikes["y"][:, 0, 0]
    times = np.flatnonzero(out) / 2
    assert 4 <= len(times) <= 15
    gaps = np.diff(times)
    assert gaps[-1] > gaps[0]  # it adapts
