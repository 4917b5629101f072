import numpy as np
import pytest

from snncc.backends.trace import Trace
from snncc.ir.diagnostics import CompileError
from snncc.runtime.diff.agreed import agree
from snncc.runtime.diff.comparison import AT_ONCE, CHUNK, compare_sides
from snncc.runtime.diff.side import Side

SAMPLES, STEPS, NEURONS = 10_000, 50, 3


def side(name, late=None, steps=STEPS, neurons=NEURONS, seen=None):
    """A side that fires in every step, but for one neuron in a sample."""

    def trace(batch, sizes, has_states):
        count = batch.last - batch.first
        spikes = np.ones((sizes.steps, count, neurons), bool)
        if late is not None and batch.first <= late < batch.last:
            spikes[4, late - batch.first, 1] = False
        if seen is not None:
            seen.append(spikes.nbytes)
        return Trace({"h": spikes}, {})

    return Side(name, {"h": neurons}, trace, lambda batch, steps: None, SAMPLES, steps, 1.0)


def compared(a, b, told=None):
    agreed = agree(a, b, None, None)
    return compare_sides((a, b), (None, None), agreed, None, None, told or (lambda *_: None))


def test_many_samples_a_few_at_a_time():
    """Ten thousand, of which never more than some are held."""
    seen, told = [], []
    a, b = side("a", seen=seen), side("b", late=7777)
    made = compared(a, b, lambda done, total: told.append((done, total)))
    assert max(seen) <= AT_ONCE * STEPS * NEURONS
    assert told[-1] == (SAMPLES, SAMPLES)
    assert (made.found.first.sample, made.found.first.step, made.found.first.neuron) == (7777, 4, 1)
    assert made.found.equal.sum() == SAMPLES - 1
    assert made.found.bins == {"h": SAMPLES * STEPS * NEURONS}
    assert made.found.spikes["h"].tolist() == [
        [SAMPLES * STEPS] * 3,
        [SAMPLES * STEPS, SAMPLES * STEPS - 1, SAMPLES * STEPS],
    ]
    assert not made.is_equal


def test_large_samples_are_fewer_at_a_time():
    steps, neurons, seen = 1000, 20_000, []
    a = side("a", steps=steps, neurons=neurons, seen=seen)
    agreed = agree(a, a, None, 3)
    compare_sides((a, a), (None, None), agreed, None, None, lambda *_: None)
    assert agreed.samples == 3
    assert 2 * max(seen) <= CHUNK


def test_a_sample_that_does_not_fit_is_refused_before_it_is_made():
    a = side("a", steps=2**30, neurons=2**30)
    with pytest.raises(CompileError, match=r"E074.* takes .* GB to compare"):
        agree(a, a, None, None)
