"""Faults planted in one place of a recurrent network: where the sides part, and why."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted import (
    NET,
    SUMS,
    compared,
    package,
    presentation,
    random_network,
    rounded,
    seeded,
    swapped,
    traced,
    trained,
    write_log,
)

from snncc.runtime.diff import synapses
from snncc.runtime.diff.compare import Place
from snncc.runtime.diff.explained import evidence_text, reason_text
from snncc.runtime.diff.shown import place_text

DOCUMENT = (Path(__file__).parents[3] / "docs/diff.md").read_text()

STRICT = """
neuron strict {
  param v_th: mV = 1 mV
  state v: mV = 0 mV
  on input { v = v + i }
  spike when v > v_th
  on spike { v = v - v_th }
}
"""


def program(old, new):
    assert old in NET
    return lambda: (trained(), trained(NET.replace(old, new)), {})


def weights(projection, change):
    return lambda: (trained(), swapped(trained(), projection, change), {})


def presented(**how):
    return lambda: (trained(), trained(), how)


def one_sign(matrix):
    matrix[3, 7] *= -1
    return matrix


def stepped(**phases):
    """The step of `h` with other phases."""

    def make():
        model = trained()
        graph = model.graph
        h = graph.population("h")
        changed = {
            name: tuple(a for n in of for a in getattr(h.step, n)) for name, of in phases.items()
        }
        other = replace(h, step=replace(h.step, **changed))
        populations = tuple(other if p is h else p for p in graph.populations)
        return model, replace(model, graph=replace(graph, populations=populations)), {}

    return make


# How to plant it, the class, a part of what is said of a log.
FAULTS = {
    "> for >=": (
        lambda: (
            trained(SUMS, 0.5),
            trained(STRICT + SUMS.replace(": if", ": strict"), 0.5),
            {},
        ),
        "threshold",
        "with `>` in place of `>=` at the threshold",
    ),
    "a longer delay": (
        program("h -> h : dense  delay 2 ms", "h -> h : dense  delay 3 ms"),
        "delay",
        "with a delay of 3 in place of 2 steps on `h->h`",
    ),
    "transposed weights": (
        weights("h->h", lambda matrix: matrix.T.copy()),
        "wiring",
        "with the weights of `h->h` transposed",
    ),
    "a soft reset": (
        program("on spike { v = 0 mV }", "on spike { v = v - v_th }"),
        "reset kind",
        "with a reset of `v` by subtraction of the threshold",
    ),
    "a swapped sign": (
        weights("h->h", one_sign),
        "weights",
        "with its sign swapped on the synapse from neuron 3 of `h` to neuron 7",
    ),
    "swapped signs": (
        weights("x->h", lambda matrix: -matrix),
        "weights",
        "with the signs of all weights of `x->h` swapped",
    ),
    "no signs": (weights("x->h", abs), "weights", "with no signs on the weights of `x->h`"),
    "half the weights": (
        weights("h->h", lambda matrix: matrix / 2),
        "weights",
        "with half the weights of `h->h`",
    ),
    "counted from 1": (
        weights("h->h", lambda matrix: np.roll(matrix, 1, axis=0)),
        "wiring",
        "with `h->h` from the neuron after",
    ),
    "a missing projection": (
        program("  h -> h : dense  delay 2 ms\n", ""),
        "wiring",
        "with `h->h` left out",
    ),
    "a shorter refractory time": (
        program("refractory 2 ms", "refractory 1 ms"),
        "refractory",
        "with 1 in place of 2 refractory steps",
    ),
    "the other discretization": (
        program(": cell\n", ": cell method exact\n"),
        "decay",
        "with the discretization `exact` in place of `euler`",
    ),
    "rounded weights": (
        lambda: (trained(), rounded(trained(), 6), {}),
        "weight rounding",
        "with the weights rounded to 6 bits, one unit a projection",
    ),
    "a higher threshold": (
        program("v_th: mV = 3 mV", "v_th: mV = 3.15 mV"),
        "threshold",
        "with a threshold 1.05 times as high",
    ),
    "the leak after the input": (
        stepped(decay=(), deliver=("deliver", "decay")),
        "order",
        "with the leak after the input",
    ),
    "a late input": (presented(late=1), "input", "with the input 1 step late"),
    "another order of samples": (
        presented(order=[0, 1, 3, 2, 4, 6, 5, 7]),
        "input",
        "with the samples in another order: 2, 3, 4, 5, 6 of b are 3, 2, 4, 6, 5",
    ),
    "another seed": (
        lambda: (trained(), seeded(trained(), 7), {}),
        "input",
        "with the seed 7 in place of 0",
    ),
    "float32": (
        lambda: (trained(SUMS, 0.1), trained(SUMS, 0.1), {"real": np.float32}),
        "threshold tie",
        "with float32 in place of float64",
    ),
}


UNSHOWN = ("swapped signs", "half the weights")  # in the manual
MANY = range(10, 26)  # seeds of random networks
BOTH_WAYS = ("a missing projection", "rounded weights")


def first_of(good, bad):
    """The first difference of two traces, neuron by neuron."""
    order = [name for block in good[0].graph.schedule for name in block.populations]
    found = []
    for rank, name in enumerate(order):
        one, other = (trace.spikes[name].transpose(1, 0, 2) for _, trace in (good, bad))
        for sample, step, neuron in np.argwhere(one != other):
            found.append((sample, step, rank, neuron, name))
    return Place(*min(found))


@pytest.fixture
def few_bits(monkeypatch):
    monkeypatch.setattr(synapses, "BITS", range(5, 8))


@pytest.mark.parametrize("name", FAULTS)
def test_of_a_fault_that_only_spikes_tell(tmp_path, few_bits, name):
    """Where, and the class; the manual shows what is printed of it."""
    make, cause, said = FAULTS[name]
    good, bad, how = make()
    samples = presentation()
    trace = traced(bad, samples, **how)
    write_log(tmp_path / "log.npz", good, trace)
    made, reason = compared(tmp_path, package(tmp_path / "a", good), tmp_path / "log.npz", samples)
    assert made.found.first == first_of((good, traced(good, samples)), (good, trace))
    evidence = evidence_text(made.found.first, reason, False)
    assert (reason.cause.cause, said in evidence) == (cause, True), evidence
    assert reason.cause.explained == reason.cause.neurons > reason.cause.unchanged
    assert reason.cause.others == () or name == "swapped signs"
    if name in UNSHOWN:
        return
    printed = reason_text(made, reason)[-2:]
    assert printed == [f"cause: {cause}", f"  {evidence}"]
    assert "\n".join(printed) in DOCUMENT, "\n".join(printed)


@pytest.mark.parametrize("name", [n for n, (make, *_) in FAULTS.items() if not make()[2]])
def test_of_a_fault_between_two_networks(tmp_path, few_bits, name):
    make, cause, _ = FAULTS[name]
    good, bad, _ = make()
    a, b = package(tmp_path / "a", good), package(tmp_path / "b", bad)
    for one, other in ((a, b), (b, a)) if name in BOTH_WAYS else ((a, b),):
        _, reason = compared(tmp_path, one, other, presentation())
        assert reason.cause.cause == cause, reason.cause
        assert reason.cause.explained == reason.cause.neurons


def test_a_log_may_be_a_table_and_the_first_side(tmp_path):
    good, bad, _ = FAULTS["a longer delay"][0]()
    samples = presentation()
    write_log(tmp_path / "log.csv", good, traced(bad, samples))
    a = package(tmp_path / "a", good)
    made, reason = compared(tmp_path, tmp_path / "log.csv", a, samples)
    assert (reason.network, reason.judged, reason.cause.cause) == (1, 0, "delay")
    evidence = evidence_text(made.found.first, reason, False)
    assert "on `h->h` all 12 neurons of `h` in 8 samples fire as in a; unchanged 2 do" in evidence


def test_what_is_seen_of_the_place(tmp_path):
    """The manual's lines; states and arrivals by hand, where both sides have a network."""
    good, bad, _ = FAULTS["transposed weights"][0]()
    samples = presentation()
    traces = [traced(model, samples) for model in (good, bad)]
    write_log(tmp_path / "log.npz", good, traces[1])
    a, b = package(tmp_path / "a", good), package(tmp_path / "b", bad)
    made, reason = compared(tmp_path, a, tmp_path / "log.npz", samples)
    place = made.found.first
    lines = [f"first difference: {place_text(place)}", *reason_text(made, reason)[:2]]
    assert "\n".join(lines) in DOCUMENT, "\n".join(lines)
    of_log = reason.sides[1]
    made, reason = compared(tmp_path, a, b, samples)
    for trace, seen in zip(traces, reason.sides, strict=True):
        history = trace.states["h"]
        here = place.sample, place.neuron
        assert seen.spike == trace.spikes["h"][place.step][here]
        assert seen.after == {s: float(v[place.step][here]) for s, v in history.items()}
        assert seen.before == {s: float(v[place.step - 1][here]) for s, v in history.items()}
        total = sum(arrival.weight * arrival.sent for arrival in seen.arriving)
        c = seen.before["c"] * (1 - 1 / 5) + total
        assert c == pytest.approx(seen.after["c"])
        assert {x.neuron for x in seen.arriving if x.population == "h"} == set(
            np.flatnonzero(trace.spikes["h"][place.step - 2, place.sample])
        )
    assert of_log.arriving == reason.sides[0].arriving


