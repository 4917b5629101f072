"""Imported networks beside an interpreter of their files, spike by spike."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from nir_files import write_nir
from nir_interpreter import Meaning, interpret
from nir_nodes import affine, chain, cuba, f32, inp, lif, linear, out
from refusal import refused

from snncc import load
from snncc.frontend.nir.decisions import Choices
from snncc.frontend.nir.names import mangled
from snncc.frontend.nir.reader import read_graph
from snncc.ir.files import read_bytes
from snncc.runtime import importing
from snncc.runtime.importing import import_nir


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch) -> None:
    """Without the second process, which tests/frontend/nir/test_apart.py is about."""
    monkeypatch.setattr(importing, "read_nir", read_graph)


DT, STEPS, SAMPLES = 1e-3, 80, 2
SURE = 2e-6  # of a potential: what single precision of weights and parameters may come to


class Net(NamedTuple):
    """Nodes and edges; `late` are the edges with the delay; `populations` what is compared."""

    nodes: dict[str, dict[str, Any]]
    edges: list[tuple[str, str]]
    populations: tuple[str, ...]
    late: tuple[tuple[str, str], ...] = ()
    gain: str | None = None


def dense(draw) -> Net:
    nodes = {
        "input": inp(12),
        "fc1": affine(9, 12, draw),
        "lif1": lif(9, draw),
        "fc2": affine(5, 9, draw),
        "lif2": lif(5, draw),
        "output": out(5),
    }
    return Net(nodes, chain(nodes), ("lif1", "lif2"))


def current(draw) -> Net:
    nodes = {
        "in": inp(12),
        "0": linear(8, 12, draw),
        "1": cuba(8, draw),
        "2": affine(4, 8, draw, 2.0),
        "layer.lif": cuba(4, draw),
        "out": out(4),
    }
    return Net(nodes, chain(nodes), ("1", "layer.lif"))


def recurrent(draw) -> Net:
    nodes = {
        "input": inp(10),
        "fc": affine(8, 10, draw),
        "lif": cuba(8, draw),
        "rec": affine(8, 8, draw),
        "output": out(8),
    }
    edges = [("input", "fc"), ("fc", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "output")]
    return Net(nodes, edges, ("lif",), (("lif", "rec"),))


def two_way(draw) -> Net:
    """Two populations that excite each other, and two ways into one; the walk from the input meets
    `a`, then `b`, whose edges back close the cycles."""
    nodes = {
        "input": inp(10),
        "w1": affine(6, 10, draw),
        "w2": linear(7, 10, draw, 0.5),
        "a": lif(6, draw),
        "ab": affine(7, 6, draw),
        "b": lif(7, draw),
        "ba": linear(6, 7, draw),
        "bb": linear(7, 7, draw),
        "output": out(7),
    }
    edges = [
        ("input", "w1"),
        ("input", "w2"),
        ("w1", "a"),
        ("w2", "b"),
        ("a", "ab"),
        ("ab", "b"),
        ("b", "ba"),
        ("ba", "a"),
        ("b", "bb"),
        ("bb", "b"),
        ("b", "output"),
    ]
    return Net(nodes, edges, ("a", "b"), (("b", "ba"), ("b", "bb")))


def plain(draw) -> Net:
    nodes = {
        "input": inp(12),
        "fc": affine(8, 12, draw),
        "if": {"type": "IF", "r": f32(np.ones(8)), "v_threshold": f32(draw.uniform(1, 2, 8))},
        "scale": {"type": "Scale", "scale": f32(draw.uniform(0.5, 1, 8))},
        "lif": lif(8, draw),
        "output": out(8),
    }
    return Net(nodes, chain(nodes), ("if", "lif"))


def timed(draw) -> Net:
    """The r of IF per second, a delay of each neuron's own, a threshold without a state."""
    nodes = {
        "input": inp(12),
        "fc": affine(8, 12, draw),
        "if": {
            "type": "IF",
            "r": f32(draw.uniform(500, 900, 8)),
            "v_threshold": f32(draw.uniform(1, 2, 8)),
            "v_reset": f32(np.zeros(8)),
        },
        "wait": {"type": "Delay", "delay": f32((1 + np.arange(8)) * DT)},
        "w": linear(4, 8, draw),
        "th": {"type": "Threshold", "threshold": f32(draw.uniform(0.1, 0.5, 4))},
        "output": out(4),
    }
    return Net(nodes, chain(nodes), ("if", "th"), gain="time")


