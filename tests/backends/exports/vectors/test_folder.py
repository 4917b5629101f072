"""The files of golden vectors: they say what the reference does, and a bench that reads them finds
where a circuit does otherwise."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import (
    DRAWN,
    SOFT,
    drawn_firing,
    drawn_integers,
    drawn_values,
    in_integers,
)
from iverilog import needs_iverilog, run_bench, write_files
from refusal import refused

from snncc.backends.exports.vectors.cut import Place
from snncc.backends.exports.vectors.dut import circuit
from snncc.backends.exports.vectors.folder import require_vectors, vector_files
from snncc.backends.exports.vectors.layout import layout_of
from snncc.backends.reference.network import simulate
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.trace import Trace
from snncc.ir.expr import Apply, apply
from snncc.ir.graph import SUMS
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model, weights_name
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize
from snncc.ir.passes.schedule import blocks
from snncc.ir.tensors import Tensor
from snncc.ir.types import Fixed
from snncc.runtime.calibration import seen

PARTS = ("1_neuron", "2_synapse", "3_layer", "4_net")


def traced(model, seed, drawn="spikes"):
    return ReferenceSimulator(model, np.float64).trace(DRAWN[drawn][1](seed), True)


def written(seed, folder, sums="exact", drawn="spikes"):
    model = DRAWN[drawn][0](seed, sums)
    files = vector_files(model, "digest", traced(model, seed, drawn), None)
    write_files(folder, files)
    return model, files


def check(seed, folder, sums, drawn="spikes"):
    written(seed, folder, sums, drawn)
    for part in PARTS:
        said = run_bench(folder / part)
        assert said == (0, "PASS: 2 samples of 40 steps, every spike and state"), (seed, part, said)


@needs_iverilog
@pytest.mark.parametrize("sums", SUMS)
def test_the_behavioural_model_passes(sums, tmp_path):
    """With loops, two ports and delays of 0, 1 and 20 steps."""
    check(306, tmp_path, sums)


@needs_iverilog
@pytest.mark.slow
@pytest.mark.parametrize("sums", SUMS)
@pytest.mark.parametrize(
    ("drawn", "count"),
    [
        *(("spikes", 6), ("windows", 2)),
        *(pytest.param(d, 200, marks=pytest.mark.nightly) for d in ("spikes", "windows")),
    ],
)
def test_many_drawn_networks(drawn, sums, count, tmp_path):
    for seed in range(count):
        check(seed, tmp_path / str(seed), sums, drawn)


WINDOWS = """
network n {
  dt = 1 ms
  input a[1, 5, 5] encode spikes(duration = 30 ms)
  input b[2] encode spikes(duration = 30 ms)
  population h[4, 3, 3] : lif(v_th = 1 mV)
  population g : lif(v_th = 0.5 mV)
  population lone[1] : alif(v_th = 0.5 mV)
  population p : lif(v_th = 0.2 mV)
  output y[3] : li
  a -> h : conv2d(kernel = 3, channels = 4, init = uniform(-1, 2)) delay 2 ms
  h -> g : conv2d(kernel = 2, channels = 6, groups = 2, init = uniform(-1, 2))
  b -> lone : dense(init = uniform(0, 1)) delay 50 ms
  h -> lone : sparse(p = 0.3, init = uniform(0, 1))
  lone -> h : dense(init = uniform(0, 1)) delay 1 ms
  h -> h : dense(init = uniform(-1, 1)) delay 3 ms
  h -> p : pool2d(kernel = 3)
  h -> y : dense(init = uniform(-1, 2))
  lone -> y : dense(init = uniform(-1, 2))
  g -> y : dense(init = uniform(-1, 2))
}
"""


@needs_iverilog
@pytest.mark.slow
@pytest.mark.parametrize("sums", SUMS)
@pytest.mark.parametrize("place", [("h", 4), ("lone", 0), ("p", 1), ("y", 2)])
def test_windows_several_inputs_and_a_readout(place, sums, tmp_path):
    """In a loop of two populations, with a delay that is longer than the samples."""
    model = run_model_passes(draw_model(compiled_text(WINDOWS).graph, 0))
    model = run_model_passes(model, (Quantize(Precision(sums=sums)),))
    drawn = np.random.default_rng(0).random((30, 3, 27)) < 0.3
    trace = simulate(model, {"a": drawn[:, :, :25], "b": drawn[:, :, 25:]}, record=True)
    assert trace.spikes["p"].any()
    assert trace.spikes["g"].any()
    made = vector_files(model, "digest", Trace(trace.spikes, trace.history), Place(*place))
    write_files(tmp_path, made)
    for part in PARTS:
        said = run_bench(tmp_path / part)
        assert said == (0, "PASS: 3 samples of 30 steps, every spike and state"), (part, said)


NEWER = """
neuron curved {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = exp(v / 2 mV) * 1 mV / 30 ms - v * v / 5 mV / 5 ms
  spike when v > 2 mV
  on spike { v = -1 mV }
}
network n {
  dt = 1 ms
  input x[6] encode bernoulli(duration = 40 ms)
  population h[3] : izhikevich
  population m[2] : CELL
  output y[2] : OUTPUT
  x -> h : dense(init = uniform(0, 30))
  x -> m : dense(init = uniform(-0.5, 2))
  h -> y : dense(init = uniform(-1, 2))
  m -> y : dense(init = uniform(-1, 2))
}
"""
LIF, PSC = "lif(v_th = 1 mV)", "lif(v_th = 1 mV)\n  readout = psc(tau = 4 ms)"


@needs_iverilog
@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "output", "asked"),
    [
        ("curved", "li_mean(tau_mem = 9 ms)", {"table": 32}),
        ("curved", PSC, {"table": 32, "sums": "each", "rounding": "nearest_even"}),
        (LIF, PSC.replace("psc(tau = 4 ms)", "first_spike"), {"floor": -0.4}),
        (LIF, LIF, {"decay": "linear", "floor": 0.0, "sums": "each", "state_bits": 24}),
    ],
)
def test_products_quotients_floors_and_scores(cell, output, asked, tmp_path):
    text = NEWER.replace("CELL", cell).replace("OUTPUT", output)
    if "decay" in asked:
        text = text.replace("izhikevich", "if(v_th = 40 mV)").replace(LIF, "soft")
        text = SOFT + text
    model = run_model_passes(draw_model(compiled_text(text).graph, 0))
    samples = drawn_values(3)
    samples = replace(samples, values=samples.values[:, :6])
    ranges = seen(model, samples, "minmax", 8)
    model = in_integers(model, Precision(**asked), "minmax", ranges)
    trace = ReferenceSimulator(model, np.float64).trace(samples, True)
    assert trace.spikes["h"].any()
    assert trace.spikes["m"].any()
    write_files(tmp_path, vector_files(model, "digest", trace, None))
    for part in PARTS:
        said = run_bench(tmp_path / part)
        assert said == (0, "PASS: 2 samples of 40 steps, every spike and state"), (part, said)


@pytest.mark.parametrize("sums", SUMS)
def test_several_spikes_a_step_are_refused(sums):
    refused("E075", require_vectors, drawn_firing(300, sums).graph)


def with_projection(model, name, **changes):
    made = tuple(replace(p, **changes) if p.name == name else p for p in model.graph.projections)
    graph = replace(model.graph, projections=made, schedule=None)
    return replace(model, graph=replace(graph, schedule=blocks(graph)))


def a_longer_delay(model):
    first = model.graph.projections[0]
    return with_projection(model, first.name, delay=first.delay + 1)


def a_swapped_sign(model):
    name = weights_name(model.graph.projections[0].name)
    value = model.values[name]
    codes = value.array.copy()
    codes[2] = -codes[2]
    return replace(model, values={**model.values, name: Tensor(codes, value.dtype)})


def a_strict_threshold(model):
    def changed(step):
        test = step.threshold
        assert isinstance(test, Apply)
        other = {"ge": "gt", "gt": "ge"}[test.op]
        return replace(step, threshold=apply(other, *test.args))

    populations = tuple(
        p if p.step is None else replace(p, step=changed(p.step)) for p in model.graph.populations
    )
    return replace(model, graph=replace(model.graph, populations=populations))


def no_reset(model):
    populations = tuple(
        p if p.step is None else replace(p, step=replace(p.step, reset=()))
        for p in model.graph.populations
    )
    return replace(model, graph=replace(model.graph, populations=populations))


def first_mismatch(model, good, bad):
    """What the bench is to say, found here without it."""
    layout = layout_of(model.graph)
    steps, samples = next(iter(good.spikes.values())).shape[:2]
    for sample, step in np.ndindex(samples, steps):
        for field in layout.spikes:
            name = field.population.name
            for n in range(field.population.neurons):
                head = f"MISMATCH sample {sample}, step {step}, neuron {n} of {name}"
                place = step, sample, n
                wanted, got = (int(t.spikes[name][place]) for t in (good, bad))
                if wanted != got:
                    return f"{head}: its spike is {got}, expected {wanted}"
                for each in layout.states:
                    if each.population.name == name:
                        codes = (t.states[name][each.state.name][place] for t in (good, bad))
                        wanted, got = map(int, codes)
                        if wanted != got:
                            return f"{head}: {each.state.name} is {got}, expected {wanted}"
    raise AssertionError("nothing differs")


TIES = """
neuron cell {
  param v_th: mV = 2 mV
  state v: mV = 0 mV
  on input { v = v + i }
  spike when v >= v_th
  on spike { v = 0 mV }
}
network n {
  dt = 1 ms
  input x[6] encode spikes(duration = 40 ms)
  output y[3] : cell
  x -> y : dense(init = expression((i + j) % 3 - 1))
}
"""


def ties():
    """A network whose sums often are the threshold."""
    model = run_model_passes(draw_model(compiled_text(TIES).graph, 0))
    return run_model_passes(model, (Quantize(Precision()),))


@needs_iverilog
@pytest.mark.parametrize("fault", [a_longer_delay, a_swapped_sign, no_reset, a_strict_threshold])
def test_the_first_mismatch_of_a_fault_is_printed(fault, tmp_path):
    model = ties() if fault is a_strict_threshold else drawn_integers(300)
    write_files(tmp_path, vector_files(model, "digest", traced(model, 300), None))
    faulty = fault(model)
    write_files(tmp_path / "4_net", files_of(circuit(faulty)))
    wanted = first_mismatch(model, traced(model, 300), traced(faulty, 300))
    assert run_bench(tmp_path / "4_net") == (1, wanted)


def files_of(made):
    texts = {"dut.sv": made.text, **made.memories}
    return {name: text.encode() for name, text in texts.items()}


@needs_iverilog
def test_a_log_of_all_that_fires_is_written_to_the_end(tmp_path):
    model, _ = written(300, tmp_path)
    faulty = a_longer_delay(model)
    write_files(tmp_path / "4_net", files_of(circuit(faulty)))
    assert run_bench(tmp_path / "4_net", "+log=dut.csv")[0] == 1
    rows = list(csv.DictReader((tmp_path / "4_net/dut.csv").open()))
    trace = traced(faulty, 300)
    names = [p.name for p in model.graph.populations if p.step is not None]
    assert len(rows) == sum(trace.spikes[n].sum() for n in names)
    for row in rows:
        sample, step, neuron = (int(row[k]) for k in ("sample", "step", "neuron"))
        assert trace.spikes[row["population"]][step, sample, neuron]


@needs_iverilog
def test_states_may_be_left_out(tmp_path):
    """Of a circuit that shows none."""
    written(300, tmp_path)
    text = (tmp_path / "1_neuron/dut.sv").read_text()
    assert "states <= all_states;" in text
    (tmp_path / "1_neuron/dut.sv").write_text(text.replace("states <= all_states;", ""))
    assert run_bench(tmp_path / "1_neuron")[1].startswith("MISMATCH sample 0, step 0, neuron 0")
    said = run_bench(tmp_path / "1_neuron", "+spikes-only")
    assert said == (0, "PASS: 2 samples of 40 steps, every spike")


def test_both_tables_say_what_the_reference_does(tmp_path):
    model, files = written(302, tmp_path)
    trace = traced(model, 302)
    manifest = json.loads(files["manifest.json"])
    (part,) = (p for p in manifest["parts"] if p["folder"] == "4_net")
    lines = files["4_net/spikes.hex"].decode().splitlines()
    for field in part["spikes"]:
        for neuron in range(field["count"]):
            bits = [int(line, 16) >> (field["first"] + neuron) & 1 for line in lines]
            fired = trace.spikes[field["name"]][:, :, neuron].T.ravel()
            assert bits == fired.astype(int).tolist()
    words = [int(line, 16) for line in files["4_net/states.hex"].decode().splitlines()]
    codes = np.array(words, np.uint32).astype(np.int32).reshape(2, 40, part["states_words"])
    for field in part["states"]:
        found = codes[:, :, field["first"] : field["first"] + field["count"]].transpose(1, 0, 2)
        assert (found == trace.states[field["population"]][field["state"]]).all()
    rows = list(csv.DictReader((tmp_path / "4_net/states.csv").open()))
    for row in rows[:: 1 + len(rows) // 500]:
        place = int(row["step"]), int(row["sample"]), int(row["neuron"])
        for state, values in trace.states[row["population"]].items():
            if state in row:
                assert int(row[state]) == values[place]
    given = {tuple(r.values()) for r in csv.DictReader((tmp_path / "4_net/inputs.csv").open())}
    fired = np.argwhere(trace.spikes["x"].transpose(1, 0, 2))
    assert given == {(str(b), str(t), "x", str(n)) for b, t, n in fired}


def test_every_text_ends_with_a_newline_and_is_said_in_the_readme(tmp_path):
    _, files = written(301, tmp_path)
    for name, content in files.items():
        if not name.endswith(".safetensors"):
            assert content.endswith(b"\n"), name
    readme = files["README.md"].decode()
    for name in {name.partition("/")[2] or name for name in files} - {"README.md"}:
        is_memory = name.startswith(("weights_", "start_", "post_", "p"))
        assert name in readme or (name.endswith(".hex") and is_memory), name
    assert "LSB" in readme
    assert "a step is 1 ms" in readme


def test_a_neuron_that_is_asked_for():
    model = drawn_integers(303)
    trace, (last,) = traced(model, 303), (p for p in model.graph.populations if p.role == "output")
    files = vector_files(model, "digest", trace, Place(last.name, last.neurons - 1))
    manifest = json.loads(files["manifest.json"])
    wanted = {"population": last.name, "neuron": last.neurons - 1, "chosen": "as asked for"}
    assert manifest["neuron"] == wanted
    (field,) = manifest["parts"][0]["spikes"]
    assert (field["of"], field["neurons"]) == (
        last.name,
        "all" if last.neurons == 1 else [last.neurons - 1],
    )


NET = "network n {\n dt = 1 ms\n input x[2] encode spikes(duration = 9 ms)\n output y[1] : lif\n"


def test_states_that_a_word_does_not_hold_are_refused():
    graph = ties().graph
    (cell,) = (p for p in graph.populations if p.step is not None)
    states = tuple(replace(s, dtype=Fixed(33, 0)) for s in cell.step.states)
    other = replace(cell, step=replace(cell.step, states=states))
    made = replace(graph, populations=(graph.populations[0], other))
    assert "is fixed(33, 0)" in refused("E071", require_vectors, made).message


def test_floats_are_refused():
    floats = draw_model(compiled_text(NET + " x -> y : dense\n}\n").graph, 0)
    error = refused("E071", vector_files, floats, "", None, None)
    assert "quantize it first" in (error.help or "")