def test_states_before_the_first_step(tmp_path):
    good, bad, _ = FAULTS["> for >="][0]()
    made, reason = compared(
        tmp_path, package(tmp_path / "a", good), package(tmp_path / "b", bad), presentation()
    )
    assert made.found.first.step == 0
    assert reason.sides[0].before == {"v": 0.0}


def test_states_tell_what_spikes_do_not(tmp_path):
    """The decay of a state, before it changes any spike."""
    good = trained()
    bad = trained(NET.replace(": cell\n", ": cell(tau_syn = 5.01 ms)\n"))
    samples = presentation(2)
    a, b = package(tmp_path / "a", good), package(tmp_path / "b", bad)
    made, reason = compared(tmp_path, a, b, samples, 1e-9)
    assert made.found.first.state in ("v", "c")
    assert reason.cause.cause == "decay"
    evidence = evidence_text(made.found.first, reason, True)
    assert "with `tau_syn = 5.01` in place of 5 all 12 neurons of `h` in 2 samples" in evidence
    assert "fire as in b and have its states; unchanged" in evidence
    write_log(tmp_path / "log.npz", good, traced(bad, samples), has_states=True)
    made, reason = compared(tmp_path, a, tmp_path / "log.npz", samples, 1e-9)
    assert made.found.first.state in ("v", "c")
    assert reason.cause.cause in ("unknown", "decay")
    assert reason.sides[1].after is not None


