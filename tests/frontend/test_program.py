from __future__ import annotations

from pathlib import Path

import pytest
from timing import slower_than

from snncc.frontend.limits import Limits
from snncc.frontend.program import Program, check_text, compile_text
from snncc.ir.diagnostics import CompileError, Source
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
    with pytest.raises(CompileError) as error:
        program(text, network, **defines)
    return "\n".join(f"{d.code} {d.message} {d.help}" for d in error.value.diagnostics)


def size_of(text: str, **defines: str) -> tuple[int, ...]:
    return program(text, **defines).graph.population("x").shape


# ---- examples


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_compiles(path: Path, golden: object) -> None:
    source = Source(path.name, path.read_text())
    assert check_text(source) == ()
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
    assert check_text(Source("t.snn", "neuron c = lif")) == ()


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
    assert check_text(Source("t.snn", text)) == ()


# ---- all mistakes in one run


def test_check_looks_at_every_network_and_model() -> None:
    text = (
        net("a", size="q")
        + net("b", size="r")
        + "neuron m { state v: mV = 0 }\n"
        + "train a { data digits rule x }\ntrain c { data digits rule st_rsbp }\n"
    )
    found = check_text(Source("t.snn", text))
    assert [d.code for d in found] == ["E010", "E010", "E030", "E021", "E010", "E010"]


def test_mistakes_after_syntax_errors_are_shown_but_no_echoes() -> None:
    text = (
        "network n {\n  input x[2] encode bernoulli(duration = 4 mV)\n"
        "  population h[3 : lif\n  x -> h : dense\n}\n"
    )
    found = check_text(Source("t.snn", text))
    assert [d.code for d in found] == ["E021", "E001"]


# ---- size


def test_limits_are_kept() -> None:
    text = "network n { for k in 0..1000 { let a = k } }"
    (error,) = check_text(Source("t.snn", text), Limits(statements=100))[:1]
    assert error.code == "E005"


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
