from __future__ import annotations

import pytest
from refusal import refused

from snncc.frontend.limits import LIMITS
from snncc.frontend.syntax.files import ChoiceOf, Deploy, Network, Neuron, Train
from snncc.frontend.syntax.parser import parse, parse_expression
from snncc.frontend.syntax.tree import (
    Alias,
    Bracket,
    Cell,
    Delay,
    Derivative,
    For,
    Learning,
    Literal,
    Number,
    PopulationStatement,
    ProjectionStatement,
    Range,
    Reference,
    RefractoryHold,
    Setting,
)
from snncc.ir.diagnostics import Diagnostic, Source, Span


def body(text: str) -> list[object]:
    tree, mistakes = parse(Source("t.snn", "network n {\n" + text + "\n}"))
    assert mistakes == ()
    assert tree is not None
    (network,) = tree.items
    assert isinstance(network, Network)
    return list(network.body)


def mistakes(text: str) -> list[Diagnostic]:
    return list(parse(Source("t.snn", text))[1])


def test_a_population() -> None:
    (h,) = body("population h[k in 0..n][3, 4] : cell(v_th = 2 mV) method exact")
    assert isinstance(h, PopulationStatement)
    assert (h.role, h.name.text) == ("hidden", "h")
    array, shape = h.brackets
    assert isinstance(array.items[0], Range)
    assert array.items[0].variable.text == "k"
    assert [i.value for i in shape.items if isinstance(i, Number)] == [3, 4]
    assert h.model is not None
    assert h.model.arguments[0].value == Number(2, "mV", h.name.span)
    assert isinstance(h.method, Reference)


def test_empty_brackets_and_no_brackets_differ() -> None:
    with_brackets, without = body("population a[] : lif population b : lif")
    assert isinstance(with_brackets, PopulationStatement)
    assert isinstance(without, PopulationStatement)
    assert isinstance(with_brackets.brackets[0], Bracket)
    assert without.brackets == ()


def test_a_projection_with_every_option() -> None:
    (p,) = body("a[0].x -> b.exc : dense delay 1 ms fixed as q[3]")
    assert isinstance(p, ProjectionStatement)
    assert [part.name.text for part in p.pre.parts] == ["a", "x"]
    assert p.pre.parts[0].indices == (Number(0, "", p.span),)
    assert [type(option) for option in p.last.options] == [Delay, Learning, Alias]


def test_line_ends_do_not_matter() -> None:
    spread = "a\n->\nb\n:\ndense\ndelay\n1 ms\ndelay = 2 ms\nfor k in 0..2 { }"
    p, setting, loop = body(spread)
    assert isinstance(p, ProjectionStatement)
    assert isinstance(setting, Setting)
    assert isinstance(loop, For)
    assert len(p.last.options) == 1


def test_a_neuron_may_have_a_parameter_called_refractory() -> None:
    text = "neuron n { param refractory: ms = 2 ms refractory refractory { v = 0 mV } dv/dt = v }"
    tree, wrong = parse(Source("t.snn", text))
    assert wrong == ()
    assert tree is not None
    (neuron,) = tree.items
    assert isinstance(neuron, Neuron)
    assert isinstance(neuron.clauses[1], RefractoryHold)
    assert isinstance(neuron.clauses[2], Derivative)


def test_entries_of_a_training_plan_may_share_a_line() -> None:
    tree, wrong = parse(Source("t.snn", "train n { data digits epochs 3 boost on batch 1 }"))
    assert wrong == ()
    assert tree is not None
    (train,) = tree.items
    assert isinstance(train, Train)
    assert [entry.name.text for entry in train.entries] == ["data", "epochs", "boost", "batch"]
    assert isinstance(train.entries[2].value, Literal)


def test_lines_of_a_deployment_may_share_a_line_of_the_text() -> None:
    text = (
        "deploy n { method mse scale neuron guard -2 a[0].b -> c bits k b -> c.e scale population }"
    )
    tree, wrong = parse(Source("t.snn", text))
    assert wrong == ()
    assert tree is not None
    (deploy,) = tree.items
    assert isinstance(deploy, Deploy)
    *lines, one, other = deploy.entries
    assert isinstance(one, ChoiceOf)
    assert isinstance(other, ChoiceOf)
    assert [e.name.text for e in lines if isinstance(e, Setting)] == ["method", "scale", "guard"]
    assert [part.name.text for part in one.pre.parts] == ["a", "b"]
    assert (one.setting.name.text, other.setting.name.text) == ("bits", "scale")
    assert [e.setting.value for e in (one, other)] == [_reference("k"), _reference("population")]


def _reference(name: str) -> Reference:
    return Reference(name, Span(Source("", ""), 0, 0))


def test_places_do_not_count_in_equality() -> None:
    (a,) = body("neuron c = lif(x = 1)")
    (b,) = body("  neuron   c=lif( x=1 ,)")
    assert isinstance(a, Cell)
    assert a == b