def test_two_logs_have_no_network(tmp_path):
    good, bad, _ = FAULTS["a longer delay"][0]()
    samples = presentation(3)
    for name, model in (("a", good), ("b", bad)):
        write_log(tmp_path / f"{name}.npz", good, traced(model, samples))
    made, reason = compared(tmp_path, tmp_path / "a.npz", tmp_path / "b.npz", samples)
    assert reason.cause.cause == "unknown"
    text = evidence_text(made.found.first, reason, False)
    assert text == "neither side has a network that could be replayed"
    assert reason.sides[0].arriving is None


def test_what_the_log_does_not_record_is_taken_from_the_network(tmp_path):
    good, bad, _ = FAULTS["a longer delay"][0]()
    samples = presentation()
    trace = traced(bad, samples)
    write_log(tmp_path / "log.csv", good, trace)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    (tmp_path / "log.csv").write_text("\n".join(x for x in lines if ",x," not in x) + "\n")
    made, reason = compared(tmp_path, package(tmp_path / "a", good), tmp_path / "log.csv", samples)
    assert (reason.cause.cause, reason.borrowed) == ("delay", ("x",))
    text = evidence_text(made.found.first, reason, False)
    assert "what `x` sent is known of the other side only" in text


def test_an_engine_that_rounds_is_found_beside_the_reference(tmp_path):
    """The network does, in float64, what the other side did: it is its own side that does not."""
    model = trained(SUMS, 0.1)
    path = str(package(tmp_path / "a", model)) + "@reference32"
    made, reason = compared(tmp_path, path, "reference", presentation())
    assert (reason.cause.cause, reason.network, reason.judged) == ("threshold tie", 0, 0)
    text = evidence_text(made.found.first, reason, False)
    assert "replayed by itself in float64, the network does as b, not as a; with float32" in text


