"""Which pairs chance picks, in pieces of any size, on any number of threads."""

from __future__ import annotations

import tracemalloc
from itertools import combinations

import numpy as np
import pytest
from compiled_texts import compiled_text
from hypothesis import given
from hypothesis import strategies as st

from snncc.ir.graph import Call, Projection, Value
from snncc.ir.model import draw_model
from snncc.ir.wiring import Listed, rows, wire

KINDS: dict[str, dict[str, Value]] = {
    "sparse": {"p": 0.3},
    "fixed_fan_in": {"k": 7},
    "fixed_fan_out": {"k": 7},
    "fixed_total": {"n": 300},
}


def drawn(kind: str, pre: int, post: int, seed: int = 0, threads: int = 1, **more: Value) -> Listed:
    call = Call(kind, tuple(more.items()))
    wiring = wire(Projection("p", "a", "a", call, Call("constant")), (pre,), (post,), seed, threads)
    assert isinstance(wiring, Listed)
    return wiring


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of about eight synapses, buckets of about sixteen."""
    monkeypatch.setattr(rows, "PIECE", 8)
    monkeypatch.setattr(rows, "BUCKET", 16)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("kind", KINDS)
def test_threads_change_nothing(kind: str) -> None:
    assert drawn(kind, 30, 30, 5, **KINDS[kind]) == drawn(kind, 30, 30, 5, 4, **KINDS[kind])


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("leaves_out", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_pair_is_as_likely(kind: str, leaves_out: bool) -> None:
    """Also the pairs at the ends of pieces, and of neurons with themselves or without."""
    call = {**KINDS[kind], "self": not leaves_out}
    call |= {"p": 0.4} if kind == "sparse" else {"n": 20} if kind == "fixed_total" else {"k": 3}
    hits = np.zeros((8, 8))
    for seed in range(400):
        wiring = drawn(kind, 8, 8, seed, **call)
        assert (np.diff(wiring.pre * 8 + wiring.post) > 0).all()
        hits[wiring.pre, wiring.post] += 1
    possible = ~np.eye(8, dtype=bool) if leaves_out else np.ones((8, 8), bool)
    assert not hits[~possible].any()
    share = hits.sum() / 400 / possible.sum()
    assert np.abs(hits[possible] - 400 * share).max() < 5 * np.sqrt(400 * share * (1 - share))


REPEATING = ["fixed_fan_in", "fixed_fan_out", "fixed_total"]


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("leaves_out", [False, True])
@pytest.mark.parametrize("kind", REPEATING)
def test_pairs_that_may_repeat_are_independent(kind: str, leaves_out: bool) -> None:
    """k of 6 numbers, or n of all pairs, with repetition: as often each pair, and as often two."""
    call: dict[str, Value] = {"self": not leaves_out, "multapses": True}
    call |= {"n": 24} if kind == "fixed_total" else {"k": 4}
    hits, twice = np.zeros((6, 6)), 0.0
    for seed in range(400):
        wiring = drawn(kind, 6, 6, seed, **call)
        key = wiring.pre * 6 + wiring.post
        assert wiring.synapses == 24
        assert (np.diff(key) >= 0).all()
        np.add.at(hits, (wiring.pre, wiring.post), 1)
        counts = np.bincount(key)
        twice += (counts * (counts - 1) / 2).sum() / 400
    possible = ~np.eye(6, dtype=bool) if leaves_out else np.ones((6, 6), bool)
    each, chances = 400 * 24 / possible.sum(), 5 if leaves_out else 6
    assert not hits[~possible].any()
    assert np.abs(hits[possible] - each).max() < 5 * np.sqrt(each)
    meetings = 24 * 23 / 2 / (6 * chances) if kind == "fixed_total" else 6 * 6 / chances
    assert twice == pytest.approx(meetings, abs=5 * np.sqrt(meetings / 400))


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("kind", REPEATING)
def test_threads_change_nothing_where_pairs_repeat(kind: str) -> None:
    call = {**KINDS[kind], "multapses": True}
    assert drawn(kind, 30, 30, 5, **call) == drawn(kind, 30, 30, 5, 4, **call)


def test_more_may_be_wanted_than_there_are_neurons() -> None:
    assert drawn("fixed_fan_in", 3, 5, k=9, multapses=True).fan_in().tolist() == [9] * 5


@given(st.sampled_from([0.0, 1e-300, 1e-9, 0.01, 0.5, 0.999, 1.0]), st.integers(0, 99))
def test_sparse_has_about_p_of_all_pairs(p: float, seed: int) -> None:
    deviation = np.sqrt(2000 * p * (1 - p))
    assert abs(drawn("sparse", 40, 50, seed, p=p).synapses - 2000 * p) <= 5 * deviation + 1


@pytest.mark.parametrize("k", [0, 1, 5, 6, 11, 12])
def test_each_neuron_has_k(k: int) -> None:
    assert drawn("fixed_fan_in", 12, 9, 1, k=k).fan_in().tolist() == [k] * 9
    assert np.bincount(drawn("fixed_fan_out", 9, 12, 1, k=k).pre, minlength=9).tolist() == [k] * 9


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("n", [0, 1, 40, 79, 80])
def test_a_total_is_met(n: int) -> None:
    for seed in range(20):
        assert drawn("fixed_total", 10, 8, seed, n=n).synapses == n


def test_a_total_is_every_set_alike() -> None:
    """Chi squared of the sets of two pairs of six, five deviations wide."""
    found = dict.fromkeys(combinations(range(6), 2), 0)
    for seed in range(1500):
        wiring = drawn("fixed_total", 2, 3, seed, n=2)
        found[tuple((wiring.pre * 3 + wiring.post).tolist())] += 1
    chi = sum((count - 100) ** 2 / 100 for count in found.values())
    assert abs(chi - 14) < 5 * np.sqrt(28)


def test_where_more_is_scattered_than_there_is_room_it_is_done_again() -> None:
    """Seldom fewer come out than are wanted; what is drawn then is another attempt."""
    sets = {tuple(drawn("fixed_total", 1, 400, seed, n=200).post.tolist()) for seed in range(50)}
    assert len(sets) == 50


def test_a_million_neurons_need_no_list_of_pairs() -> None:
    wiring = drawn("fixed_fan_in", 10**6, 10**6, k=2)
    assert wiring.synapses == 2 * 10**6
    assert (np.diff(wiring.pre) >= 0).all()


NET = """
network n {{
  input x[{0}] encode poisson(duration = 5 ms)
  output y[{0}] : lif
  x -> y : {1}(init = normal(1, 2), {2})
  x -> y : {1}(init = kaiming, {2})
}}
"""


@pytest.mark.parametrize(("kind", "said"), [(k, f"{n} = {{}}") for k in KINDS for n in KINDS[k]])
def test_a_synapse_takes_twelve_bytes(kind: str, said: str) -> None:
    """Both ends and the weight, at the peak of drawing several projections."""
    neurons, each = 5000, 500_000
    number = {"p": each / neurons**2, "k": each // neurons, "n": each}[said[0]]
    graph = compiled_text(NET.format(neurons, kind, said.format(number))).graph
    tracemalloc.start()
    model = draw_model(graph, 1)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    synapses = sum(wiring.synapses for wiring in model.wirings.values())
    assert taken < 12 * synapses + 20 * rows.PIECE
