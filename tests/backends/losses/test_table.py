"""What losses mean, by hand, and the tables that engines read of them."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from snncc.backends.losses.table import LOSSES, count_loss_of, count_tables, judge, loss_of
from snncc.ir import rules
from snncc.ir.graph import Call, TrainSpec
from snncc.ir.rules import RULES, by_default

LOSS = Call("count", (("target", 35.0), ("other", 5.0), ("margin", 5.0)))


def test_every_loss_of_the_language_is_there():
    assert set(LOSSES) == set(rules.LOSSES)


def test_error_is_zero_within_the_margin():
    counts = np.array([10, 11, 0, 29, 30])
    error, cost, prediction = judge(LOSS, counts, 3, 40)
    assert error.tolist() == [0.0, 6.0, 0.0, -6.0, 25.0]
    assert cost.tolist() == [0.0, 36.0, 0.0, 36.0, 625.0]
    assert prediction == 4
    assert judge(LOSS, counts, 4, 40)[0].tolist() == [0.0, 6.0, 0.0, 24.0, 0.0]
    assert judge(LOSS, np.array([1, 3, 3]), 0, 40)[2] == 1


def test_tables_of_counts():
    loss = Call("count", (("target", 4.5), ("other", 1.0), ("margin", 1.0)))
    (other, target), costs = count_tables(loss, 6)
    assert other.tolist() == [0, 0, 0, 2, 3, 4, 5]
    assert target.tolist() == [-4.5, -3.5, -2.5, -1.5, 0, 0, 1.5]
    assert costs[:, 3].tolist() == [4.0, 2.25]


def spec(rule, loss):
    return TrainSpec("n", {"rule": rule, "loss": loss})


def test_a_rule_may_say_the_loss_itself():
    rule = Call("st_rsbp", (("target", 20.0), ("other", 2.0), ("margin", 1.0)))
    assert loss_of(spec(rule, None)).arguments == rule.arguments
    assert loss_of(spec(by_default("st_rsbp", RULES), LOSS)) == LOSS


def test_a_loss_is_not_said_twice():
    rule = Call("st_rsbp", (("target", 20.0), ("other", 2.0), ("margin", 1.0)))
    assert loss_of(spec(rule, Call("count", rule.arguments))).arguments == rule.arguments
    assert "said twice" in refused("E051", loss_of, spec(rule, LOSS)).message


def test_a_hinge_lets_a_label_fire_more_and_the_others_less():
    loss = Call("count_hinge", (("target", 3.0), ("other", 1.0)))
    (other, label), (cost, own) = count_tables(loss, 4)
    np.testing.assert_allclose(other, np.array([0, 0, 1, 2, 3]) / 4)
    np.testing.assert_allclose(label, np.array([-3, -2, -1, 0, 0]) / 4)
    np.testing.assert_allclose(cost, np.array([0, 0, 1, 4, 9]) / 8)
    np.testing.assert_allclose(own, np.array([9, 4, 1, 0, 0]) / 8)


def test_cross_entropy_by_finite_differences():
    loss, scores = Call("cross_entropy", (("scale", 0.7),)), np.array([1.0, -2.0, 3.5])
    error, cost, prediction = judge(loss, scores, 0, 9)
    powers = np.exp(0.7 * scores)
    assert cost.sum() == pytest.approx(-np.log(powers[0] / powers.sum()))
    for k, h in enumerate(np.eye(3) * 1e-6):
        both = [judge(loss, scores + sign * h, 0, 9)[1].sum() for sign in (1, -1)]
        assert error[k] == pytest.approx((both[0] - both[1]) / 2e-6, abs=1e-8)
    assert prediction == 2
    assert np.isfinite(judge(loss, np.array([-1e30, 1e4, 0.0]), 0, 9)[0]).all()


def test_a_rule_of_counts_refuses_another_loss():
    made = spec(by_default("st_rsbp", RULES), Call("cross_entropy", (("scale", 1.0),)))
    assert "learns by spike counts" in refused("E050", count_loss_of, made).message


def test_the_squared_distance_of_rates():
    """The derivative of half of it by a count, in T steps."""
    loss = Call("rate_mse")
    (other, label), (cost, own) = count_tables(loss, 4)
    np.testing.assert_allclose(other, [0, 1 / 16, 2 / 16, 3 / 16, 4 / 16])
    np.testing.assert_allclose(label, np.array([-4, -3, -2, -1, 0]) / 16)
    np.testing.assert_allclose(np.diff(cost) - (other[1:] + other[:-1]) / 2, 0, atol=1e-7)
    assert own[0] == 0.5
