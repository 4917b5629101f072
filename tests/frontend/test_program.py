from __future__ import annotations

from pathlib import Path

import pytest
from refusal import refusals
from timing import slower_than

from snncc.frontend.limits import Limits
from snncc.frontend.program import Program, compile_text, survey_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Graph
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.text import print_graph

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples").glob("*.snn"))
NET = "network {name}({params}) {{ input x[{size}] encode bernoulli(duration = 4 ms) }}\n"


def net(name: str, params: str = "", size: str = "2") -> str:
    return NET.format(name=name, params=params, size=size)


def program(text: str, network: str | None = None, **defines: str) -> Program:
    return compile_text(Source("t.snn", text), defines, network)


def failure(text: str, network: str | None = None, **defines: str) -> str:
    return "\n".join(
        f"{d.code} {d.message} {d.help}" for d in refusals(program, text, network, **defines)
    )


def size_of(text: str, **defines: str) -> tuple[int, ...]:
    return program(text, **defines).graph.population("x").shape


# ---- examples


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_compiles(path: Path, golden: object) -> None:
    source = Source(str(path), path.read_text())
    assert survey_text(source).diagnostics == ()
    graph = compile_text(source).graph
    assert callable(golden)
    golden(f"frontend/{path.stem}.snnir", print_graph(graph))
    run_pipeline(graph)


# ---- which network


def test_the_only_network() -> None:
    assert program(net("a")).graph.name == "a"


def test_the_trained_network() -> None:
    text = net("a") + net("b") + "train b { data digits rule st_rsbp }"
    assert program(text).graph.name == "b"
    assert program(text).train is not None


def test_a_network_asked_for() -> None:
    text = net("a") + net("b") + "train b { data digits rule st_rsbp }"
    assert program(text, "a").graph.name == "a"
    assert program(text, "a").train is None
    assert "did you mean" not in failure(text, "zzz")
    assert "E010" in failure(text, "c")


def test_several_networks_must_be_told_apart() -> None:
    assert "E044 there are several networks: `a` and `b`" in failure(net("a") + net("b"))
    both = "".join(net(n) + f"train {n} {{ data digits rule st_rsbp }}\n" for n in "ab")
    assert "E044" in failure(both)


def test_a_file_without_network() -> None:
    assert "E044" in failure("neuron c = lif")
    assert survey_text(Source("t.snn", "neuron c = lif")).diagnostics == ()


# ---- parameters


def test_defines_set_parameters() -> None:
    text = net("n", "size: int = 3, other: int = size + 1", "size, other")
    assert size_of(text) == (3, 4)
    assert size_of(text, size="7") == (7, 8)
    assert size_of(text, size="2 * 3", other="1") == (6, 1)


def test_texts_need_no_quotes_on_the_command_line() -> None:
    text = (
        'network n(w: text = "paper") { input x[1] encode bernoulli(duration = 4 ms) '
        "population h[1] : lif h -> h : liquid(grid = [1, 1, 1], wiring = w) }"
    )
    for written in ("symmetric", '"symmetric"'):
        (projection,) = program(text, w=written).graph.projections
        assert projection.connectivity["wiring"] == "symmetric"
    assert "E022" in failure(text, w="sym")


@pytest.mark.parametrize(
    ("defines", "code"),
    [
        ({"sise": "3"}, "E012"),
        ({"size": "3.5"}, "E020"),
        ({"size": "3 ms"}, "E021"),
        ({"size": "3 +"}, "E001"),
        ({"size": "x"}, "E010"),
        ({"size": ""}, "E001"),
        ({"size": '"a"'}, "E020"),
        ({"size": "__import__('os')"}, "E002"),
    ],
)
def test_wrong_defines(defines: dict[str, str], code: str) -> None:
    assert code in failure(net("n", "size: int = 3", "size"), **defines)


def test_a_define_that_names_no_parameter_suggests_one() -> None:
    found = failure(net("n", "size: int = 3", "size"), sise="3")
    assert "the network `n` has no parameter `sise` did you mean `size`?" in found


