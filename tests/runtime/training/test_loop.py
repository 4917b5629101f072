from dataclasses import replace

import numpy as np
import pytest
from refusal import refused

from snncc.backends.protocols import Outcome, classes_of
from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call, Projection
from snncc.runtime.training import loop
from snncc.runtime.training.holdout import hold_out
from snncc.runtime.training.loop import Interrupted


def interrupted(learning, after):
    """The state and progress that an interruption after so many moments saves."""
    trainer, recorder = learning.trainer(), type(learning.recorder)(stop_after=after)
    with pytest.raises(Interrupted):
        learning.run(trainer, recorder=recorder)
    return recorder.saved[-1] if recorder.saved else None


def bits(state):
    return {name: array.tobytes() for name, array in state.items()}


def test_it_learns_and_says_so(learning):
    learning.run(learning.trainer())
    first, *_, last = [record for record, _ in learning.recorder.records]
    assert last.train_accuracy > first.train_accuracy
    assert last.test_accuracy > 0.8
    assert last.cost < first.cost
    assert [record.epoch for record, _ in learning.recorder.records] == [1, 2, 3]
    np.testing.assert_allclose(
        [r.learning_rate for r, _ in learning.recorder.records],
        [0.01, 0.01 / 2**0.5, 0.01 / 3**0.5],
    )


def test_every_sample_is_learnt_once_an_epoch_in_whole_batches(learning):
    learning = learning.changed(batch=7)
    trainer = learning.trainer()
    learning.run(trainer)
    assert sum(samples for samples, _, _ in trainer.calls) == 3 * 150
    broken = [samples for samples, _, _ in trainer.calls if samples % 7]
    assert [samples % 7 for samples in broken] == [150 % 7] * 3


def test_every_update_has_its_epochs_learning_rate(learning):
    trainer = learning.trainer()
    learning.run(trainer)
    rates = sorted({rate for _, _, rate in trainer.calls}, reverse=True)
    np.testing.assert_allclose(rates, [0.01, 0.01 / 2**0.5, 0.01 / 3**0.5])


def test_the_cutting_into_pieces_changes_nothing(learning, monkeypatch):
    whole = learning.trainer()
    progress = learning.run(whole)
    for seconds in (0.0, 1e9):
        monkeypatch.setattr(loop, "PIECE_SECONDS", seconds)
        other = learning.trainer()
        again = learning.run(other)
        assert other.matrix.tobytes() == whole.matrix.tobytes()
        assert again.importance.tobytes() == progress.importance.tobytes()
        assert [r.cost for r in again.history] == [r.cost for r in progress.history]
        assert [r.rates for r in again.history] == [r.rates for r in progress.history]


@pytest.mark.parametrize("average", [None, Call("last", (("epochs", 2),))])
@pytest.mark.parametrize("after", range(1, 25))
def test_interrupted_and_resumed_gives_the_same_bits(learning, monkeypatch, average, after):
    monkeypatch.setattr(loop, "PIECE_SECONDS", 0.0)
    learning = learning.changed(average=average)
    whole = learning.trainer()
    end = learning.run(whole)
    saved = interrupted(learning, after)
    trainer, progress = learning.trainer(), learning.fresh()
    if saved is not None:
        trainer.restore(saved[0])
        progress = saved[1]
    recorder = type(learning.recorder)()
    again = learning.run(trainer, progress, recorder)
    assert [bits(a) for a in recorder.averaged[-1:]] == [bits(learning.recorder.averaged[-1])]
    assert trainer.matrix.tobytes() == whole.matrix.tobytes()
    assert trainer.speed.tobytes() == whole.speed.tobytes()
    assert [replace(r, seconds=0, samples_per_second=0) for r in again.history] == [
        replace(r, seconds=0, samples_per_second=0) for r in end.history
    ]


@pytest.mark.parametrize("stage", ["holdout", "test", "average_test"])
def test_a_run_that_is_stopped_while_it_is_tested_is_saved(learning, stage):
    """With the weights that learn, whichever are tested."""
    learning = learning.changed(average=Call("last", (("epochs", 2),)))
    rest, out = hold_out(learning.course.train, 0.2, 7)
    learning.course = replace(learning.course, train=rest, holdout=out)
    learning.run(learning.trainer())
    stages = [moment.stage for moment in learning.recorder.moments]
    second = len(stages) - stages[::-1].index(stage)
    trainer, recorder = learning.trainer(), type(learning.recorder)(stop_after=second)
    with pytest.raises(Interrupted):
        learning.run(trainer, recorder=recorder)
    state, progress = recorder.saved[-1]
    assert (progress.epoch, progress.position) == (2, 120)
    assert state["weights/w"].tobytes() == trainer.matrix.tobytes()
    ends = [past["weights/w"].tobytes() for past in progress.past]
    assert state["weights/w"].tobytes() not in ends