def test_two_faults_are_not_explained_by_one(tmp_path, few_bits):
    """What is said is in numbers, and nothing is claimed."""
    bad = swapped(trained(), "h->h", lambda m: np.random.default_rng(3).permutation(m))
    samples = presentation(4)
    write_log(tmp_path / "log.npz", bad, traced(bad, samples))
    made, reason = compared(
        tmp_path, package(tmp_path / "a", trained()), tmp_path / "log.npz", samples
    )
    assert reason.cause.cause == "unknown"
    text = evidence_text(made.found.first, reason, False)
    assert text.startswith(f"of {reason.cause.tried} changes none explains it: with ")
    assert f"unchanged {reason.cause.unchanged} do; the margin to the threshold is" in text
    assert "beyond the" in text


@pytest.mark.parametrize("seed", [2, *(pytest.param(k, marks=pytest.mark.slow) for k in MANY)])
def test_random_networks(tmp_path, seed, few_bits):
    """Several neurons and ports, delays of 0 to 20 steps: the network is as itself but for ties; a
    delay and a sign that are planted are found, where they make a difference."""
    model, samples = random_network(seed), presentation()
    a = package(tmp_path / "a", model)
    _, reason = compared(tmp_path, a, "reference32", samples)
    assert reason is None or reason.cause.cause == "threshold tie"
    draw, graph = np.random.default_rng(seed), model.graph
    joined = [p for p in graph.projections if model.wirings[p.name].synapses]
    slow, turned = joined[draw.integers(len(joined))], joined[draw.integers(len(joined))]
    later = tuple(replace(p, delay=p.delay + 1) if p is slow else p for p in graph.projections)
    faults = {
        "delay": replace(model, graph=replace(graph, projections=later)),
        "weights": swapped(model, turned.name, lambda matrix: -matrix),
    }
    for cause, bad in faults.items():
        trace = traced(bad, samples)
        write_log(tmp_path / f"{cause}.npz", model, trace)
        made, reason = compared(tmp_path, a, tmp_path / f"{cause}.npz", samples)
        if reason is not None:
            assert reason.cause.cause == cause, reason.cause
            assert made.found.first.population == (slow if cause == "delay" else turned).post


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_the_processor_beside_the_reference(tmp_path, seed):
    """The kernels do what the oracle does but for ties, and in float32 its states too."""
    model, samples = random_network(seed), presentation(3)
    a = package(tmp_path / "a", model, "cpu")
    _, reason = compared(tmp_path, a, "reference", samples)
    assert reason is None or reason.cause.cause == "threshold tie"
    made, _ = compared(tmp_path, a, "reference32", samples, 0.0)
    assert made.is_equal
    bad = swapped(model, "x->p0" if "x->p0" in model.wirings else "x->p0.exc", lambda m: -m)
    write_log(tmp_path / "log.npz", model, traced(bad, samples))
    _, reason = compared(tmp_path, a, tmp_path / "log.npz", samples)
    assert reason.cause.cause == "weights"
    assert reason.sides[0].after is not None
