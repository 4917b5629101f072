from __future__ import annotations

import pytest

from snncc.frontend.typing.names import Names


def test_earlier_names_do_not_see_later_ones() -> None:
    none: Names[int] = Names()
    one = none.extended("a", 1)
    two = one.extended("b", 2)
    other = one.extended("b", 3).extended("c", 4)
    assert [dict(names) for names in (none, one, two)] == [{}, {"a": 1}, {"a": 1, "b": 2}]
    assert dict(other) == {"a": 1, "b": 3, "c": 4}
    assert [len(names) for names in (none, one, two, other)] == [0, 1, 2, 3]
    assert "c" not in two
    with pytest.raises(KeyError):
        one["b"]


def test_a_name_hides_an_earlier_one() -> None:
    first: Names[int] = Names()
    first = first.extended("a", 1)
    assert first.extended("a", 2)["a"] == 2
    assert first["a"] == 1


def test_names_that_extend_one_another_share_what_they_hold() -> None:
    names: Names[int] = Names()
    for number in range(1000):
        names = names.extended(f"a{number}", number)
    assert names["a0"] == 0
    assert not names._outer  # one look-up, however many names