def test_the_seed_orders_the_samples(learning):
    first, second = learning.trainer(), learning.trainer()
    learning.run(first)
    learning.course = replace(learning.course, seed=8)
    learning.run(second)
    assert first.matrix.tobytes() != second.matrix.tobytes()


def test_boosting_can_be_left_out(learning):
    assert (learning.run(learning.trainer()).importance > 1).any()
    without = learning.changed(boost=False)
    assert (without.run(without.trainer()).importance == 1).all()


def test_without_a_test_set(learning):
    learning.course = replace(learning.course, test=None)
    progress = learning.run(learning.trainer())
    assert [record.test_accuracy for record in progress.history] == [None] * 3


def test_samples_held_out_are_presented_and_not_learnt(learning, monkeypatch):
    rest, out = hold_out(learning.course.train, 0.2, 7)
    learning.course = replace(learning.course, train=rest, holdout=out)
    trainer = learning.trainer()
    progress = learning.run(trainer)
    assert sum(samples for samples, _, _ in trainer.calls) == 3 * 120
    stages = [moment.stage for moment in learning.recorder.moments if moment.stage != "train"]
    assert stages == ["holdout", "test"] * 3
    (last,) = [moment for moment in learning.recorder.moments if moment.stage == "holdout"][-1:]
    assert (last.total, last.accuracy) == (30, progress.history[-1].holdout_accuracy)
    expected = (trainer.run(out.pick(np.arange(30))).predictions == out.labels).mean()
    assert progress.history[-1].holdout_accuracy == expected


def test_averaged_weights_are_measured_beside_those_that_learn(learning):
    plain = learning.trainer()
    learning.run(plain)
    learning = learning.changed(average=Call("last", (("epochs", 2),)))
    trainer = learning.trainer()
    progress = learning.run(trainer)
    assert trainer.matrix.tobytes() == plain.matrix.tobytes()
    assert trainer.speed.tobytes() == plain.speed.tobytes()
    ends = [state["weights/w"] for state in progress.past]
    assert ends[1].tobytes() == plain.matrix.tobytes()
    expected = ((ends[0].astype(float) + ends[1]) / 2).astype(np.float32)
    (*_, averaged) = learning.recorder.averaged
    assert averaged["weights/w"].tobytes() == expected.tobytes()
    trainer.matrix = expected
    test = learning.course.test
    right = trainer.run(test.pick(np.arange(40))).predictions == test.labels
    assert progress.history[-1].average_test_accuracy == right.mean()
    first = progress.history[0]
    assert first.average_test_accuracy == first.test_accuracy
    stages = [moment.stage for moment in learning.recorder.moments if moment.stage != "train"]
    assert stages == ["test", "average_test"] * 3


class Noting:
    """A learner that notes under which keys samples are presented, to learn from and else, and in
    which epochs it learns from them."""

    def __init__(self, trainer):
        self.trainer, self.learnt, self.shown, self.epochs = trainer, [], [], []

    def __getattr__(self, name):
        return getattr(self.trainer, name)

    def train(self, samples, *arguments):
        self.learnt += samples.ids.tolist()
        self.epochs += [samples.epoch] * len(samples.ids)
        return self.trainer.train(samples, *arguments)

    def run(self, samples):
        self.shown += samples.ids.tolist()
        return self.trainer.run(samples)


@pytest.mark.parametrize("when", ["epoch", "presentation"])
@pytest.mark.parametrize("after", [2, 8, 16])
def test_trains_that_are_drawn_anew_go_on_and_tests_keep_theirs(learning, monkeypatch, when, after):
    monkeypatch.setattr(loop, "PIECE_SECONDS", 0.0)
    call = Call("bernoulli", (("duration", 10.0), ("redraw", when)))
    image, digit = learning.course.graph.populations
    populations = (replace(image, encoding=call), digit)
    graph = replace(learning.course.graph, populations=populations)
    rest, out = hold_out(learning.course.train, 0.2, 7)
    learning.course = replace(learning.course, graph=graph, train=rest, holdout=out)
    whole = Noting(learning.trainer())
    learning.run(whole)
    assert len(set(whole.learnt)) == 3 * 120
    assert set(whole.shown) == {*out.ids.tolist(), *learning.course.test.ids.tolist()}
    assert whole.epochs == [epoch for epoch in range(3) for _ in range(120)]
    first, recorder = Noting(learning.trainer()), type(learning.recorder)(stop_after=after)
    with pytest.raises(Interrupted):
        learning.run(first, recorder=recorder)
    second = Noting(learning.trainer())
    second.restore(recorder.saved[-1][0])
    learning.run(second, recorder.saved[-1][1], type(learning.recorder)())
    assert first.learnt + second.learnt == whole.learnt
    assert first.epochs + second.epochs == whole.epochs


