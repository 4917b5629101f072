from dataclasses import replace

import numpy as np

from snncc.ir.graph import Call
from snncc.ir.rules import OPTIMIZERS, Argument
from snncc.runtime.training.digest import program_digest


def digest(plan, seed=0, **changes):
    spec = plan.spec.but(**changes)
    return program_digest(plan.graph, spec, plan.train, seed)


def test_what_changes_the_weights_changes_the_digest(learning):
    plan = learning.plan
    shifted = replace(plan.train, values=plan.train.values + np.float32(1e-6))
    fewer = replace(
        plan.train, **{n: getattr(plan.train, n)[:-1] for n in ("values", "labels", "ids")}
    )
    others = {
        digest(plan),
        digest(plan, seed=1),
        digest(plan, batch=5),
        digest(plan, boost=False),
        digest(plan, optimizer=Call("adam", (("lr", 0.02),))),
        digest(plan, schedule=Call("constant")),
        digest(plan, regularizer=Call("exponential")),
        digest(replace(plan, train=shifted)),
        digest(replace(plan, train=fewer)),
        digest(replace(plan, graph=replace(plan.graph, dt=0.5))),
        digest(replace(plan, graph=replace(plan.graph, tensors={"w": np.ones(2)}))),
        digest(replace(plan, graph=replace(plan.graph, tensors={"w": np.zeros(2)}))),
    }
    assert len(others) == 12


def test_what_does_not_change_them_does_not(learning):
    assert digest(learning.plan, epochs=99) == digest(learning.plan)
    assert digest(learning.plan, data=Call("npz")) == digest(learning.plan)


def test_one_argument_more_does_not_where_it_is_at_its_default(learning, monkeypatch):
    """So that a run goes on with a version of snncc that knows more."""
    plan, before = learning.plan, digest(learning.plan)
    row = OPTIMIZERS["adam"]
    more = Argument("amsgrad", "bool", False)
    monkeypatch.setitem(OPTIMIZERS, "adam", replace(row, arguments=(more, *row.arguments)))
    lr = ("lr", 0.01)
    assert digest(plan, optimizer=Call("adam", (("amsgrad", False), lr))) == before
    assert digest(plan, optimizer=Call("adam", (("amsgrad", True), lr))) != before
