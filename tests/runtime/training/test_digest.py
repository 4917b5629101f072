from dataclasses import replace

import numpy as np

from snncc.ir.arguments import Argument
from snncc.ir.graph import Call
from snncc.ir.rules import OPTIMIZERS
from snncc.runtime.training.digest import run_digest
from snncc.runtime.training.holdout import hold_out

FLIP = Call("flip", (("p", 0.5),))


def digest(course, seed=0, **changes):
    spec = course.spec.but(**changes)
    return run_digest(course.graph, spec, course.train, seed)


def test_what_changes_the_weights_changes_the_digest(learning):
    course = learning.course
    shifted = replace(course.train, values=course.train.values + np.float32(1e-6))
    fewer = replace(
        course.train, **{n: getattr(course.train, n)[:-1] for n in ("values", "labels", "ids")}
    )
    others = {
        digest(course),
        digest(course, seed=1),
        digest(course, batch=5),
        digest(course, boost=False),
        digest(course, holdout=0.1),
        digest(replace(course, train=hold_out(course.train, 0.1, 0).rest)),
        digest(course, optimizer=Call("adam", (("lr", 0.02),))),
        digest(course, schedule=Call("constant")),
        digest(course, regularizer=Call("exponential")),
        digest(course, augment=(FLIP,)),
        digest(course, dropout=(Call("h", (("p", 0.5),)),)),
        digest(course, dropout=(Call("h", (("p", 0.25),)),)),
        digest(course, augment=(FLIP, FLIP)),
        digest(course, augment=(Call("flip", (("p", 0.25),)),)),
        digest(replace(course, train=shifted)),
        digest(replace(course, train=fewer)),
        digest(replace(course, graph=replace(course.graph, dt=0.5))),
        digest(replace(course, graph=replace(course.graph, tensors={"w": np.ones(2)}))),
        digest(replace(course, graph=replace(course.graph, tensors={"w": np.zeros(2)}))),
    }
    assert len(others) == 19


def test_what_does_not_change_them_does_not(learning):
    assert digest(learning.course, epochs=99) == digest(learning.course)
    assert digest(learning.course, data=Call("npz")) == digest(learning.course)
    assert digest(learning.course, holdout=None) == digest(learning.course)


def test_of_lines_that_repeat_the_order_counts_and_defaults_do_not(learning):
    shift, flip = Call("shift", (("pixels", 2),)), FLIP
    orders = {digest(learning.course, augment=pair) for pair in ((shift, flip), (flip, shift))}
    assert len(orders) == 2
    bare = digest(learning.course, augment=(Call("flip"),))
    assert bare == digest(learning.course, augment=(flip,)) != digest(learning.course)
    said, bare = (("p", 0.5), ("profile", "recommended")), (("p", 0.5),)
    alike = {digest(learning.course, dropout=(Call("h", c),)) for c in (said, bare)}
    assert len(alike) == 1


def test_one_argument_more_does_not_where_it_is_at_its_default(learning, monkeypatch):
    """So that a run goes on with a version of snncc that knows more."""
    course, before = learning.course, digest(learning.course)
    row = OPTIMIZERS["adam"]
    more = Argument("amsgrad", "bool", False)
    monkeypatch.setitem(OPTIMIZERS, "adam", replace(row, arguments=(more, *row.arguments)))
    lr = ("lr", 0.01)
    assert digest(course, optimizer=Call("adam", (("amsgrad", False), lr))) == before
    assert digest(course, optimizer=Call("adam", (("amsgrad", True), lr))) != before