def test_a_parameter_without_default_must_be_given() -> None:
    text = net("n", "size: int", "size")
    assert "E013" in failure(text)
    assert size_of(text, size="5") == (5,)


# ---- what has no value


def told(text: str) -> list[tuple[str, str]]:
    """Code and the word pointed at, of all that a survey finds."""
    return [
        (d.code, d.span.source.text[d.span.start : d.span.end])
        for d in survey_text(Source("t.snn", text)).diagnostics
        if d.span
    ]


BODY = "population x[{size}] : liff  y -> z : nope"
WRONG = [("E010", word) for word in ("liff", "y", "z", "nope")]


@pytest.mark.parametrize(
    ("definition", "remarks"),
    [
        ("module m { " + BODY.format(size=3), []),
        ("module m(k: int) { " + BODY.format(size="k"), ["k"]),
        ("module m(k: int = 2) { " + BODY.format(size="k"), []),
        ("network n(k: int) { " + BODY.format(size="k"), ["k"]),
        ("network n(k: int) { let m = 2 * k  " + BODY.format(size="m"), ["k"]),
        ("network n(k: int) { " + BODY.format(size="i in 0..k][3"), []),
        ("network n(k: int) { for i in 0..k { " + BODY.format(size=3) + " }", ["k"]),
    ],
)
def test_what_depends_on_no_missing_value_is_checked(definition: str, remarks: list[str]) -> None:
    found = told(definition + " }")
    assert found == [*(("W013", name) for name in remarks), *WRONG]


def test_what_has_no_value_is_no_mistake() -> None:
    text = """network n(k: int, m: text) {
      dt = k * 0.1 ms
      input x[k] encode bernoulli(duration = 10 ms)
      population h[i in 0..k][3] : lif method m
      population h[i in k..9][3] : lif
      x -> h[k] : sparse(p = 1 / k, weight = k * i)  delay 0.1 ms
      for i in 1..k { h[i] -> h[i - 1] : dense }
      x -> h[0] : dense
    }
    module part { population h[2] : lif  h -> h : dense  delay 0.3 ms }"""
    assert told(text) == [("W013", "k"), ("W013", "m")]


def test_a_parameter_that_nothing_needs_hides_nothing() -> None:
    survey = survey_text(Source("t.snn", net("n", "k: int", "2")))
    assert survey.diagnostics == ()
    assert len(survey.programs) == 1


def test_a_module_is_checked_as_it_is_instantiated() -> None:
    module = "module m(k: int) { population h[k] : lif }\n"
    outer = "module o { instance a : m(k = 2) }\n"
    assert told(module + outer) == []
    assert told(module) == [("W013", "k")]


# ---- a survey


def test_a_survey_has_the_programs_that_are_right() -> None:
    text = net("a") + net("b", size="q") + net("c") + "train c { data digits rule st_rsbp }"
    survey = survey_text(Source("t.snn", text))
    assert [(p.graph.name, p.train is not None) for p in survey.programs] == [
        ("a", False),
        ("c", True),
    ]
    assert [d.code for d in survey.diagnostics] == ["E010"]


def test_defines_are_for_the_network_that_would_be_compiled() -> None:
    text = net("a", "k: int = 0", "k") + net("b", "k: int = 2", "k")
    codes = [d.code for d in survey_text(Source("t.snn", text), {"k": "3"}).diagnostics]
    assert codes == ["E044", "E022"]
    (only,) = survey_text(Source("t.snn", text), {"k": "3"}, "a").programs
    assert only.graph.population("x").shape == (3,)
    trained = text + "train a { data digits rule st_rsbp }"
    both = survey_text(Source("t.snn", trained), {"k": "3"}).programs
    assert [p.graph.population("x").shape for p in both] == [(3,), (2,)]


# ---- all mistakes in one run


def test_check_looks_at_every_network_and_model() -> None:
    text = (
        net("a", size="q")
        + net("b", size="r")
        + "neuron m { state v: mV = 0 }\n"
        + "train a { data digits rule x }\ntrain c { data digits rule st_rsbp }\n"
    )
    found = survey_text(Source("t.snn", text)).diagnostics
    assert [d.code for d in found] == ["E010", "E010", "E030", "E021", "E010", "E010"]