@pytest.mark.parametrize(
    ("text", "message", "start"),
    [
        ("network n { population h[3 : lif }", "expected `,` or `]`, got `:`", 27),
        ("network n { a -> b dense }", "expected `:`, got `dense`", 19),
        ("network n { dt = }", "expected an expression, got `}`", 17),
        ("network n { input input[3] encode x }", "expected a name, got `input`", 18),
        ("network n { dt = 3 mw }", "`mw` is no unit", 19),
        ("neuron n { dv/dt = 3 ) }", "expected a clause of the model or `}`, got `)`", 21),
        ("1", "expected a definition or the end of the text, got `1`", 0),
        ("network n { let a = 1", "expected a statement or `}`, the text ends", 20),
    ],
)
def test_syntax_errors_in_words(text: str, message: str, start: int) -> None:
    (first,) = mistakes(text)
    assert first.span is not None
    assert (first.code, first.message, first.span.start) == ("E001", message, start)


def test_after_an_error_the_rest_is_read() -> None:
    tree, wrong = parse(
        Source(
            "t.snn",
            "network n {\n  let a = = 1\n  population h[3] : lif\n  population g[3 : lif\n"
            "  for k in 0.. { let x = 1 }\n  h -> h : dense\n}\nneuron m { }\n",
        )
    )
    assert [d.span.source.position(d.span.start)[0] for d in wrong if d.span] == [2, 4, 5]
    assert tree is not None
    network, neuron = tree.items
    assert isinstance(network, Network)
    assert [type(s) for s in network.body] == [PopulationStatement, ProjectionStatement]
    assert isinstance(neuron, Neuron)


def test_the_bracket_that_is_open_is_shown() -> None:
    (error,) = mistakes("network n {\n  let a = 1")
    assert error.related[0].span.start == 10


def test_a_misspelt_keyword_is_suggested() -> None:
    (error,) = mistakes("network n { popluation h[3] : lif }")
    assert error.help == "did you mean `population`?"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("network n { popluation n[3] : lif }", "population"),
        ("network n { a -> b : dense delya 1 ms }", "delay"),
        ("network n { input x[3] encod poisson }", "encode"),
        ("neuron m { parm tau: ms = 1 ms }", "param"),
        ("modul m { }", "module"),
    ],
)
def test_a_keyword_is_suggested_for_the_word_that_is_wrong(text: str, word: str) -> None:
    assert mistakes(text)[0].help == f"did you mean `{word}`?"


@pytest.mark.parametrize(
    "text", ["network n { x[ }", "network n [", "for n", "network n { on -> }"]
)
def test_a_word_that_stands_where_a_name_must_is_no_misspelt_keyword(text: str) -> None:
    assert "did you mean" not in mistakes(text)[0].help


@pytest.mark.parametrize("left", [")", ",5", "foo", "}", "{", "\n)", "in"])
@pytest.mark.parametrize("value", ["h", "(1 ms)", "1 ms"])
def test_what_is_left_over_after_an_expression(value: str, left: str) -> None:
    found = refused("E001", parse_expression, Source("-D h", f"{value} {left}"))
    word = "," if left == ",5" else left.split()[0]
    assert f"the end of the text, got `{word}`" in found.message
    assert "did you mean" not in found.help


def test_a_number_with_an_unknown_unit_at_the_end_of_an_expression() -> None:
    for text, way_out in (("200 msec", "did you mean `ms`?"), ("4 foo", "the units are s, ms")):
        assert refused("E001", parse_expression, Source("-D h", text)).help.startswith(way_out)


def test_nesting_is_bounded() -> None:
    tree, wrong = parse(Source("t.snn", "network n { let a = " + "(" * 60 + "1" + ")" * 60 + "}"))
    assert tree is not None
    assert wrong == ()


@pytest.mark.parametrize(
    ("one", "most", "what"),
    [
        ("1 +", LIMITS.operators, "operators"),
        ("network n { }\n", LIMITS.definitions, "definitions"),
    ],
)
def test_a_text_has_so_many_of_them(one: str, most: int, what: str) -> None:
    tree, (mistake,) = parse(Source("t.snn", one * (most + 1)))
    assert not tree.items
    assert (mistake.code, mistake.message) == ("E005", f"the text has more than {most} {what}")
    assert mistake.span is not None
    assert mistake.span.start // len(one) == most
    _, mistakes = parse(Source("t.snn", one * most))
    assert all(d.code != "E005" for d in mistakes)


def test_a_projection_of_several_parts() -> None:
    (p,) = body("a -> b.x : pool2d(kernel = 2) fixed\nthen dense\nthen one_to_one delay 1 ms as q")
    assert isinstance(p, ProjectionStatement)
    assert [link.connectivity.name.text for link in (*p.before, p.last)] == [
        "pool2d",
        "dense",
        "one_to_one",
    ]
    assert [len(link.options) for link in (*p.before, p.last)] == [1, 0, 2]


@pytest.mark.parametrize("text", ["a -> b : then dense", "a -> b : dense then", "a then b : dense"])
def test_then_stands_between_two_parts(text: str) -> None:
    assert [m.code for m in mistakes("network n {\n" + text + "\n}")] == ["E001"]
