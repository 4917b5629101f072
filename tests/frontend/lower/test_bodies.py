"""Bodies that are unrolled: how much is done for what is too much."""

from __future__ import annotations

import pytest

from snncc.frontend.lower import bodies, construction
from snncc.frontend.lower.construction import nodes_of
from snncc.frontend.program import survey_text
from snncc.frontend.syntax.tree import InstanceStatement
from snncc.ir.diagnostics import Source


def test_a_module_that_holds_itself_is_weighed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is too much already is not gone on with, at any depth."""
    weighed: list[object] = []
    monkeypatch.setattr(
        construction, "nodes_of", lambda body: weighed.append(body) or nodes_of(body)
    )
    declared: list[object] = []
    instantiate = bodies._DECLARE[InstanceStatement]
    monkeypatch.setitem(
        bodies._DECLARE, InstanceStatement, lambda *a: declared.append(a) or instantiate(*a)
    )
    count = 20_000
    inside = "".join(f"instance a{k} : m\n" for k in range(count))
    text = f"module m {{ population h[2] : lif\n{inside}}} network n {{ instance a : m }}"
    (diagnostic,) = survey_text(Source("m.snn", text)).diagnostics
    assert diagnostic.code == "E005"
    assert "unroll to more than 200000 statements" in diagnostic.message
    assert len(weighed) == 1
    assert len(declared) < 100
