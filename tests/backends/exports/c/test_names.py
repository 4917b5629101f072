"""Identifiers of C."""

from __future__ import annotations

from snncc.backends.exports.c.names import distinct, identifiers


def test_what_c_does_not_allow() -> None:
    made = identifiers(["a->b", "a b", "3", "", "int", "a__b", "_x_"])
    assert list(made.values()) == ["a_b", "a_b_2", "n3", "x", "int_2", "a_b_3", "x_2"]


def test_no_two_signs_behind_each_other() -> None:
    """So that `__` may join two of them without doubt."""
    assert all("__" not in name for name in identifiers(["__", "a..b", "c_-_d"]).values())


def test_equal_names_of_different_things() -> None:
    assert distinct({1: "v", 2: "v", 3: "v_2"}) == {1: "v", 2: "v_2", 3: "v_2_2"}
