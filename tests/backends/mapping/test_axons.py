import numpy as np
from axon_cases import drawn_axons, reached

from snncc.backends.mapping.axons import axons_of


def test_axons_of_listed_synapses() -> None:
    pre, post = np.array([3, 0, 3, 0, 3]), np.array([1, 2, 0, 1, 1])
    axons = axons_of(pre, post, 3, np.array([0.5, 0.0, 0.0, 2.0])).checked()
    assert [reached(axons, s) for s in range(4)] == [[1, 2], [], [], [0, 1]]
    assert axons.synapses is not None
    assert axons.synapses.tolist() == [1, 1, 1, 2]
    assert (axons.senders, axons.inputs, axons.pins) == (4, 1, 4)


def test_single_synapses_are_not_counted() -> None:
    axons = axons_of(np.array([0, 1]), np.array([1, 0]), 2, np.ones(2))
    assert axons.synapses is None
    assert axons.listed.size == 0


def test_no_synapses_at_all() -> None:
    empty = np.empty(0, np.int64)
    axons = axons_of(empty, empty, 2, np.ones(3)).checked()
    assert axons.start.tolist() == [0, 0, 0, 0]


def test_drawn_ones_have_what_is_to_be_tested() -> None:
    axons = drawn_axons(0)
    assert axons.synapses is not None
    assert any(s in reached(axons, s) for s in range(axons.neurons))