def window(channels: int, below: int, draw, **given) -> dict[str, Any]:
    return {
        "type": "Conv2d",
        "weight": f32(draw.normal(0.1, 0.5, (channels, below, 3, 3))),
        "bias": f32(draw.normal(0, 0.2, channels)),
        "stride": np.array([1, 1]),
        "padding": np.array([0, 0]),
        "dilation": np.array([1, 1]),
        "groups": 1,
    } | given


def pool(kind: str, kernel, padding=(0, 0)) -> dict[str, Any]:
    sizes = {"kernel_size": kernel, "stride": kernel, "padding": padding}
    return {"type": kind, **{key: np.array(value) for key, value in sizes.items()}}


def convolved(draw) -> Net:
    nodes = {
        "input": inp(2, 8, 8),
        "conv": window(4, 2, draw, padding=np.array([1, 1])),
        "if": {"type": "IF", "r": f32(np.ones((4, 8, 8))), "v_threshold": f32(np.ones((4, 8, 8)))},
        "sum": pool("SumPool2d", (2, 2)),
        "conv2": window(4, 2, draw, groups=2),
        "lif": lif(16, draw) | {k: f32(np.full((4, 2, 2), v)) for k, v in LIKE.items()},
        "flat": {
            "type": "Flatten",
            "start_dim": 0,
            "end_dim": -1,
            "input_type": np.array([4, 2, 2]),
        },
        "fc": affine(5, 16, draw),
        "lif2": lif(5, draw),
        "output": out(5),
    }
    return Net(nodes, chain(nodes), ("if", "lif", "lif2"))


LIKE = {"tau": 0.02, "r": 4.0, "v_leak": 0.0, "v_threshold": 0.7, "v_reset": 0.0}


def odd_windows(draw) -> Net:
    """Windows that the language has no word for, and scalars in place of numbers of each neuron."""
    weight = f32(draw.normal(0.1, 0.5, (3, 2, 2, 3)))
    tall = {"weight": weight, "bias": f32(np.zeros(3)), "dilation": np.array([2, 1])}
    nodes = {
        "input": inp(2, 9, 8),
        "conv": window(3, 2, draw, **tall, padding=np.array([1, 0]), stride=np.array([2, 1])),
        "mean": pool("AvgPool2d", (2, 3), (1, 0)),
        "lif": {"type": "LIF"} | {k: np.float32(v) for k, v in LIKE.items()} | {"r": f32(12)},
        "same": window(2, 3, draw, weight=f32(draw.normal(0.1, 0.5, (2, 3, 2, 4))), padding="same"),
        "lif2": {"type": "LIF"} | {k: np.float32(v) for k, v in LIKE.items()} | {"r": f32(40)},
        "output": {"type": "Output"},
    }
    return Net(nodes, chain(nodes), ("lif", "lif2"))


def one_axis(draw) -> Net:
    """Conv1d, and what several nodes lead to, an Output and a linear node among it."""
    nodes = {
        "input": inp(2, 10),
        "conv": {
            "type": "Conv1d",
            "weight": f32(draw.normal(0.2, 0.5, (4, 1, 3))),
            "bias": f32(draw.normal(0, 0.2, 4)),
            "stride": 2,
            "padding": 1,
            "dilation": 1,
            "groups": 2,
            "input_shape": 10,
        },
        "a": lif(20, draw) | {k: f32(np.full((4, 5), v)) for k, v in LIKE.items()},
        "b": lif(20, draw) | {k: f32(np.full((4, 5), 1.3 * v)) for k, v in LIKE.items()},
        "flat": {"type": "Flatten", "start_dim": 0, "end_dim": -1},
        "w": affine(6, 20, draw),
        "v": linear(6, 6, draw),
        "c": lif(6, draw),
        "output": out(6),
    }
    edges = [("input", "conv"), ("conv", "a"), ("conv", "b"), ("a", "flat"), ("b", "flat")]
    edges += [("flat", "w"), ("w", "v")]
    return Net(nodes, [*edges, ("v", "c"), ("w", "c"), ("c", "output")], ("a", "b", "c"))


