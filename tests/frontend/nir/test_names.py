"""Names of nodes as names of a program."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snncc.frontend.nir.names import key_of, mangled
from snncc.frontend.syntax.lexer import KEYWORDS
from snncc.ir.nir.names import demangled


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("lif1", "lif1"),
        ("fc_out", "fc_out"),
        ("input", "input_"),
        ("lif1.lif", "lif1_x2elif"),
        ("0", "_x30"),
        ("10", "_x310"),
        ("a_xb", "a_x5fxb"),
        ("a_", "a__"),
        ("", "_"),
        ("é", "_xc3_xa9"),
        ("ms", "ms_"),
    ],
)
def test_names(name, made) -> None:
    assert mangled(name) == made
    assert demangled(made) == name


@given(st.text(alphabet=st.sampled_from("ab_x0e2.é- "), max_size=8) | st.text(max_size=5))
def test_each_can_be_told_from_what_stands_for_it(name) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    made = mangled(name)
    assert demangled(made) == name
    assert made.isascii()
    assert made.isidentifier()
    assert made not in KEYWORDS


def test_keys_need_no_quoting_and_differ() -> None:
    names = ["lif1.lif", "0", 'a"', "a_x22", "é", "_xc3_xa9"]
    keys = [key_of(name, "tau") for name in names]
    assert keys[:3] == ["lif1.lif.tau", "0.tau", "a_x22.tau"]
    assert len(set(keys)) == len(names)
