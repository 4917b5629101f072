"""Networks of which units are left out, whose gradients every training backend must find as the
oracle does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from compiled_texts import compiled_text
from rule_cases import RATE, sample
from through_cases import COUNT, EMITTED, HEAD, SPIKE_TIMES, TIMED, TRAIN

from snncc.backends.protocols import Trainer
from snncc.backends.reference.network import simulate
from snncc.backends.reference.simulator import input_spikes
from snncc.backends.rules.table import RULES
from snncc.ir.dropout import factors
from snncc.ir.model import draw_model

# Maps and lists and all pairs, within a step, in a loop with a delay and through a linear pool.
MAPS = """
  population m[1, 4, 5] : cell
  population c : cell
  population d : cell
  population r[8] : cell
  output y[5] : cell
  x -> m : one_to_one(weight = 2)
  m -> c : conv2d(channels = 2, kernel = 3, padding = 1)
  c -> d : pool2d(kernel = 2, init = constant(0.5)) then conv2d(channels = 2, kernel = 2) delay 0 ms
  c -> r : sparse(p = 0.6)  delay 0 ms
  d -> r : dense
  r -> r : dense(init = uniform(-0.5, 0.3))  delay 2 ms
  r -> y : dense
  d -> y : dense  delay 3 ms"""
ROWS = 'profile = "reference"'
CASES = {
    "maps": (MAPS, f"m(p = 0.2) c(p = 0.5, {ROWS}) r(p = 0.5)", "surrogate(width = 1)", COUNT),
    "emitted": (EMITTED, "r(p = 0.5) s(p = 0.2) c(p = 0.5)", "surrogate(width = 2)", COUNT),
    "loop": (SPIKE_TIMES, "a(p = 0.2) b(p = 0.5)", "tssl_bp(width = 0.3)", COUNT),
    "exact": (
        TIMED.replace("READOUT", "first_spike"),
        f"m(p = 0.5, {ROWS}) c(p = 0.2) b(p = 0.5)",
        "eventprop(bound = 30)",
        "first_spike(tau = 9 ms, early = 0.5)",
    ),
    "e-prop": (MAPS, "c(p = 0.2) r(p = 0.5)", "e_prop(width = 1)", COUNT),
}


def text_of(case: str) -> str:
    """The program of a case."""
    body, dropout, rule, loss = CASES[case]
    lines = "\n".join(f"  dropout {line})" for line in dropout.split(")")[:-1])
    head = HEAD.replace("x[20]", "x[1, 4, 5]")
    return (
        head + body + TRAIN.format(rule=rule, loss=loss).replace("  batch 1", f"{lines}\n  batch 1")
    )


def check_step_without(
    make: Callable[..., Trainer], text: str, batch: int, sample: Any = sample
) -> None:
    """One step of gradient descent by `make(model, spec)`, in which units are left out, is the
    oracle's; before and after it the network answers with all of them."""
    program = compiled_text(text)
    graph, spec = program.graph, program.train
    model, calls = draw_model(graph, 3), spec.calls("dropout")
    given = replace(sample(1), ids=np.array([7], np.uint64), epoch=3)
    trainer = make(model, spec)
    shares = factors(graph, calls, model.seed, 3, 7)
    assert len({share for each in shares.values() for share in each}) > 2
    inputs = input_spikes(graph, given, trainer.steps, model.seed)
    whole = simulate(model, inputs, np.float32)
    left = simulate(model, inputs, np.float32, factors={n: s[None] for n, s in shares.items()})
    outputs = next(p.name for p in graph.populations if p.role == "output")

    def counts(trace: Any) -> Any:
        return trace.spikes[outputs][:, 0].sum(axis=0)

    assert (counts(whole) != counts(left)).any()
    np.testing.assert_array_equal(trainer.run(given).counts[0], counts(whole))
    outcome = trainer.train(given, batch, RATE)
    np.testing.assert_array_equal(outcome.counts[0], counts(left))
    emitted = {p.name: left.spikes[p.name][:, 0] for p in graph.populations}
    emitted |= {name: array[:, 0] for name, array in inputs.items()}
    oracle = RULES[spec.call("rule").kind].oracle(model, emitted, 1, spec, 2.0, shares)
    assert outcome.cost[0] == pytest.approx(oracle.cost)
    moved = trainer.weights()
    for name, gradient in oracle.gradients.items():
        step = (model.weights(name).astype(np.float64) - moved[name]) / RATE
        slack = np.abs(gradient).max() * 5e-5 + 1e-3
        np.testing.assert_allclose(step, gradient, atol=slack, rtol=0, err_msg=name)
    assert any(gradient.any() for gradient in oracle.gradients.values())
    trainer.restore(make(model, spec).state())
    np.testing.assert_array_equal(trainer.run(given).counts[0], counts(whole))
