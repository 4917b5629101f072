"""Which networks the spike-count rules refuse, and what they say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from refusal import refused

from snncc.backends.rules.spike_train.check import is_lateral, output_of, require_trainable
from snncc.ir.graph import Block, Call, Graph, Population, Projection

DENSE, LATERAL = Call("dense"), Call("lateral_inhibition")
INIT = Call("constant", (("value", -1.0),))


def projection(pre, post, kind=DENSE, trainable=True):
    return Projection(f"{pre}->{post}", pre, post, kind, INIT, "i", 1, float(trainable))


def network(projections, sizes, blocks):
    """Populations x (input), hidden ones, y (output)."""
    roles = {"x": "input", "y": "output"}
    populations = tuple(Population(n, (k,), roles.get(n, "hidden")) for n, k in sizes.items())
    schedule = (Block(("x",), False), *(Block(b, False) for b in blocks))
    return Graph("net", 1.0, populations, tuple(projections), schedule)


def rule(kind, profile="recommended"):
    return Call(kind, (("profile", profile),))


INHIBITION = projection("y", "y", LATERAL, False)
CHAIN = network([projection("x", "y"), INHIBITION], {"x": 2, "y": 3}, [("y",)])
LOOP = network(
    [projection("x", "a"), projection("a", "b"), projection("b", "a"), projection("b", "y")],
    {"x": 2, "a": 3, "b": 3, "y": 3},
    [("a", "b"), ("y",)],
)


def reservoir(before):
    return network(
        [projection("x", "g"), projection("g", "h"), projection("h", "h"), projection("h", "y")],
        {"x": 2, "g": before, "h": 4, "y": 3},
        [("g",), ("h",), ("y",)],
    )


def refusal(graph, call):
    diagnostic = refused("E050", require_trainable, graph, call)
    assert diagnostic.help
    return diagnostic.message


def test_hm2_bp_refuses_recurrence_but_not_lateral_inhibition():
    require_trainable(CHAIN, rule("hm2_bp"))
    assert "`h->h`" in refusal(reservoir(4), rule("hm2_bp"))
    assert "`a->b`" in refusal(LOOP, rule("hm2_bp"))
    learnt = replace(CHAIN, projections=(projection("x", "y"), projection("y", "y", LATERAL)))
    assert "`y->y`" in refusal(learnt, rule("hm2_bp"))


@pytest.mark.parametrize("profile", ["paper", "recommended"])
def test_st_rsbp_takes_every_recurrence(profile):
    require_trainable(CHAIN, rule("st_rsbp", profile))
    for graph in (LOOP, reservoir(3)):
        require_trainable(graph, rule("st_rsbp", profile))
        assert "->" in refusal(graph, rule("hm2_bp"))


def test_reference_refuses_what_the_authors_code_has_no_meaning_for():
    reference = rule("st_rsbp", "reference")
    assert "`a`, `b`" in refusal(LOOP, reference)
    assert "`h`" in refusal(reservoir(3), reference)
    require_trainable(reservoir(4), reference)
    inputs_only = network(
        [projection("x", "h"), projection("h", "h"), projection("h", "y")],
        {"x": 5, "h": 4, "y": 3},
        [("h",), ("y",)],
    )
    require_trainable(inputs_only, reference)


@pytest.mark.parametrize("role", ["hidden", "output"])
def test_refuses_other_than_one_output(role):
    populations = tuple(
        replace(p, role=role) if p.name in ("b", "y") else p for p in LOOP.populations
    )
    message = refusal(replace(LOOP, populations=populations), rule("st_rsbp"))
    assert f"not {0 if role == 'hidden' else 2}" in message


def test_output_and_lateral_inhibition():
    assert output_of(CHAIN).name == "y"
    assert is_lateral(INHIBITION)
    assert not is_lateral(replace(INHIBITION, lr_mult=1.0))
    assert not is_lateral(projection("y", "y"))


def test_an_input_that_sends_numbers():
    current = Call("current", (("duration", 5.0), ("mean", 0.0), ("sd", 1.0)))
    x, *rest = CHAIN.populations
    graph = replace(CHAIN, populations=(replace(x, encoding=current), *rest))
    found = refused("E050", require_trainable, graph, rule("hm2_bp"))
    assert "learns by spike trains, and `x` sends numbers" in found.message


def test_an_output_that_is_read_by_pscs():
    *rest, y = CHAIN.populations
    read = replace(y, readout=Call("psc", (("tau", 3.0),)))
    graph = replace(CHAIN, populations=(*rest, read))
    found = refused("E050", require_trainable, graph, rule("st_rsbp"))
    assert "learns by spike counts, and `y` is read by `psc`" in found.message
