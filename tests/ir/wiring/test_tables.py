"""Every row of the tables: what it wires, what it refuses, that seeds decide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snncc.ir.diagnostics import CompileError, Source, Span
from snncc.ir.expr import Const, Ref, apply
from snncc.ir.graph import Call, Projection
from snncc.ir.types import size
from snncc.ir.wiring import CONNECTIVITIES, INITS, initial_weights, wire

PRE, POST = Ref("i"), Ref("j")
NEAR = apply("le", apply("abs", apply("sub", PRE, POST)), Const(2.0))
SPAN = Span(Source("net.snn", "a -> a : dense\n"), 0, 6)

# kind: arguments, pre shape, post shape of a projection that can be.
GOOD = {
    "dense": ({}, (3, 4), (5,)),
    "one_to_one": ({}, (6,), (2, 3)),
    "sparse": ({"p": 0.3}, (20,), (30,)),
    "fixed_fan_in": ({"k": 3}, (20,), (30,)),
    "fixed_fan_out": ({"k": 3}, (20,), (30,)),
    "fixed_total": ({"n": 50}, (20,), (30,)),
    "liquid": (
        {
            "grid": (2, 3, 4),
            "lambda": 2.0,
            "wiring": "symmetric",
            "inhibitory": 0.2,
            "density": 1.5,
        },
        (24,),
        (24,),
    ),
    "conv2d": (
        {"channels": 2, "kernel": 3, "stride": 2, "padding": 1, "groups": 1},
        (3, 7, 6),
        (2, 4, 3),
    ),
    "pool2d": ({"kernel": 2, "stride": 0}, (3, 4, 5), (3, 2, 2)),
    "lateral_inhibition": ({}, (7,), (7,)),
    "list": ({"synapses": ((3, 1), (0, 2), (3, 0))}, (4,), (3,)),
    "file": ({"path": "w.npy", "key": "", "layout": "auto"}, (4,), (3,)),
    "expression": ({"where": NEAR}, (9,), (5,)),
}
UNIFORM = Call("uniform", (("low", -1.0), ("high", 1.0)))


def projection(kind: str, arguments=None, init: Call = UNIFORM, name: str = "p") -> Projection:
    values = GOOD[kind][0] if arguments is None else arguments
    return Projection(name, "a", "a", Call(kind, tuple(values.items())), init, span=SPAN)


def wired(kind: str, seed: int = 1, **changed):
    arguments, pre, post = GOOD[kind]
    return wire(projection(kind, {**arguments, **changed}), pre, post, seed)


def test_every_row_has_an_example() -> None:
    assert GOOD.keys() == CONNECTIVITIES.keys()
    for kind, row in CONNECTIVITIES.items():
        every = [argument.name for argument in row.arguments]
        said = [argument.name for argument in row.arguments if not argument.silent]
        assert [name for name in every if name in GOOD[kind][0]] == list(GOOD[kind][0])
        assert set(said) <= set(GOOD[kind][0])


@pytest.mark.parametrize("kind", GOOD)
@given(seed=st.integers(0, 2**64))
def test_invariants(kind, seed) -> None:
    _, pre_shape, post_shape = GOOD[kind]
    wiring = wired(kind, seed)
    assert (wiring.pre_neurons, wiring.post_neurons) == (size(pre_shape), size(post_shape))
    pre, post = wiring.pairs()
    assert len(pre) == len(post) == wiring.synapses
    assert pre.dtype == post.dtype == np.int32
    assert ((pre >= 0) & (pre < wiring.pre_neurons)).all()
    assert ((post >= 0) & (post < wiring.post_neurons)).all()
    flat = pre.astype(np.int64) * wiring.post_neurons + post
    assert (np.diff(flat) > 0).all(), "sorted by (pre, post), no pair twice"
    weights = size(wiring.weight_shape)
    places = wiring.places().tolist()
    assert len(places) == wiring.synapses
    assert sorted(set(places)) == list(range(weights))
    assert wiring.fan_in().tolist() == np.bincount(post, minlength=wiring.post_neurons).tolist()


@pytest.mark.parametrize("kind", GOOD)
def test_the_seed_and_the_name_decide(kind) -> None:
    _, pre, post = GOOD[kind]
    wiring = wired(kind, 5)
    again = wired(kind, 5)
    assert np.array_equal(wiring.pairs(), again.pairs())
    weights = initial_weights(projection(kind), wiring, 5, {})
    assert weights.dtype == np.float32
    assert weights.shape == wiring.weight_shape
    assert np.array_equal(weights, initial_weights(projection(kind), again, 5, {}))
    assert not np.array_equal(weights, initial_weights(projection(kind), wiring, 6, {}))
    assert not np.array_equal(weights, initial_weights(projection(kind, name="q"), wiring, 5, {}))
    if kind in ("sparse", "fixed_fan_in", "fixed_fan_out", "fixed_total", "liquid"):
        assert not np.array_equal(wiring.pairs(), wired(kind, 6).pairs())
        other = wire(projection(kind, name="q"), pre, post, 5)
        assert not np.array_equal(wiring.pairs(), other.pairs())


BAD = [
    ("one_to_one", {}, (3,), (4,), "E042", "`a` has 3 neurons and `a` has 4"),
    ("sparse", {"p": 1.0}, (100_000,), (100_000,), "E042", "make `p` smaller"),
    ("dense", {}, (100_000,), (100_000,), "E042", "makes 10000000000 synapses"),
    ("fixed_fan_in", {"k": 5}, (4,), (9,), "E042", "wants 5 pre neurons"),
    ("fixed_fan_in", {"k": 2**30}, (2**30,), (9,), "E042", "makes more than 2147483647"),
    ("fixed_fan_in", {"k": 4, "self": False}, (4,), (4,), "E042", "has 3, itself not counted"),
    ("fixed_fan_out", {"k": 10}, (4,), (9,), "E042", "wants 10 post neurons for each pre neuron"),
    ("fixed_total", {"n": 37}, (4,), (9,), "E042", "wants 37 synapses, but there are 36 pairs"),
    ("fixed_total", {"n": 2**31 - 1}, (2**20,), (2**20,), "E042", "more than 2.13e+09"),
    ("liquid", {"grid": (5, 5)}, (24,), (24,), "E042", "the grid 5 x 5 has 25 places"),
    ("liquid", {"grid": (-4, -6)}, (24,), (24,), "E042", "the grid"),
    ("liquid", {}, (24,), (25,), "E042", "populations of one size"),
    ("conv2d", {"kernel": 9}, (3, 7, 6), (2, 4, 3), "E040", "a kernel of 9 does not fit"),
    ("conv2d", {"groups": 2}, (3, 7, 6), (2, 4, 3), "E042", "the 3 of `a` do not come in 2"),
    ("conv2d", {"groups": 3}, (3, 7, 6), (2, 4, 3), "E042", "2 channels do not come in 3"),
    ("conv2d", {}, (42,), (2, 4, 3), "E040", "of shape [height, width]"),
    ("conv2d", {}, (3, 7, 6), (2, 4, 4), "E040", "makes [2, 4, 3] of `a`, but `a` is [2, 4, 4]"),
    ("conv2d", {}, (3, 7, 6), (2, 3, 4), "E040", "makes [2, 4, 3]"),
    ("pool2d", {"kernel": 5}, (3, 4, 5), (3, 1, 1), "E040", "does not fit"),
    ("list", {"synapses": ((4, 0),)}, (4,), (3,), "E042", "synapse 0 of the list names neuron 4"),
    ("list", {"synapses": ((0, 0), (0, -1))}, (4,), (3,), "E042", "names neuron -1"),
    ("list", {"synapses": ((1, 2), (0, 0), (1, 2))}, (4,), (3,), "E042", "1 -> 2 more than once"),
    ("expression", {"where": PRE}, (4,), (3,), "E042", "`where` must be a condition"),
    ("expression", {"where": apply("lt", PRE, Ref("n"))}, (4,), (3,), "E042", "reads `n`"),
]


@pytest.mark.parametrize(("kind", "changed", "pre", "post", "code", "message"), BAD)
def test_what_cannot_be_is_refused(kind, changed, pre, post, code, message) -> None:
    wrong = projection(kind, {**GOOD[kind][0], **changed})
    with pytest.raises(CompileError) as caught:
        wire(wrong, pre, post, 0)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message + diagnostic.help
    assert diagnostic.span == SPAN


def test_lateral_inhibition_stays_within_a_population() -> None:
    across = Projection("p", "a", "b", Call("lateral_inhibition"), UNIFORM)
    with pytest.raises(CompileError, match="joins a population to itself"):
        wire(across, (3,), (3,), 0)


def test_every_init_is_in_the_table() -> None:
    kinds = ["uniform", "normal", "constant", "kaiming", "dale", "expression", "given"]
    assert list(INITS) == kinds


def test_wiring_and_weights_have_streams_of_their_own() -> None:
    """With one stream, the neuron chosen by the smaller of two draws would have a small weight."""
    chosen, drawn = [], []
    for seed in range(400):
        choice = projection("fixed_fan_in", {"k": 1})
        wiring = wire(choice, (2,), (1,), seed)
        chosen.append(wiring.pairs()[0][0] == 0)
        drawn.append(initial_weights(choice, wiring, seed, {})[0])
    assert abs(np.mean(drawn)) < 0.12
    assert abs(np.mean(np.array(drawn)[chosen])) < 0.17


@pytest.mark.parametrize("kind", ["sparse", "fixed_fan_in", "fixed_fan_out", "fixed_total"])
def test_between_two_populations_nothing_is_left_out(kind: str) -> None:
    """So that a loop over a table of populations may say `self = false` of all of it."""
    arguments, pre, post = GOOD[kind]
    plain, without = (
        wire(Projection("p", "a", "b", Call(kind, tuple(more.items())), UNIFORM), pre, post, 0)
        for more in (arguments, {**arguments, "self": False})
    )
    assert plain == without


@pytest.mark.parametrize("kind", ["expression", "liquid"])
def test_pairs_that_nobody_could_look_at_are_refused(kind: str) -> None:
    neurons = (1 << 18) + 1
    changed = {"grid": (neurons,)} if kind == "liquid" else {}
    joined = projection(kind, {**GOOD[kind][0], **changed})
    with pytest.raises(CompileError, match=rf"look at {neurons**2} pairs; at most {1 << 36}"):
        wire(joined, (neurons,), (neurons,), 1)
