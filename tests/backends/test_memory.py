"""What would not fit is refused before it is made; what fits is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused
from timing import slower_than

from snncc.backends.compiled.plan import make_plan
from snncc.backends.cpu.scratch import make_work
from snncc.backends.memory import Need, drawing, learning, presenting, recording, require_memory
from snncc.ir.diagnostics import Diagnostic
from snncc.ir.graph import Call, Graph, TrainSpec
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.running import Probe
from snncc.ir.wiring import Listed

NET = """
network n(h: int = 50) {{
  input x[20] encode poisson(duration = 100 ms)
  population h[h] : lif
  output y[3] : lif
  {0}
  h -> y : dense(weight = 1)
}}
train n {{
  data digits
  rule st_rsbp
  batch {1}
}}
"""
GIGABYTE = 10**9


def program(projection: str, neurons: int = 50, batch: int = 1) -> tuple[Graph, TrainSpec]:
    program = compiled_text(NET.format(projection, batch), h=neurons)
    assert program.train is not None
    return program.graph, program.train


def lacking(graph: Graph, needs: tuple[Need, ...], memory: int = 100 * GIGABYTE) -> Diagnostic:
    return refused("E074", require_memory, graph, needs, memory)


@pytest.mark.parametrize(
    "projection",
    [
        "x -> h : dense",
        "x -> h : sparse(p = 0.9)",
        "x -> h : fixed_fan_in(k = 19)",
        "h -> h : lateral_inhibition delay 1 ms",
    ],
)
def test_many_synapses(projection: str) -> None:
    neurons = 90_000_000 if projection.startswith("x") else 46_000
    graph, _ = program(projection, neurons)
    problem = lacking(graph, drawing(graph), 6 * GIGABYTE)
    assert "and this machine has 6 GB" in problem.message
    assert f"synapses of `{'x' if 'x' in projection else 'h'}->h`" in problem.message
    assert problem.span is not None
    assert "->" in problem.span.source.text[problem.span.start : problem.span.end]


def test_many_neurons() -> None:
    graph, _ = program("x -> h : list(synapses = [[0, 0, 1]])", 200_000_000)
    problem = lacking(graph, presenting(graph, 2), 50 * GIGABYTE)
    assert "the 200000000 neurons of `h`" in problem.message
    require_memory(graph, presenting(graph, 0), 50 * GIGABYTE)


def test_many_steps() -> None:
    graph, _ = program("x -> h : dense")
    (steps,) = [need for need in presenting(graph, 8) if need.what.startswith("the steps")]
    assert steps.size == 8 * 4 * 101 * 3


def test_spikes_that_a_source_is_told() -> None:
    text = """
    network n {
      source a[1000] : regular(period = 4 ms)
      source b[10] : times([1 ms, 2 ms])
      source c[1000] : poisson(rate = 1 kHz)
      population e[10] : lif
    }
    run n { duration 100 ms }
    """
    graph = run_pipeline(replace(compiled_text(text).graph, duration=100.0))
    found = {n.what: n.size for n in presenting(graph, 1) if n.what.startswith("the spikes")}
    assert found["the spikes of `a`"] == 28 * 1000 * 26
    assert found["the spikes of `b`"] == 28 * 20
    assert found["the spikes of `c`"] == 0
    problem = lacking(graph, presenting(graph, 1), 500_000)
    assert "the spikes of `a`" in problem.message


def test_a_batch_keeps_gradients() -> None:
    (one, spec), (_, batched) = (program("x -> h : dense", batch=batch) for batch in (1, 8))
    alone, together = (sum(n.size for n in learning(one, s, 1)) for s in (spec, batched))
    assert together - alone > 8 * 4 * 20 * 50


def test_an_average_keeps_the_weights_of_its_epochs() -> None:
    graph, spec = program("x -> h : dense")
    weights = 20 * 50 + 50 * 3
    plain = sum(n.size for n in learning(graph, spec, 1))
    for epochs, kept in ((3, 3), (9, 5)):
        averaged = spec.but(average=Call("last", (("epochs", epochs),)), epochs=5)
        assert sum(n.size for n in learning(graph, averaged, 1)) - plain == 4 * weights * kept


@pytest.mark.parametrize("projection", ["x -> h : dense", "x -> h : sparse(p = 0.5)"])
@pytest.mark.parametrize("workers", [1, 3])
def test_it_is_an_estimate_from_below(projection: str, workers: int) -> None:
    """Else a network that fits would be refused."""
    graph, _ = program(projection)
    model = draw_model(graph, 0)
    plan, wirings = make_plan(model), model.wirings.values()
    lists = [ends for w in wirings if isinstance(w, Listed) for ends in w.lists().values()]
    held = [*plan, *make_work(plan, workers), *lists]
    taken = sum(array.nbytes for array in held if isinstance(array, np.ndarray))
    taken += 4 * int(plan.weight[-1])
    foretold = sum(need.size for need in presenting(graph, workers))
    assert taken / 4 < foretold <= taken
    require_memory(graph, presenting(graph, workers), taken)
    lacking(graph, presenting(graph, workers), foretold - 1)


def test_the_estimate_takes_time_in_proportion() -> None:
    """Ten times the populations take about ten times as long, not a hundred."""
    large, small = (chain(n) for n in (3000, 300))
    assert not slower_than(30, lambda: presenting(large, 1), lambda: presenting(small, 1))


def chain(length: int) -> Graph:
    text = (
        "network n { input x[2] encode poisson(duration = 9 ms)  population p[k in 0..%d][2] : lif"
        "  x -> p[0] : dense  for k in 0..%d { p[k] -> p[k + 1] : dense } }"
    )
    return compiled_text((text % (length, length - 1)).replace("  ", "\n")).graph


def test_a_loss_of_trains_has_one_for_every_output_and_label() -> None:
    """65 536 outputs took 16 GB in `check`."""
    text = (
        NET.replace("lif", "tssl").replace("y[3]", "y[300]").replace("rule st_rsbp", "{2}").format
    )
    needs = [
        {n.what: n.size for n in learning(p.graph, p.train, 1)}
        for rule in ("rule tssl_bp", "rule tssl_bp  loss kernel(tau = 3 ms, target = [1])")
        if (p := compiled_text(text("x -> h : dense", 1, rule), h=5)).train is not None
    ]
    assert needs[1] == needs[0] | {"the trains of `y`": 4 * 300**2}


def test_what_is_recorded_counts():
    """By neurons, steps and samples; every tenth step takes a tenth."""
    graph = program("x -> h : dense")[0]
    whole, some = Probe("v", "h", 0, 50), Probe("v", "h", 0, 50, 10)
    (need,), (less,) = (recording([p], 20, 100) for p in (whole, some))
    assert need.size == 10 * less.size >= 20 * 100 * 50 * 8
    assert recording([Probe("spikes", "h", 0, 50)], 20, 100) == ()
    require_memory(graph, [need], need.size)
    found = refused("E074", require_memory, graph, [need], need.size - 1)
    assert "what is recorded of `h`" in found.message


def test_what_synapses_hold_is_counted() -> None:
    text = """
    synapse s {
      state a: 1 = 0
      da/dt = -a / 20 ms
      on pre { emit weight  weight = weight + a * 1 mV }
      on post { a = a + 1 }
    }
    network n {
      dt = 1 ms
      delay = 1 ms
      source x[20] : poisson(rate = 9 Hz)
      output y[30] : lif
      x -> y : fixed_fan_out(k = 7)  via s
      x -> y : dense  via s
    }
    run n { duration 100 ms }
    """
    graph = run_pipeline(replace(compiled_text(text).graph, duration=100.0))
    found = [n.size for n in presenting(graph, 2) if n.what.startswith("what the synapses")]
    assert found == [4 * (20 * 7 * 4 + 101), 4 * (20 * 30 * 3 + 101)]


def test_delays_of_synapses_and_what_is_still_to_arrive_are_counted() -> None:
    text = """
    network n {
      dt = 1 ms
      delay = 1 ms
      source s[10] : poisson(rate = 9 Hz)
      population x[20] : lif
      output y[30] : lif
      s -> x : dense  delay uniform(1 ms, 9 ms)
      x -> y : dense
      x -> x : fixed_fan_out(k = 7)DELAYS
    }
    run n { duration 100 ms }
    """
    totals = []
    for delays in ("", "  delay uniform(5 ms, 105 ms)", "  delay normal(500 ms, 50 ms)"):
        program = compiled_text(text.replace("DELAYS", delays)).graph
        graph = run_pipeline(replace(program, duration=100.0))
        drawn = sum(need.size for need in drawing(graph))
        totals.append((drawn, sum(need.size for need in presenting(graph, 2))))
    one = (20 * 7 * 4, 20 * 7 * (4 + 2) + 2 * 100 * 4 * (20 + 30))
    assert [(a - totals[0][0], b - totals[0][1]) for a, b in totals[1:]] == [one, one]


def test_delays_of_a_list_say_how_long_they_are_awaited() -> None:
    text = """
    network n {
      dt = 1 ms
      population x[50] : lif
      x -> x : list(synapses = [[0, 1, 1, 3 ms], [1, 2, 1, 103 ms]])
    }
    """
    graph = run_pipeline(replace(compiled_text(text).graph, duration=100.0))
    found = [n.size for n in presenting(graph, 2) if "still to arrive" in n.what]
    assert found == [2 * 100 * 4 * 50]
