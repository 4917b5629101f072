from pathlib import Path

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused
from simulator_cases import DOUBTFUL, LOSSY

from snncc.backends.protocols import classes_of
from snncc.backends.reference.simulator import double
from snncc.ir.model import draw_model
from snncc.runtime.samples import Presentation
from snncc.runtime.training import evaluate
from snncc.runtime.training.evaluate import Answers, answer, tally


def test_pieces_make_no_difference(learning, monkeypatch):
    trainer = learning.trainer()
    learning.run(trainer)
    whole = answer(trainer, learning.course.test)
    monkeypatch.setattr(evaluate, "CHUNK", 7)
    seen = []
    pieces = answer(trainer, learning.course.test, lambda *facts: seen.append(facts) or True)
    np.testing.assert_array_equal(whole.counts, pieces.counts)
    np.testing.assert_array_equal(whole.activity, pieces.activity)
    assert seen[-1] == (40, 40, whole.right)
    assert whole.accuracy == whole.right / 40


# Infinite where nothing arrives, and a number again in the step after it.
SENT = """
neuron inverse { emit 1 mV * (1 mV / i) }
neuron gate { spike when i >= 5 mV }
network net {
  input x[1] encode spikes(duration = 4 ms)
  population h[2] : inverse
  output y[3] : gate
  x -> h : dense(weight = 1)
  h -> y : dense(init = uniform(-1, 1))  # some less than 0: infinity less infinity
}
"""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("text", "place", "rows", "found"),
    [
        (LOSSY, "`v` of neuron 0 of `y`", ("1111", "1101"), "step 2 of sample 1"),
        (SENT, "`emit` of neuron 0 of `h`", ("1111", "1101"), "step 2 of sample 1"),
        (
            *(DOUBTFUL, "what `spike when` compares of neuron 0 of `y`"),
            *(("0100", "1000"), "step 3 of sample 1"),
        ),
    ],
)
def test_what_is_lost_ends_it_with_its_place(text, place, rows, found):
    model = draw_model(compiled_text(text).graph, 0)
    values = np.array([[[int(bit)] for bit in row] for row in rows], np.uint8)
    samples = Presentation(values, np.zeros(2, np.int32), np.arange(2, dtype=np.uint64))
    simulator = double(model, None, Path())
    for present in (answer, tally):
        error = refused("E053", present, simulator, samples)
        assert error.message == f"{place} is no finite number any more, in {found}"


def test_it_stops_when_asked(learning, monkeypatch):
    monkeypatch.setattr(evaluate, "CHUNK", 7)
    assert answer(learning.trainer(), learning.course.test, lambda done, *_: done < 14) is None


def test_confusion_by_hand():
    labels = np.array([0, 0, 2, 1, 0], np.int32)
    counts = np.array([[2, 1, 0], [0, 3, 3], [0, 0, 1], [0, 1, 0], [0, 0, 0]], np.int32)
    no_scores = np.zeros((len(counts), 0), np.float32)
    answers = Answers(counts, no_scores, classes_of(counts), labels, np.zeros(3, np.int64))
    assert answers.confusion(3).tolist() == [[1, 1, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert (answers.right, answers.silent) == (3, 1)


def test_a_tally_is_the_counts_of_each_output(learning):
    trainer = learning.trainer()
    learning.run(trainer)
    samples = learning.course.test
    whole, found = answer(trainer, samples), tally(trainer, samples)
    assert list(found.counts) == ["digit"]
    np.testing.assert_array_equal(found.counts["digit"], whole.counts)
    np.testing.assert_array_equal(found.activity, whole.activity)
