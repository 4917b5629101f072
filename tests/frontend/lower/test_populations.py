from __future__ import annotations

import pytest

from snncc.frontend.program import compile_text, survey_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call, Population
from snncc.ir.schemes import METHODS

NET = "network n {{ method = euler {body} }}"


def populations(body: str) -> tuple[Population, ...]:
    return compile_text(Source("t.snn", NET.format(body=body))).graph.populations


def codes(body: str) -> list[str]:
    return [d.code for d in survey_text(Source("t.snn", NET.format(body=body))).diagnostics]


def test_roles_and_shapes() -> None:
    found = populations(
        "input x[2, 3] encode spikes(duration = 4 ms) population h : lif "
        "population g[] : lif output y[5] : if(v_th = 2 mV)"
    )
    assert [(p.name, p.shape, p.role) for p in found] == [
        ("x", (2, 3), "input"),
        ("h", (), "hidden"),
        ("g", (), "hidden"),
        ("y", (5,), "output"),
    ]
    x, _, _, y = found
    assert x.encoding == Call("spikes", (("duration", 4.0),))
    assert x.model is None
    assert y.parameters == (("v_th", 2.0),)
    assert all(p.span is not None for p in found)


def test_every_method_of_the_ir_has_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "midpoint", METHODS["euler"])
    (population,) = populations("population a[1] : lif method midpoint")
    assert population.method == "midpoint"


def test_methods() -> None:
    euler, exact, text = populations(
        "population a[1] : lif population b[1] : lif method exact "
        'population c[1] : lif method "exact"'
    )
    assert (euler.method, exact.method, text.method) == ("euler", "exact", "exact")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("input x encode spikes(duration = 4 ms)", ["E040"]),
        ("input x[2]", ["E013"]),
        ("input x[2] : lif", ["E044"]),
        ("population h[2]", ["E013"]),
        ("population h[2] encode spikes(duration = 4 ms) : lif", ["E044"]),
        ("population h[0] : lif", ["E022"]),
        ("population h[-1] : lif", ["E022"]),
        ("population h[1.5] : lif", ["E020"]),
        ("population h[3 ms] : lif", ["E021"]),
        ('population h["a"] : lif', ["E020"]),
        ("population h[50000, 50000] : lif", ["E022"]),
        ("population h[k in 0..3, 2] : lif", ["E044"]),
        ("population h[][2] : lif", ["E044"]),
        ("population h[2] : lif method rk4", ["E022"]),
        ("population h[2] : lif(v_th = 1)", ["E021"]),
    ],
)
def test_mistakes(body: str, expected: list[str]) -> None:
    assert codes(body) == expected
