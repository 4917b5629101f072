from __future__ import annotations

import pytest

from snncc.frontend.limits import Limits
from snncc.frontend.program import compile_text, survey_text
from snncc.ir.diagnostics import CompileError, Source
from snncc.ir.graph import Graph

INPUT = "input x[2] encode bernoulli(duration = 4 ms)\n"


def graph(body: str, before: str = "", **defines: str) -> Graph:
    text = f"{before}\nnetwork n(count: int = 3) {{\n{INPUT}{body}\n}}"
    return compile_text(Source("t.snn", text), defines).graph


def codes(body: str, before: str = "") -> list[str]:
    text = f"{before}\nnetwork n(count: int = 3) {{\n{INPUT}{body}\n}}"
    return [d.code for d in survey_text(Source("t.snn", text)).diagnostics]


def names(body: str, before: str = "", **defines: str) -> list[str]:
    return [p.name for p in graph(body, before, **defines).populations[1:]]


def test_loops_and_arrays() -> None:
    assert names("population h[k in 0..count][2] : lif") == ["h[0]", "h[1]", "h[2]"]
    assert names("population h[k in 0..count][2] : lif", count="1") == ["h[0]"]
    assert names("population h[k in 2..2][2] : lif") == []
    assert names("for k in 1..3 { population h[k][2] : lif }") == ["h[1]", "h[2]"]
    two = "population h[a in 0..2][b in a..2][a + b + 1] : lif"
    assert names(two) == ["h[0][0]", "h[0][1]", "h[1][1]"]
    assert [p.shape for p in graph(two).populations[1:]] == [(1,), (2,), (3,)]


def test_an_array_may_use_its_index_in_its_arguments() -> None:
    h = graph("population h[k in 0..2][2] : lif(v_th = (k + 1) * 1 mV)").populations[1:]
    assert [p.parameter("v_th") for p in h] == [1.0, 2.0]
    assert h[0].model is h[1].model


def test_statements_may_come_in_any_order() -> None:
    uses = "x -> h : dense\npopulation h[m] : cell\n"
    constants, cell = "let v = 3 mV\nlet m = 2\n", "neuron cell = lif(v_th = v)\n"
    with pytest.raises(CompileError) as error:
        graph(uses + cell + constants)
    assert {d.code for d in error.value.diagnostics} == {"E010"}  # constants are read in order
    assert graph(uses + constants + cell).populations[1].parameter("v_th") == 3.0


def test_lets_in_loops_are_their_own() -> None:
    body = "for k in 0..2 { let m = k + 1 population h[k][m] : lif }\nfor k in 0..1 { let m = 7 }"
    assert [p.shape for p in graph(body).populations[1:]] == [(1,), (2,)]


MODULE = """
module part(n: int = 2, v: mV = 5 mV, learn: bool = true) {
  delay = 2 ms
  population a[n] : lif(v_th = v)
  population b[n] : lif method exact
  a -> b : one_to_one
  port in into = a
  port out from = b
}
module whole {
  instance p[k in 0..2] : part(n = k + 1)
  p[0].from -> p[1].into : dense
  port in into = p[0].into
  port out from = p[1].from
}
"""


def test_modules_are_unrolled_with_their_names() -> None:
    body = "instance w : whole\noutput y[2] : lif\nx -> w.into : dense\nw.from -> y : dense"
    unrolled = graph(body, MODULE)
    assert [p.name for p in unrolled.populations] == [
        *("x", "w.p[0].a", "w.p[0].b", "w.p[1].a", "w.p[1].b", "y")
    ]
    ends = [(p.pre, p.post, p.delay) for p in unrolled.projections]
    assert ends == [
        ("w.p[0].a", "w.p[0].b", 2),
        ("w.p[1].a", "w.p[1].b", 2),
        ("w.p[0].b", "w.p[1].a", 0),
        ("x", "w.p[0].a", 0),
        ("w.p[1].b", "y", 0),
    ]
    assert unrolled.projections[0].name == "w.p[0].a->w.p[0].b"
    assert unrolled.index()["w.p[1].b"].method == "exact"


def test_a_module_takes_delay_and_method_from_where_it_is_used() -> None:
    module = "module m { population a[2] : lif population b[2] : lif a -> b : dense port in i = a }"
    used = graph("delay = 3 ms\nmethod = exact\ninstance m : m\nx -> m.i : dense", module)
    assert {p.delay for p in used.projections} == {3}
    assert {p.method for p in used.populations[1:]} == {"exact"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("instance p : part(m = 3)", ["E012"]),
        ("instance p : part(n = 2.5)", ["E020"]),
        ("instance p : part(v = 5)", ["E021"]),
        ("instance p : part(learn = 1)", ["E020"]),
        ("instance p : part(0)", ["E022", "E022"]),
        ("instance p : lif", ["E020"]),
        ("instance p : prat", ["E010"]),
        ("instance p : part\nx -> p.a : dense", ["E010"]),
        ("instance p : part\nx -> p.into.v : dense", ["E044"]),
        ("instance p : part\npopulation p[2] : lif", ["E011"]),
    ],
)
def test_wrong_instances(body: str, expected: list[str]) -> None:
    assert codes(body, MODULE) == expected


def test_a_mistake_in_a_loop_is_told_once() -> None:
    assert codes("for k in 0..100 { x -> y[k] : dense }") == ["E010"]
    assert codes("for k in 0..100 { population h[k][2] : lfi }\nx -> h[7] : dense") == ["E010"]
    assert codes("for k in 0..9 { population h[k][2] : lif let a = 3 + k * 1 ms }") == ["E021"]


def test_what_follows_from_a_failed_definition_is_not_told() -> None:
    assert codes("let a = b\npopulation h[a] : lif\nx -> h : dense(weight = a)") == ["E010"]
    assert codes("neuron c = lfi\npopulation h[2] : c\nx -> h : dense") == ["E010"]
    assert codes("neuron c = lif(v = 1)\npopulation h[2] : c") == ["E012"]


def test_unrolling_is_bounded() -> None:
    text = f"network n {{ {INPUT} for a in 0..50 {{ for b in 0..50 {{ let c = a }} }} }}"
    assert survey_text(Source("t.snn", text), limits=Limits(statements=3000)).diagnostics == ()
    (error,) = survey_text(Source("t.snn", text), limits=Limits(statements=1000)).diagnostics
    assert error.code == "E005"
