"""The numbers of optimizers and regularizers."""

from __future__ import annotations

import pytest

from snncc.backends.optimizers.numbers import METHODS, Method, Pull, method_of, pull_of
from snncc.ir.graph import Call, TrainSpec
from snncc.ir.rules import OPTIMIZERS


def spec(optimizer, regularizer=None):
    data, rule, schedule = Call("digits"), Call("st_rsbp"), Call("constant")
    return TrainSpec("n", data, rule, Call(optimizer), schedule, regularizer)


def test_every_optimizer_of_the_language_is_there():
    assert set(METHODS) == set(OPTIMIZERS)
    with pytest.raises(KeyError):
        method_of(spec("rmsprop"))


def test_adam_with_its_bias_corrections():
    method = METHODS["adam"](Call("adam", (("beta1", 0.5), ("beta2", 0.75), ("eps", 0.01))))
    assert method.step(0.1, 1) == pytest.approx((0.1, 0.005))  # sqrt(1 - 0.75) = 0.5 = 1 - 0.5
    assert method.step(0.1, 2) == pytest.approx((0.1 * 0.4375**0.5 / 0.75, 0.01 * 0.4375**0.5))


def test_descent_keeps_the_rate():
    method = METHODS["sgd"](Call("sgd", (("momentum", 0.9),)))
    assert method == Method(1, 0.9, 0.0, 0.0)
    assert method.step(0.1, 7) == (0.1, 0.0)


def test_no_regularizer_is_one_of_strength_0():
    assert pull_of(spec("sgd")) == Pull(0.0, 0.0, 1.0)
    arguments = (("strength", 0.5), ("beta", 0.04), ("limit", 8.0))
    assert pull_of(spec("sgd", Call("exponential", arguments))) == Pull(0.5, 0.04, 8.0)