def test_mistakes_after_syntax_errors_are_shown_but_no_echoes() -> None:
    text = (
        "network n {\n  input x[2] encode bernoulli(duration = 4 mV)\n"
        "  population h[3 : lif\n  x -> h : dense\n}\n"
    )
    found = survey_text(Source("t.snn", text)).diagnostics
    assert [d.code for d in found] == ["E021", "E001"]


# ---- size


def test_unrolling_is_bounded() -> None:
    source = Source("t.snn", "network n { for a in 0..50 { for b in 0..50 { let c = a } } }")
    (empty,) = survey_text(source, limits=Limits(statements=4000)).diagnostics
    (error,) = survey_text(source, limits=Limits(statements=1000)).diagnostics
    assert (empty.code, error.code) == ("E044", "E005")


@pytest.mark.parametrize("again", ["for k in 0..50 {{ {0} }}", "instance a[k in 0..50] : m"])
def test_a_body_takes_as_long_as_it_is(again: str) -> None:
    """A long list in a loop, in a module, is made in each turn."""
    for count, codes in ((9, []), (300, ["E005"])):
        body = f"let a = [{'1, ' * count}]"
        text = f"module m {{ {body} }} network n {{ population h[2] : lif {again.format(body)} }}"
        found = survey_text(Source("n.snn", text), limits=Limits(statements=500)).diagnostics
        assert [d.code for d in found] == codes


def test_what_is_too_large_is_told_once() -> None:
    """However many populations and loops, of however many networks, are too many."""
    text = "".join(f"network n{k} {{ {net_body(k)} }} " for k in range(3))
    (parts,) = survey_text(Source("n.snn", text), limits=Limits(parts=4)).diagnostics
    (loops,) = survey_text(Source("n.snn", text), limits=Limits(statements=8)).diagnostics
    assert {parts.code, loops.code} == {"E005"}
    assert parts.span is not None
    assert text[parts.span.start :].startswith("b1")
    assert (
        survey_text(Source("n.snn", text), limits=Limits(parts=9, statements=12)).diagnostics == ()
    )


def net_body(k: int) -> str:
    names = (f"{letter}{k}" for letter in "abc")
    loop = "for k in 0..3 { let x = k }"
    return " ".join(f"population {name}[2] : lif" for name in names) + " " + loop


def chain(count: int) -> str:
    populations = (f"  population p{k}[10] : lif(tau_mem = 20 ms)" for k in range(count))
    projections = (
        f"  p{k} -> p{k + 1} : dense(init = uniform(-1, 1))  delay 1 ms" for k in range(count - 1)
    )
    return "\n".join(["network chain {", *populations, *projections, "}"])


LOOP = (
    "network chain(n: int = 100) { population p[k in 0..n][10] : lif(tau_mem = 20 ms)\n"
    "for k in 0..n - 1 { p[k] -> p[k + 1] : dense(init = uniform(-1, 1))  delay 1 ms } }"
)


def edges(graph: Graph) -> list[tuple[str, ...]]:
    strip = str.maketrans("", "", "[]")
    return [(p.pre.translate(strip), p.post.translate(strip)) for p in graph.projections]


def test_a_loop_is_what_it_unrolls_to() -> None:
    written, looped = program(chain(100)).graph, program(LOOP).graph
    assert edges(written) == edges(looped)
    first = written.populations[0].parameters
    assert all(p.parameters == first for p in looped.populations)


@pytest.mark.slow
def test_ten_thousand_populations() -> None:
    """Ten times the network takes about ten times as long, not a hundred: written or looped."""
    assert len(program(chain(10_000)).graph.populations) == 10_000
    assert not slower_than(15, lambda: program(chain(10_000)), lambda: program(chain(1_000)))
    assert not slower_than(15, lambda: program(LOOP, n="10000"), lambda: program(LOOP, n="1000"))


def test_work_grows_linearly() -> None:
    """Twenty times the network takes nowhere near four hundred times as long."""
    assert not slower_than(100, lambda: program(LOOP, n="2000"), lambda: program(LOOP, n="100"))
