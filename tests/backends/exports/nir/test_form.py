"""NIR files of programs: every spike by an interpreter of the file that shares nothing with us,
and back to programs and to files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from nir_files import write_nir
from nir_interpreter import Meaning, interpret, read_plain
from nir_nodes import affine, chain, cuba, f32, inp, lif, linear, out
from refusal import refusals

from snncc import load
from snncc.backends.exports.nir.form import nir_file, require_nir, written
from snncc.frontend.nir.decisions import Choices
from snncc.frontend.nir.names import mangled
from snncc.frontend.nir.reader import read_graph
from snncc.ir.model import Model
from snncc.runtime import importing
from snncc.runtime.importing import import_nir
from snncc.runtime.loading import Options, load_package


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch) -> None:
    """Without the second process, which tests/frontend/nir/test_apart.py is about."""
    monkeypatch.setattr(importing, "read_nir", read_graph)


STEPS, SAMPLES, SURE = 80, 2, 1e-9


class Case(NamedTuple):
    """A program, how a step of it is meant, and which edges of its file close cycles."""

    text: str
    method: str = "euler"
    reset: str = "zero"
    at_least: bool = False
    per_step: bool = True
    late: tuple[tuple[str, str], ...] = ()
    delay: int = 1


LAYERS = """
network layers {
  dt = 0.5 ms
  delay = 0 ms
  input      x[2, 6, 6] encode spikes(duration = 40 ms)
  population c : stbp(tau = 7 ms, v_th = 0.9 mV)
  population p : linear
  population h[7] : tssl
  population k[7] : stbp(tau = uniform(2 ms, 9 ms), bias = normal(0.01 mV / 1 ms, 0.02 mV / 1 ms))
  output     y[3] : li
  x -> c : conv2d(channels = 4, kernel = 3, padding = 1, groups = 2)
  c -> p : pool2d(kernel = 2)
  p -> h : dense  delay 1 ms
  h -> h : dense(init = uniform(-1, 0.5))  delay 0.5 ms
  h -> k : one_to_one(init = uniform(1, 2))  delay 1.5 ms
  h -> k : sparse(p = 0.4)
  k -> y : dense
}
"""
PORTS = """
neuron cell {
  param tau_mem: ms = 12 ms
  param tau_syn: ms = 3 ms
  param v_th: mV = 1 mV
  param push: mV = normal(0.02 mV, 0.05 mV)
  state v: mV = 0 mV
  state c: mV = 0 mV
  input exc: mV
  input inh: mV
  on input { c = c + exc - 2 * inh }
  dv/dt = (push - v + 3 * c) / tau_mem
  dc/dt = -c / tau_syn
  spike when v > v_th
  on spike { v = -0.2 mV }
}
network ports {
  delay = 1 ms
  METHOD
  input      x[9] encode spikes(duration = 80 ms)
  population a[6] : cell
  population b[5] : cell(v_th = 0.7 mV)
  output     y[4] : cell
  x -> a.exc : dense  delay 2 ms
  a -> b.exc : fixed_fan_in(k = 3, init = uniform(0, 2))  delay 0 ms
  b -> a.inh : dense(init = uniform(0, 0.5))
  b -> b.inh : lateral_inhibition(weight = 0.2)
  a -> y.exc : dense(init = uniform(0, 2))
  b -> y.inh : one_to_one(weight = 0.1)
}
""".replace("b -> y.inh : one_to_one(weight = 0.1)", "b -> y.inh : dense(init = uniform(0, 0.1))")
WHOLE = """
neuron own {
  param rate: kHz = 0.8 / 1 ms
  param v_th: mV = 1.5 mV
  param bias: mV = uniform(-0.1 mV, 0.1 mV)
  state v: mV = 0 mV
  dv/dt = rate * (i + bias)
  spike when v >= v_th
  on spike { v = v - v_th }
}
network whole {
  input      x[5] encode spikes(duration = 80 ms)
  population a[6] : if(v_th = 2 mV)
  output     y[3] : own
  x -> a : dense(init = uniform(0, 1))  delay 0 ms
  a -> y : dense(init = uniform(-0.5, 1))  delay 3 ms
}
"""
BOTH = (("b", "b->a.inh"), ("b", "b->b.inh"))
TOGETHER = PORTS.replace("on input { c = c + exc - 2 * inh }", "").replace(
    "dc/dt = -c / tau_syn", "dc/dt = (4 * exc - 8 * inh - c) / tau_syn"
)
CASES = {
    "layers": Case(LAYERS, late=(("h", "h->h"),)),
    "euler": Case(PORTS.replace("METHOD", ""), late=BOTH),
    "together": Case(
        TOGETHER.replace("METHOD", "method = forward_euler"), "euler-together", late=BOTH
    ),
    "exact": Case(TOGETHER.replace("METHOD", "method = exact"), "exact", late=BOTH),
    "exponential": Case(PORTS.replace("METHOD", "method = exact"), "exponential", late=BOTH),
    "shortcut": Case(PORTS.replace("METHOD", "x -> b.exc : dense"), late=BOTH),
    "whole": Case(WHOLE, "euler", "subtract", at_least=True, per_step=False),
}


def model_of(path: Path) -> Model:
    return load_package(path, Options(target="reference")).model


def program_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "net.snn"
    path.write_text(text)
    return path


def exported(program: Path, is_lossy: bool = False) -> Path:
    """The NIR file of a program, beside it."""
    path = program.with_suffix(".nir")
    path.write_bytes(nir_file(model_of(program), is_lossy)[0])
    return path


def spikes(program: Path, inputs, steps: int = STEPS):
    """By population and sample what fired [steps, neurons]."""
    net = load(program, target="reference")
    if "duration: s" in program.read_text():
        net = load(program, target="reference", duration=f"{steps * net.dt} ms")
    found = net.run(inputs)
    made = {}
    for population in model_of(program).graph.populations:
        rows = np.zeros((len(inputs), steps, population.neurons), bool)
        rows[tuple(found.spikes[population.name].T)] = True
        made[population.name] = rows
    return made


def inputs_of(program: Path):
    neurons = model_of(program).graph.populations[0].neurons
    return np.random.default_rng(3).random((SAMPLES, STEPS, neurons)) < 0.3


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"shortcut"}))
def test_every_spike_is_that_of_an_interpreter_of_the_file(tmp_path, name) -> None:
    case = CASES[name]
    program = program_of(tmp_path, case.text)
    path, inputs = exported(program), inputs_of(program)
    ran, said = spikes(program, inputs), read_graph(path).said
    assert (said.discretize, said.reset, said.recurrent_delay) == (
        case.method,
        case.reset,
        case.delay,
    )
    meaning = Meaning(
        said.dt or 0.0,
        case.reset,
        case.method,
        case.at_least,
        case.per_step,
        frozenset(case.late),
        case.delay,
    )
    for sample in range(SAMPLES):
        expected = interpret(path, inputs[sample], meaning)
        assert expected.margin > SURE
        fired = [n for n in ran if ran[n].any() and n in expected.sent and n not in ("x", "p")]
        assert len(fired) >= 2
        for population in fired:
            found = expected.sent[population] > 0
            assert np.array_equal(ran[population][sample], found), population


@pytest.mark.parametrize("name", CASES)
def test_a_file_makes_the_program_again(tmp_path, name) -> None:
    """Which needs no option, fires alike, and makes the same file."""
    program = program_of(tmp_path, CASES[name].text)
    path, inputs = exported(program), inputs_of(program)
    again = tmp_path / "again.snn"
    import_nir(path, again, Choices())
    ran, twice = spikes(program, inputs), spikes(again, inputs)
    for population in ran:
        assert np.array_equal(ran[population], twice[mangled(population)]), population
    assert_same_file(path, exported(again))
    third = tmp_path / "more" / "again.snn"
    import_nir(again.with_suffix(".nir"), third, Choices())
    graphs = [model_of(p).graph for p in (again, third)]
    assert graphs[0] == graphs[1]


def assert_same_file(one: Path, other: Path, passing: frozenset[str] = frozenset()) -> None:
    """Nodes and edges are the same, in any order; nodes of a `passing` kind are looked through."""
    (nodes, edges), (others, ends) = read_plain(one), read_plain(other)
    nodes, edges = looked_through(nodes, edges, passing)
    others, ends = looked_through(others, ends, passing)
    assert set(edges) == set(ends)
    assert nodes.keys() == others.keys()
    for name, node in nodes.items():
        for key, value in node.items():
            if key == "type":
                assert value == others[name][key], name
            else:
                near = np.float64(others[name][key])
                assert np.allclose(np.float64(value), near, rtol=2e-7, atol=0.0), (name, key)


def looked_through(nodes, edges, kinds):
    for name in [n for n, node in nodes.items() if node["type"].decode() in kinds]:
        before = [a for a, b in edges if b == name]
        after = [b for a, b in edges if a == name]
        edges = [e for e in edges if name not in e] + [(a, b) for a in before for b in after]
    return {n: node for n, node in nodes.items() if node["type"].decode() not in kinds}, edges


def files():
    draw = np.random.default_rng(5)
    dense = {
        "input": inp(12),
        "fc1": affine(9, 12, draw),
        "lif1": lif(9, draw),
        "0": affine(5, 9, draw),
        "layer.lif": cuba(5, draw),
        "rec": linear(5, 5, draw),
        "out": out(5),
    }
    edges = [
        *chain({k: 0 for k in dense if k != "rec"}),
        ("layer.lif", "rec"),
        ("rec", "layer.lif"),
    ]
    yield "dense", dense, edges, None
    several = {
        "input": inp(6),
        "w": linear(6, 6, draw),
        "a": lif(6, draw),
        "b": {"type": "IF", "r": f32(np.full(6, 400)), "v_threshold": f32(np.ones(6))},
        "wait": {"type": "Delay", "delay": f32((1 + np.arange(6)) * 1e-3)},
        "v": affine(4, 6, draw),
        "read": {"type": "LI", "tau": f32([0.02] * 4), "r": f32([2] * 4), "v_leak": f32([0] * 4)},
        "output": out(4),
    }
    ends = [("input", "w"), ("w", "a"), ("w", "b"), ("a", "v"), ("b", "v"), ("a", "wait")]
    ends += [("wait", "b"), ("v", "read"), ("read", "output")]
    yield "several", several, ends, "time"


@pytest.mark.parametrize("name", ["dense", "several"])
@pytest.mark.parametrize("method", ["euler", "euler-together", "exponential", "exact"])
def test_a_file_comes_back_equal(tmp_path, name, method) -> None:
    """But for the order, what a Flatten is called, and times by a unit of single precision."""
    nodes, edges, gain = next(row[1:] for row in files() if row[0] == name)
    path = write_nir(tmp_path / "net.nir", nodes, edges)
    program = tmp_path / "made.snn"
    import_nir(path, program, Choices(1e-3, "zero", method, gain=gain))
    made = exported(program)
    plain, _ = read_plain(path)
    for node in plain.values():
        if node["type"] == b"IF":
            assert "v_reset" not in node  # which is 0, and which a file of ours says
    assert_same_file(path, made, frozenset({"Output"}))
    kinds = {"euler-together": "euler", "exact": "exponential"}  # the same without currents
    expected = method if name == "dense" else kinds.get(method, method)
    assert read_graph(made).said.discretize == expected


LOST = {
    "refractory for 2 steps": ("", "lif"),
    "1e-06 below the threshold that its reset takes": (
        "neuron n { param v_th: mV = 1 mV  state v: mV = 0 mV  on input { v = v + i }  "
        "spike when v - v_th > -0.000001 mV  on spike { v = v - v_th } }",
        "n",
    ),
    "begins at 0.5": ("", "stbp(u = 0.5 mV)"),
    "scored by `psc`": ("", "stbp"),
    "has noise": (
        "neuron n { param tau: ms = 5 ms  state v: mV = 0 mV  on input { v = v + i }  dv/dt = "
        "-v / tau + 1 mV / sqrt(1 ms) * noise  spike when v > 1 mV  on spike { v = 0 mV } }",
        "n",
    ),
    "changes `c` too": (
        "neuron n { param tau: ms = 5 ms  state v: mV = 0 mV  state c: mV = 0 mV  "
        "on input { c = c + i }  dv/dt = (c - v) / tau  dc/dt = -c / tau  spike when v > 1 mV  "
        "on spike { v = 0 mV  c = 0 mV } }",
        "n",
    ),
}


@pytest.mark.parametrize("reason", LOST)
def test_what_nir_lacks_is_refused_or_listed(tmp_path, reason) -> None:
    neuron, model = LOST[reason]
    score = "readout = psc(tau = 3 ms)" if "psc" in reason else ""
    text = f"""{neuron}