NETS = {
    f.__name__: f
    for f in (dense, current, recurrent, two_way, plain, timed, convolved, odd_windows, one_axis)
}
WAYS = [
    (name, reset, method)
    for name in NETS
    for reset in ("zero", "subtract")
    for method in ("euler", "euler-together", "exponential", "exact")
    if method == "euler" or name in ("dense", "current")
]


def imported(path: Path, net: Net, reset: str, method: str, comparison: str | None = None):
    choices = Choices(DT, reset, method, comparison, net.gain)
    program = path.with_suffix(".snn")
    return import_nir(path, program, choices), program


def opened(program: Path):
    return load(program, target="reference", duration=f"{STEPS * DT} s")


def trains(net: Net, seed: int):
    inputs = int(np.prod(net.nodes[next(iter(net.nodes))]["shape"]))
    return np.random.default_rng(seed).random((SAMPLES, STEPS, inputs)) < 0.3


def spikes_of(found, name: str, neurons: int):
    """[samples, steps, neurons] of the rows of a recording."""
    made = np.zeros((SAMPLES, STEPS, neurons), bool)
    made[tuple(found.spikes[mangled(name)].T)] = True
    return made


@pytest.mark.parametrize(("name", "reset", "method"), WAYS)
def test_every_spike_is_that_of_the_interpreter(tmp_path, name, reset, method) -> None:
    net = NETS[name](np.random.default_rng(7))
    path = write_nir(tmp_path / "net.nir", net.nodes, net.edges)
    _, program = imported(path, net, reset, method)
    inputs = trains(net, 3)
    ran = opened(program).run(inputs)
    per_step = net.gain is None
    meaning = Meaning(DT, reset, method, per_step=per_step, late=frozenset(net.late))
    for sample in range(SAMPLES):
        expected = interpret(path, inputs[sample], meaning)
        assert expected.margin > SURE
        for population in net.populations:
            rows = expected.sent[population]
            got = spikes_of(ran, population, rows.shape[1])[sample]
            assert np.array_equal(got, rows > 0), population
            assert 0.01 < rows.mean() < 0.99, (population, rows.mean())


@pytest.mark.parametrize("kind", ["LI", "CubaLI", "I"])
def test_readouts_have_the_potentials_of_the_interpreter(tmp_path, kind) -> None:
    draw = np.random.default_rng(5)
    whole = cuba(4, draw) if kind == "CubaLI" else lif(4, draw)
    kept = {"I": ("r",), "LI": ("r", "tau", "v_leak")}.get(kind, tuple(cuba(4, draw)))
    read = {k: whole[k] for k in kept if k not in ("type", "v_threshold", "v_reset")}
    nodes = {
        "input": inp(6),
        "fc": affine(7, 6, draw),
        "lif": lif(7, draw),
        "w": affine(4, 7, draw),
        "read": {"type": kind, **read},
        "output": out(4),
    }
    net = Net(nodes, chain(nodes), (), gain="time")
    path = write_nir(tmp_path / "net.nir", nodes, net.edges)
    _, program = imported(path, net, "zero", "euler")
    inputs = trains(net, 4)
    found = opened(program).run(inputs, states=True)
    expected = interpret(path, inputs[1], Meaning(DT)).sent["read"]
    assert np.ptp(expected) > 0.01
    assert np.allclose(found.states["read"]["v"][1], expected, rtol=1e-5, atol=1e-6)


