"""A small learner and its data, in place of a compiled network."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from snncc.backends.protocols import Outcome, classes_of
from snncc.backends.targets import TARGETS, Target
from snncc.ir.diagnostics import CompileError, Diagnostic
from snncc.ir.graph import Call, Graph, Population, TrainSpec
from snncc.runtime.samples import Presentation
from snncc.runtime.training.loop import Course, fit
from snncc.runtime.training.progress import fresh

INPUTS, CLASSES, STEPS = 6, 3, 10


class Perceptron:
    """A linear learner in float32: its weights depend on every sample's place, importance and
    learning rate, so any other order of updates gives other bits."""

    steps = STEPS

    def __init__(self, graph, model=None):
        self.graph = graph
        image, digit = graph.populations
        self.name = graph.projections[0].name if graph.projections else "w"
        self.matrix = np.zeros((image.neurons, digit.neurons), np.float32)
        if model is not None:
            self.matrix = model.weights(self.name).copy()
        self.speed = np.zeros_like(self.matrix)
        self.calls = []

    def run(self, samples):
        counts = np.rint(samples.values[samples.rows] @ self.matrix * 10 + 20).astype(np.int32)
        activity = np.concatenate([np.zeros(len(self.matrix), np.int64), counts.sum(axis=0)])
        return Outcome(counts, classes_of(counts), np.zeros(len(counts)), activity)

    def raster(self, samples, sample):
        neurons = sum(p.neurons for p in self.graph.populations)
        return (np.arange(STEPS)[:, None] + np.arange(neurons)) % 5 == 0

    def train(self, samples, batch, learning_rate):
        self.calls.append((len(samples.labels), batch, learning_rate))
        parts = []
        for start in range(0, len(samples.labels), batch):
            some = samples.part(start, start + batch)
            values = some.values[some.rows]
            outcome = self.run(some)
            wrong = (
                np.eye(self.matrix.shape[1], dtype=np.float32)[some.labels] - values @ self.matrix
            )
            gradient = values.T @ (wrong * some.importance[:, None])
            self.speed = np.float32(0.9) * self.speed + gradient
            self.matrix = self.matrix + np.float32(learning_rate) * self.speed
            parts.append(replace(outcome, cost=(wrong**2).sum(axis=1).astype(np.float64)))
        return Outcome(
            np.concatenate([p.counts for p in parts]),
            np.concatenate([p.predictions for p in parts]),
            np.concatenate([p.cost for p in parts]),
            np.sum([p.activity for p in parts], axis=0),
        )

    def weights(self):
        return {self.name: self.matrix.copy()}

    def state(self):
        return {"weights/w": self.matrix.copy(), "optimizer/speed": self.speed.copy()}

    def parameters(self):
        return {}

    def restore(self, state):
        if set(state) != {"weights/w", "optimizer/speed"}:
            raise CompileError(Diagnostic("E060", "another trainer's state"))
        self.matrix, self.speed = state["weights/w"].copy(), state["optimizer/speed"].copy()


@dataclass
class Recorder:
    """A listener and a keeper in memory."""

    stop_after: int = -1  # moments
    moments: list = field(default_factory=list)
    records: list = field(default_factory=list)
    saved: list = field(default_factory=list)
    epochs: list = field(default_factory=list)
    averaged: list = field(default_factory=list)

    def moment(self, moment):
        self.moments.append(moment)

    def epoch(self, first, second, averaged=None):
        # As a listener it is given a record and warnings, as a keeper a trainer, progress and the
        # averaged weights.
        if averaged is not None:
            self.averaged.append(averaged)
        (self.epochs if hasattr(first, "train") else self.records).append((first, second))

    def wants_stop(self):
        return len(self.moments) == self.stop_after

    def checkpoint(self, trainer, progress):
        self.saved.append((trainer.state(), progress))


@dataclass
class Learning:
    """Everything that a run of the loop needs."""

    course: Course
    recorder: Recorder = field(default_factory=Recorder)

    def trainer(self):
        return Perceptron(self.course.graph)

    def fresh(self):
        return fresh(len(self.course.train), INPUTS + CLASSES)

    def run(self, trainer, progress=None, recorder=None):
        recorder = recorder or self.recorder
        return fit(trainer, self.course, progress or self.fresh(), recorder, recorder)

    def changed(self, **spec):
        course = replace(self.course, spec=self.course.spec.but(**spec))
        return Learning(course)


@pytest.fixture
def small_graph():
    encoding = Call("bernoulli", (("duration", float(STEPS)),))
    populations = (
        Population("image", (INPUTS,), "input", encoding=encoding),
        Population("digit", (CLASSES,), "output"),
    )
    return Graph("small", 1.0, populations, ())


def presentation(samples, split_id):
    generator = np.random.default_rng(samples)
    labels = generator.integers(0, CLASSES, samples).astype(np.int32)
    values = generator.random((samples, INPUTS), dtype=np.float32)
    values[np.arange(samples), labels] += 1.0
    ids = np.arange(samples, dtype=np.uint64) + np.uint64(split_id)
    return Presentation(values, labels, ids)


@pytest.fixture
def learning(small_graph):
    calls = {
        "data": Call("digits"),
        "rule": Call("st_rsbp"),
        "optimizer": Call("adam", (("lr", 0.01),)),
        "schedule": Call("inverse_sqrt"),
    }
    spec = TrainSpec("small", {**calls, "epochs": 3, "batch": 4, "boost": True})
    train, test = presentation(150, 0), presentation(40, 2**32)
    return Learning(Course(small_graph, spec, 7, train, test))


TINY = """\
# A network with nothing between its input and its output.
network tiny(gain: 1 = 0.1) {
  input image[64] encode bernoulli(duration = 10 ms)
  output digit[10] : lif()
  image -> digit : dense(init = uniform(-gain, gain))
}

train tiny {
  data digits
  rule st_rsbp(target = 3, other = 1, margin = 0)
  optimizer adam(lr = 0.002)
  epochs 2
  batch 4
}
"""


@pytest.fixture
def tiny(tmp_path):
    """A program that the perceptron can stand in for."""
    path = tmp_path / "tiny.snn"
    path.write_text(TINY)
    return path


@pytest.fixture
def perceptron_target(monkeypatch):
    """`--target cpu` is the perceptron, which needs no compiling."""
    row = Target(
        "cpu",
        "a perceptron",
        lambda: None,
        lambda model, *_: Perceptron(model.graph, model),
        lambda model, *_: Perceptron(model.graph, model),
    )
    monkeypatch.setitem(TARGETS, "cpu", row)
    return Perceptron
