"""What every trainer is tested with: a network with all that can be learnt, and what must hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from backend_cases import samples_with
from compiled_texts import compiled_text

from snncc.backends.protocols import Samples, Trainer
from snncc.frontend.program import Program

NET = """
network net {{
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 8 ms, tau_syn = 4 ms, refractory = 1 ms)
  input  x[10] encode poisson(duration = 24 ms, rate = 300 Hz)
  population g[7] : cell(v_th = 1.5 mV)
  population h[6] : cell(v_th = 2 mV)
  output y[3] : cell(v_th = 2 mV)
  x -> g : dense
  g -> h : {middle}
  {inside}
  h -> y : dense
  y -> y : lateral_inhibition(weight = -1)
}}
train net {{
  data digits
  rule {rule}(target = 6, other = 1, margin = 0)
  optimizer {optimizer}
  {more}
}}
"""
RULES = {"st_rsbp": "h -> h : sparse(p = 0.5) delay 2 ms", "hm2_bp": ""}
ADAM, SGD, PLAIN = "adam(lr = 0.01)", "sgd(lr = 1)", "sgd(lr = 1, momentum = 0)"
STRONG = "regularizer exponential(strength = 0.5, limit = 2)"
CLIP = "clip norm(limit = 0.25)"
UNREACHED = " clip norm(limit = 1e30)"  # it looks at the whole gradient all the same


def text_of(rule: str, optimizer: str, middle: str, more: str, inside: str | None = None) -> str:
    inside = RULES[rule] if inside is None else inside
    return NET.format(rule=rule, optimizer=optimizer, middle=middle, more=more, inside=inside)


def program(
    rule: str,
    optimizer: str = ADAM,
    middle: str = "dense",
    more: str = "",
    inside: str | None = None,
    last: str = "dense",
) -> Program:
    """The network with its train block; `inside` are the rule's own loops unless they are given."""
    text = text_of(rule, optimizer, middle, more, inside)
    return compiled_text(text.replace("h -> y : dense", f"h -> y : {last}"))


def data(count: int) -> Samples:
    """Samples of three classes; every other one weighs more."""
    values = np.random.default_rng(4).random((count, 10)).astype(np.float32)
    samples = samples_with(values, np.arange(count) % 3)
    importance = np.where(np.arange(count) % 2, 1.5, 1.0).astype(np.float32)
    return replace(samples, importance=importance)


def bits(trainer: Trainer) -> dict[str, bytes]:
    """All that the trainer has learnt."""
    return {name: array.tobytes() for name, array in trainer.state().items()}


def moves(trainer: Trainer, samples: Samples, batch: int, rate: float = 1.0) -> dict[str, Any]:
    """What one call of `train` adds to the weights."""
    before = trainer.weights()
    trainer.train(samples, batch, rate)
    return {name: w.astype(np.float64) - before[name] for name, w in trainer.weights().items()}


def check_mean(make: Callable[[], Trainer], count: int) -> dict[str, Any]:
    """What a batch moves is the mean of what its samples move; that is returned."""
    samples = data(count)
    singly = [moves(make(), samples.part(k, k + 1), 1) for k in range(count)]
    together = moves(make(), samples, count)
    for name, moved in together.items():
        mean = np.mean([m[name] for m in singly], axis=0)
        np.testing.assert_allclose(moved, mean, atol=2e-5 * (1 + np.abs(moved).max()), err_msg=name)
    return together


def check_clip(free: Trainer, short: Trainer) -> None:
    """The gradient of one, clipped as a whole by `CLIP`, is that of the other."""
    moved, clipped = moves(free, data(3), 3), moves(short, data(3), 3)
    length = np.sqrt(sum((move**2).sum() for move in moved.values()))
    assert length > 1
    for name, move in moved.items():
        np.testing.assert_allclose(clipped[name], move * 0.25 / length, atol=1e-5, err_msg=name)


def check_counts(learner: Trainer, still: Trainer, samples: Samples) -> None:
    """A step tells of the network before it, which `still` is, and of the rule's error."""
    seen = still.run(samples)
    outcome = learner.train(samples, len(samples.ids), 0.5)
    np.testing.assert_array_equal(outcome.counts, seen.counts)
    np.testing.assert_array_equal(outcome.predictions, seen.predictions)
    np.testing.assert_array_equal(outcome.activity, seen.activity)
    is_target = np.arange(3) == samples.labels[:, None]
    error = np.where(is_target & (seen.counts == 0), 0, seen.counts - np.where(is_target, 6, 1))
    np.testing.assert_allclose(outcome.cost, (error**2).sum(axis=1))


def check_restored(straight: Trainer, first: Trainer, resumed: Trainer, batch: int) -> None:
    """Two equal trainers and another one, which goes on from the state of the second."""
    samples = data(6)
    straight.train(samples, batch, 0.01)
    first.train(samples.part(0, 3), batch, 0.01)
    state, found = first.state(), bits(first)
    resumed.restore(state)
    assert bits(resumed) == found
    first.train(samples.part(0, 3), batch, 0.01)  # its state was a copy
    resumed.train(samples.part(3, 6), batch, 0.01)
    assert bits(resumed) == bits(straight)
    np.testing.assert_array_equal(resumed.run(samples).counts, straight.run(samples).counts)


def check_moments(learner: Trainer, samples: Samples) -> None:
    """After one step of plain descent the momentum is what each weight has moved by; a state that
    is taken over is given back, bit for bit."""
    before, rate = learner.weights(), 2.0**-10
    learner.train(samples, len(samples.ids), rate)
    state, kept = learner.state(), bits(learner)
    moved = False
    for name, weights in before.items():
        step = (weights.astype(np.float64) - state[f"weights/{name}"]) / rate
        moment = state[f"optimizer/first/{name}"]
        slack = 1e-3 * np.abs(step).max() + 2.0**-12
        np.testing.assert_allclose(moment, step, rtol=0, atol=slack, err_msg=name)
        moved |= len(np.unique(moment)) > 3
    assert moved
    learner.train(samples, 1, rate)
    learner.restore(state)
    assert bits(learner) == kept