def test_samples_to_learn_from_are_transformed_by_their_epoch_and_others_never(learning):
    """What is transformed is seen by the learner alone, once a sample and epoch."""
    seen = []

    def transform(samples, epoch):
        seen.extend((epoch, int(k)) for k in samples.ids)
        values = np.zeros((len(samples.ids), samples.values.shape[1]), np.float32)
        return replace(samples, values=values, rows=np.arange(len(values)))

    rest, out = hold_out(learning.course.train, 0.2, 7)
    learning.course = replace(learning.course, train=rest, holdout=out, transform=transform)
    trainer = learning.trainer()
    progress = learning.run(trainer)
    assert sorted(seen) == [(epoch, int(k)) for epoch in range(3) for k in np.sort(rest.ids)]
    assert not trainer.matrix.any()  # it has learnt from nothing but zeros
    assert progress.history[-1].holdout_accuracy is not None


def test_checkpoints_come_in_time(learning, monkeypatch):
    monkeypatch.setattr(loop, "PIECE_SECONDS", 0.0)
    ticks = iter(range(10_000))
    learning.course = replace(learning.course, clock=lambda: next(ticks), checkpoint_seconds=5.0)
    learning.run(learning.trainer())
    places = [(progress.epoch, progress.position) for _, progress in learning.recorder.saved]
    assert len(places) > 5
    assert places == sorted(places)


def test_a_finished_run_does_nothing_more(learning):
    trainer = learning.trainer()
    end = learning.run(trainer)
    before = trainer.matrix.tobytes()
    assert learning.run(trainer, end) is end
    assert trainer.matrix.tobytes() == before


def test_moments_tell_what_is_going_on(learning):
    learning.run(learning.trainer())
    train = [m for m in learning.recorder.moments if m.stage == "train"]
    test = [m for m in learning.recorder.moments if m.stage == "test"]
    assert (train[-1].done, train[-1].total, train[-1].epoch, train[-1].epochs) == (150, 150, 3, 3)
    assert (test[-1].done, test[-1].total) == (40, 40)
    assert test[-1].accuracy == learning.recorder.records[-1][0].test_accuracy
    assert [r.population for r in train[-1].rates] == ["image", "digit"]


def test_samples_without_a_class_are_never_right(learning):
    trainer = learning.trainer()
    trainer.run = lambda samples: Outcome(
        np.zeros((len(samples.labels), 3), np.int32),
        classes_of(np.zeros((len(samples.labels), 3), np.int32)),
        np.zeros(len(samples.labels)),
        np.zeros(9, np.int64),
    )
    learning.run(trainer)
    record, warnings = learning.recorder.records[0]
    assert (record.train_accuracy, record.test_accuracy) == (0.0, 0.0)
    assert (record.train_silent, record.test_silent) == (1.0, 1.0)
    assert warnings[0].startswith(
        "no output neuron fired at 100.0% of the training samples and 100.0% of the test samples"
    )


class Diverging:
    """A learner whose weights are lost in the training call of that number."""

    def __init__(self, trainer, lost_in, value):
        self.trainer, self.left, self.value = trainer, lost_in, value

    def __getattr__(self, name):
        return getattr(self.trainer, name)

    def train(self, *arguments):
        self.left -= 1
        outcome = self.trainer.train(*arguments)
        if self.left == 0:
            self.trainer.matrix[0, 0] = self.value
        return outcome


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("checkpoint_seconds", [0.0, 1e9])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_weights_that_are_lost_end_the_training_unsaved(
    learning, monkeypatch, value, checkpoint_seconds
):
    monkeypatch.setattr(loop, "PIECE_SECONDS", 0.0)
    learning.course = replace(learning.course, checkpoint_seconds=checkpoint_seconds)
    whole = Diverging(learning.trainer(), -1, value)
    learning.run(whole)
    calls_an_epoch = len(whole.calls) // 3
    recorder = type(learning.recorder)()
    trainer = Diverging(learning.trainer(), calls_an_epoch + 2, value)
    with pytest.raises(CompileError, match="no finite numbers") as caught:
        learning.run(trainer, recorder=recorder)
    assert caught.value.diagnostics[0].code == "E052"
    assert "in epoch 2" in caught.value.diagnostics[0].message
    assert [progress.epoch for _, progress in recorder.epochs] == [1]
    assert all(np.isfinite(state["weights/w"]).all() for state, _ in recorder.saved)


def test_lost_weights_are_not_saved_when_interrupted(learning):
    trainer = Diverging(learning.trainer(), 1, np.nan)
    recorder = type(learning.recorder)(stop_after=1)
    assert "no finite numbers" in refused("E052", learning.run, trainer, recorder=recorder).message
    assert not recorder.saved


def test_what_learns_faster_than_the_rate_is_told(learning):
    drawn = Call("constant", (("value", 1.0),))
    fast = Projection("w", "x", "y", Call("dense"), drawn, lr_mult=1e30)
    graph = replace(learning.course.graph, projections=(fast,))
    learning.course = replace(learning.course, graph=graph)
    found = refused("E052", learning.run, Diverging(learning.trainer(), 1, np.nan))
    assert "`lr_mult` 1e+30 times" in found.help
