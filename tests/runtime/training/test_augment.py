"""A training whose images are transformed: the pixels that are learnt from, and going on."""

from dataclasses import replace

import numpy as np
import pytest
from augment_cases import call, interpreted
from refusal import refused

from snncc.backends.augmentation import apply
from snncc.backends.targets import TARGETS
from snncc.ir.graph import Call, Graph, Population, TrainSpec
from snncc.runtime.datasets.data import Data
from snncc.runtime.datasets.public import load_digits
from snncc.runtime.samples import Presentation
from snncc.runtime.session import Start, start
from snncc.runtime.session import run as run_session
from snncc.runtime.settings import Settings
from snncc.runtime.training import loop
from snncc.runtime.training.augment import as_they_are, require_layout, transform_of
from snncc.runtime.training.loop import Interrupted
from snncc.runtime.training.options import TrainOptions

PROGRAM = """\
network tiny {
  input image[8, 8] encode bernoulli(duration = 10 ms)
  output digit[10] : lif
  image -> digit : dense
}

train tiny {
  data digits
  rule st_rsbp(target = 3, other = 1, margin = 0)
  augment flip
  augment shift(pixels = 1)
  augment cutout(size = 3, fill = 0.5)
  optimizer adam(lr = 0.002)
  epochs 2
  batch 4
  holdout 0.2
}
"""

CURRENT = Call("current", (("duration", 4.0), ("mean", 0.0), ("sd", 1.0)))


class Watching:
    """A learner that notes the images that it is shown, by sample."""

    def __init__(self, trainer):
        self.trainer, self.learnt, self.shown = trainer, [], {}

    def __getattr__(self, name):
        return getattr(self.trainer, name)

    def train(self, samples, *arguments):
        images = samples.values[samples.rows]
        self.learnt += [(int(k), i.tobytes()) for k, i in zip(samples.ids, images, strict=True)]
        return self.trainer.train(samples, *arguments)

    def run(self, samples):
        images = samples.values[samples.rows]
        self.shown |= {int(k): i.tobytes() for k, i in zip(samples.ids, images, strict=True)}
        return self.trainer.run(samples)


class Stopping:
    """A listener that wants to stop after so many pieces."""

    def __init__(self, after=-1):
        self.after, self.moments = after, 0

    def moment(self, moment):
        self.moments += 1

    def epoch(self, record, warnings):
        pass

    def wants_stop(self):
        return self.moments == self.after


@pytest.fixture
def learn(tmp_path, perceptron_target, monkeypatch):
    """Train in a folder: (name, pieces after which it is stopped, …) -> what was seen."""
    path, settings = tmp_path / "tiny.snn", Settings(None, tmp_path / "cache")
    path.write_text(PROGRAM)
    monkeypatch.setattr(loop, "PIECE_SECONDS", 0.0)
    monkeypatch.setattr(apply, "load_kernels", lambda folder: interpreted())
    row = replace(
        TARGETS["cpu"], train=lambda model, *_: Watching(perceptron_target(model.graph, model))
    )
    monkeypatch.setitem(TARGETS, "cpu", row)

    def learn(name, after=-1, how=Start.NEW, threads=1, **options):
        asked = TrainOptions(str(path), limit=100, test_limit=20, seed=3, **options)
        session = start(asked, tmp_path / name, settings, threads, how=how)
        try:
            run_session(session, Stopping(after))
        except Interrupted:
            assert after >= 0
        return session.trainer

    return learn


def test_only_images_to_learn_from_are_transformed_and_anew_each_epoch(learn):
    whole = learn("whole")
    assert len(whole.learnt) == 160
    first, second = dict(whole.learnt[:80]), dict(whole.learnt[80:])
    assert first.keys() == second.keys()
    assert sum(first[k] != second[k] for k in first) > 70
    assert len(whole.shown) == 20 + 20  # held out, and to test
    train, test = (load_digits(s).values.reshape(-1, 64) for s in ("train", "test"))
    for key, image in whole.shown.items():
        raw = train[key] if key < 2**32 else test[key - 2**32]
        assert image == raw.tobytes()
    raws = {k: train[k].tobytes() for k in first}
    assert sum(first[k] != raws[k] for k in first) > 70


@pytest.mark.parametrize("after", [1, 3, 9])
def test_an_epoch_that_is_stopped_in_its_middle_goes_on_with_the_same_pixels(
    learn, tmp_path, after
):
    whole = learn("whole")
    first = learn("part", after)
    second = learn("part", how=Start.RESUME, threads=3)
    assert 0 < len(first.learnt) < 160
    assert first.learnt + second.learnt == whole.learnt
    ends = [(tmp_path / name / "last.snnpkg").read_bytes() for name in ("whole", "part")]
    assert ends[0] == ends[1]


def test_order_batch_and_threads_change_no_pixel(learn):
    whole = learn("whole")
    other = learn("other", batch=1, threads=2)
    assert sorted(other.learnt) == sorted(whole.learnt)


@pytest.mark.parametrize(
    ("own", "said", "fits"),
    [
        ((3, 4, 5), (3, 4, 5), True),
        ((4, 5), (1, 4, 5), True),
        ((1, 4, 5), (4, 5), True),
        ((60,), (3, 4, 5), True),
        ((4, 5, 3), (3, 4, 5), False),
        ((5, 4), (4, 5), False),
    ],
)
def test_images_that_lie_otherwise_than_the_input_says(own, said, fits):
    graph = Graph("g", 1.0, (Population("x", said, "input", encoding=CURRENT),), ())
    spec = TrainSpec("g", {"augment": (call("flip"),)})
    data = Data(np.zeros((2, *own), np.float32), np.zeros(2, np.int32), 1)
    if fits:
        require_layout(graph, spec, data)
    else:
        found = refused("E062", require_layout, graph, spec, data)
        assert found.help == f"write `input x{list(own)}`"
    require_layout(graph, TrainSpec("g", {}), data)


def test_a_training_that_says_nothing_of_it_takes_the_samples_as_they_are(tmp_path):
    encoding = Call("bernoulli", (("duration", 4.0),))
    graph = Graph("g", 1.0, (Population("x", (4, 4), "input", encoding=encoding),), ())
    assert transform_of(graph, TrainSpec("g", {}), 0, 1, tmp_path) is as_they_are
    spec = TrainSpec("g", {"augment": (call("flip", p=1.0),)})
    values = np.arange(32, dtype=np.float32).reshape(2, 16) / 32
    samples = Presentation(values, np.zeros(2, np.int32), np.arange(2, dtype=np.uint64))
    picked = samples.pick(np.array([1]))
    assert as_they_are(picked, 5) is picked
    assert transform_of(graph, spec, 0, 1, tmp_path) is not as_they_are