network net {{
  {score}
  input  x[3] encode spikes(duration = 20 ms)
  output y[2] : {model}
  x -> y : dense  delay 0 ms
}}"""
    model_ = model_of(program_of(tmp_path, text))
    require_nir(model_)
    (found,) = refusals(nir_file, model_, False)
    assert found.code == "E071"
    assert reason in found.message
    assert found.span is not None
    assert "--lossy" in found.help
    content, made = nir_file(model_, True)
    assert content
    assert [reason in trouble.message for trouble in made.troubles] == [True]


HARD = {
    "(alif) is no neuron of NIR: its condition to fire": "output y[2] : alif",
    "(izhikevich) is no neuron of NIR: its step is not linear": "output y[2] : izhikevich",
    "(li_mean) is no neuron of NIR: what it sends is not": "output y[2] : li_mean",
    "no step by `euler`": "population h[2] : tssl method exact  output y[2] : tssl",
    "has no output": "population y[2] : stbp",
}


@pytest.mark.parametrize("reason", HARD)
def test_what_no_graph_can_say_is_refused_in_any_case(tmp_path, reason) -> None:
    text = f"""network net {{
  delay = 0 ms
  input x[3] encode spikes(duration = 20 ms)
  {HARD[reason]}
  x -> y : dense
}}"""
    model = model_of(program_of(tmp_path, text))
    found = refusals(nir_file, model, True)
    assert any(reason in diagnostic.message for diagnostic in found)
    assert refusals(require_nir, model) == found


def test_all_is_listed_at_once(tmp_path) -> None:
    text = """network net {
  delay = 0 ms
  input  x[3] encode spikes(duration = 20 ms)
  source s[3] : regular(period = 5 ms)
  population h[4] : lif
  output y[2] : cuba_lif
  x -> h : dense
  s -> h : dense
  h -> y.exc : dense
}"""
    found = refusals(require_nir, model_of(program_of(tmp_path, text)))
    said = " ".join(d.message for d in found)
    for word in ("`s` fires by itself", "`h` is refractory", "`y` (cuba_lif) is no neuron"):
        assert word in said


def test_a_file_is_the_same_bytes_each_time(tmp_path) -> None:
    model = model_of(program_of(tmp_path, LAYERS))
    assert nir_file(model, False)[0] == nir_file(model, False)[0]


def test_gains_bring_euler_readers_to_the_very_step(tmp_path) -> None:
    """dt / tau is the share that is lost, and r dt / tau 1, in double precision."""
    program = program_of(tmp_path, LAYERS.replace("dt = 0.5 ms", "dt = 0.1 ms"))
    nodes = written(model_of(program)).graph.nodes
    assert nodes["h"].numbers("tau_mem")[0] == 0.005
    for name, tau, r in (("c", "tau", "r"), ("h", "tau_syn", "w_in")):
        times, gains = nodes[name].numbers(tau), nodes[name].numbers(r)
        assert np.all(1e-4 / times * gains == 1.0)
        assert np.all(gains * 1e-4 / times == 1.0)