def test_at_the_threshold_is_a_choice(tmp_path) -> None:
    """Whole numbers, whose sums meet the threshold."""
    unit = {"type": "IF", "r": f32([1.0]), "v_threshold": f32([2.0])}
    nodes = {"input": inp(1), "w": {"type": "Linear", "weight": f32([[1.0]])}, "if": unit}
    nodes["output"] = out(1)
    net = Net(nodes, chain(nodes), ())
    path = write_nir(tmp_path / "net.nir", nodes, net.edges)
    inputs = np.ones((SAMPLES, STEPS, 1), bool)
    for comparison, first in (("above", 2), ("at-least", 1)):
        _, program = imported(path, net, "zero", "euler", comparison)
        found = opened(program).run(inputs)
        assert int(found.spikes["if"][0][1]) == first
        meaning = Meaning(DT, at_least=comparison == "at-least", per_step=True)
        expected = interpret(path, inputs[0], meaning).sent["if"]
        assert np.array_equal(spikes_of(found, "if", 1)[0], expected > 0)


def test_an_input_may_send_numbers(tmp_path) -> None:
    net = dense(np.random.default_rng(2))
    path = write_nir(tmp_path / "net.nir", net.nodes, net.edges)
    program = tmp_path / "net.snn"
    import_nir(path, program, Choices(DT, "zero", "euler", signals="numbers"))
    inputs = np.random.default_rng(3).random((SAMPLES, 12)).astype(np.float32)
    found = opened(program).run(inputs)
    expected = interpret(path, np.tile(inputs[1], (STEPS, 1)), Meaning(DT))
    assert expected.margin > SURE
    assert expected.sent["lif2"].any()
    assert np.array_equal(spikes_of(found, "lif2", 5)[1], expected.sent["lif2"] > 0)


def test_a_program_says_what_decided(tmp_path) -> None:
    net = recurrent(np.random.default_rng(1))
    path = write_nir(tmp_path / "net.nir", net.nodes, net.edges)
    made, program = imported(path, net, "subtract", "euler")
    text = program.read_text()
    assert "#   reset = subtract  (given: --reset)" in text
    assert "#   lif -> rec -> lif closes a cycle, and has the delay of 1 step" in text
    assert made.closing == ("lif -> rec -> lif",)
    assert "input_[10]" in text  # a word of the language


def test_nothing_is_written_of_what_is_refused(tmp_path) -> None:
    net = dense(np.random.default_rng(1))
    path = write_nir(tmp_path / "net.nir", net.nodes, net.edges)
    refused("E092", import_nir, path, tmp_path / "o.snn", Choices(DT))
    refused("E091", import_nir, path, tmp_path / "o.snn", Choices(1.0, "zero", "euler"))
    refused("E063", import_nir, tmp_path / "none.nir", tmp_path / "o.snn", Choices())
    assert [p.name for p in tmp_path.iterdir()] == ["net.nir"]


def test_a_graph_within_a_graph_is_what_it_is_laid_flat(tmp_path) -> None:
    net = recurrent(np.random.default_rng(7))
    inner = {name: net.nodes[name] for name in ("lif", "rec")} | {"i": inp(8), "o": out(8)}
    edges = [("i", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "o")]
    part = {"type": "NIRGraph", "nodes": inner, "edges": edges}
    nodes = {"input": net.nodes["input"], "fc": net.nodes["fc"], "cell": part, "output": out(8)}
    path = write_nir(tmp_path / "nested.nir", nodes, chain(nodes))
    flat = write_nir(tmp_path / "flat.nir", net.nodes, net.edges)
    inputs = trains(net, 3)
    found = [opened(imported(p, net, "zero", "euler")[1]).run(inputs) for p in (path, flat)]
    assert len(found[0].spikes["cell_x2elif"])
    assert np.array_equal(found[0].spikes["cell_x2elif"], found[1].spikes["lif"])


def test_the_same_file_gives_the_same_bytes(tmp_path) -> None:
    net = current(np.random.default_rng(1))
    path = write_nir(tmp_path / "net.nir", net.nodes, net.edges)
    imported(path, net, "zero", "euler")
    names = (tmp_path / "net.snn", tmp_path / "net.safetensors")
    first = [read_bytes(p, 1 << 20) for p in names]
    imported(path, net, "zero", "euler")
    assert first == [read_bytes(p, 1 << 20) for p in names]
