"""A rule, a loss, a step of the optimizer, an encoding and a schedule, each added in its one place,
and a training by all of them against their oracles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from backend_cases import samples_with
from compiled_texts import compiled_text

from snncc.backends import rules as families
from snncc.backends.losses import table as losses
from snncc.backends.optimizers import table as optimizers
from snncc.backends.rules import table as rules_table
from snncc.ir import rules
from snncc.ir.arguments import Argument, Row
from snncc.ir.graph import Call
from snncc.ir.philox import bernoulli_threshold
from snncc.ir.ranges import POSITIVE
from snncc.ir.rules import Encoding, Schedule
from snncc.runtime.training.learning_rate import learning_rate

TEXT = """
network n {
  input x[6] encode late(duration = 30 ms)
  output y[3] : lif(v_th = 0.3 mV)
  x -> y : dense delay 1 ms
}
train n {
  data digits
  rule counting
  loss distance(wanted = 6)
  optimizer signs(lr = 0.25)
  schedule halving
  MORE
}
"""


def sign(w, g, m, v, size, eps, rate):  # type: ignore[no-untyped-def]
    """A step of `size` against the sign of the gradient."""
    if g > ZERO:  # noqa: F821
        return w - size, g, m, v
    return (w + size if g < ZERO else w), g, m, v  # noqa: F821


@pytest.fixture
def places(monkeypatch):
    """Everything in its place."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "support"))
    folder = Path(__file__).parents[1] / "support/toy_rules"
    monkeypatch.setattr(families, "__path__", [*families.__path__, str(folder)])
    from snncc.backends.rules.counting.row import COUNTING

    monkeypatch.setitem(rules.RULES, "counting", Row("the output's error times what came in"))
    monkeypatch.setitem(rules_table.RULES, "counting", COUNTING)

    wanted = Argument("wanted", "1", 4.0, range=POSITIVE)
    monkeypatch.setitem(rules.LOSSES, "distance", Row("|o - d|", (wanted,)))

    def distance(call, counts, is_label, _steps):
        error = counts - (call["wanted"] if is_label else 0.0)
        return np.sign(error), np.abs(error)

    row = losses.CountLoss(distance, lambda call, steps: call["wanted"])
    monkeypatch.setitem(losses.LOSSES, "distance", row)

    lr = Argument("lr", "1", 1e-3, range=POSITIVE)
    monkeypatch.setitem(rules.OPTIMIZERS, "signs", Row("by the sign", (lr,)))
    step = optimizers.Step(sign, (), pace=optimizers.plain_pace)
    monkeypatch.setitem(optimizers.STEPS["optimizer"], "signs", step)

    duration = Argument("duration", "ms", range=POSITIVE)
    late = Encoding("p = x / 2 per step, from step 9 on", (duration,), first=9)
    half = Encoding(late.summary, late.arguments, late.kernel, late.first, lambda call, dt: 0.5)
    monkeypatch.setitem(rules.ENCODINGS, "late", half)
    monkeypatch.setitem(
        rules.SCHEDULES, "halving", Schedule("lr / 2^epoch", (), lambda lr, k, _: lr / 2**k)
    )


def teach(trainer, oracle, spec, sample, labels, batch, rate, clamp=np.inf):
    """Weights after the batches, each of the mean gradient of the samples' oracles."""
    weights = trainer.weights()["x->y"].astype(np.float64)
    expected = []
    for first in range(0, len(labels), batch):
        gradients = []
        for k in range(first, min(first + batch, len(labels))):
            raster = trainer.raster(sample, k)
            spikes = {"x": raster[:, :6], "y": raster[:, 6:]}
            found = oracle(trainer.model, spikes, labels[k], spec, 1.0)
            gradients.append(found.gradients["x->y"])
        outcome = trainer.train(sample.part(first, first + batch), batch, rate)
        weights = np.clip(weights - rate * np.sign(np.mean(gradients, axis=0)), -clamp, clamp)
        np.testing.assert_allclose(trainer.weights()["x->y"], weights, atol=1e-6)
        expected.append(outcome)
    return expected


@pytest.mark.compiled_at_night  # a module of kernels of its own
@pytest.mark.parametrize(
    ("batch", "more", "clamp"),
    [(1, "", np.inf), (3, "clamp range(low = -1.5, high = 1.5)", 1.5), (1, "clip norm(2)", np.inf)],
)
def test_all_of_them_train(places, trainer, batch, more, clamp):
    program = compiled_text(TEXT.replace("MORE", more))
    learner = trainer(program)
    values = np.random.default_rng(4).random((7, 6), dtype=np.float32)
    labels = [0, 1, 2, 0, 1, 2, 0]
    samples = samples_with(values, labels)
    spec = program.train
    oracle = rules_table.RULES["counting"].oracle
    outcomes = teach(learner, oracle, spec, samples, labels, batch, 0.25, clamp)
    assert sum(outcome.activity[:6].sum() for outcome in outcomes) > 0
    raster = learner.raster(samples, 0)
    assert not raster[:9, :6].any()
    assert raster[9:, :6].any()
    assert learning_rate(spec.call("optimizer"), spec.call("schedule"), 2) == 0.0625
    assert isinstance(spec.call("loss"), Call)
    assert bernoulli_threshold(np.zeros(1)).tolist() == [0]
