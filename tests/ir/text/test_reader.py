"""Graphs to text and back."""

import re
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from drawn_expressions import expressions
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from snncc.ir.diagnostics import CompileError
from snncc.ir.expr import Ref
from snncc.ir.graph import Call, Graph, Population, Projection
from snncc.ir.neuron import Assign, NeuronModel, Parameter, Refractory, State
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.text import parse_graph, print_expr, print_graph
from snncc.ir.types import DType

NETS = ("worked", "zoo")


@pytest.mark.parametrize("name", NETS)
def test_round_trip_after_every_pass(net, golden, name) -> None:
    printed = {"lowered": print_graph(net(name))}
    run_pipeline(net(name), lambda each, graph: printed.update({each: print_graph(graph)}))
    assert list(printed) == ["lowered", "infer_shapes", "discretize", "fold", "schedule"]
    for stage, text in printed.items():
        assert print_graph(parse_graph(text)) == text, stage
        golden(f"ir/{name}.{stage}.snnir", text)


@pytest.mark.parametrize("name", NETS)
def test_equal_graphs(net, name) -> None:
    graph = run_pipeline(net(name))
    assert parse_graph(print_graph(graph), graph.tensors) == graph
    assert parse_graph(print_graph(graph)) != net(name)


def test_numbers_of_channels_are_read_back(net) -> None:
    levels = ("mean", (0.1, -0.25, 1e-7)), ("sd", 0.3)
    call = Call("current", (("duration", 5.0), *levels))
    graph = Graph("g", 1.0, (Population("x", (3, 2), "input", encoding=call),), ())
    assert parse_graph(print_graph(graph)) == graph
    fewer = print_graph(graph).replace("(0.1, -0.25, 1e-07)", "(0.1, -0.25)")
    assert "channels" in refused("E060", parse_graph, fewer).message


def test_tensors_are_attached(net) -> None:
    tensor = np.ones((2, 2), np.float32)
    graph = parse_graph(print_graph(net("worked")), {"w": tensor})
    assert graph.tensors["w"] is tensor


def test_steps_of_the_format_before_are_made_anew(net) -> None:
    """Format 1 had steps without phases; a package of it is read."""
    text = (Path(__file__).parents[1] / "nets" / "format1.snnir").read_text()
    worked = net("worked")
    graph = parse_graph(text, worked.tensors)
    assert graph == run_pipeline(worked)
    # What format 1 wrote down is the straight-line code of the phases.
    step = graph.population("h").step
    code = [f"update {a.target} = {print_expr(a.value)}" for a in step.update]
    code += [f"spike {print_expr(step.spike)}"]
    code += [f"after {a.target} = {print_expr(a.value)}" for a in step.after]
    assert "\n".join(f"  {line}" for line in code) in text
    cut = text[: text.index("  after")]
    assert outcome(cut) == (["E060"], None)
    assert outcome(text.replace("refractory=1.0", "refractory=1.5")) == (["E060"], None)


NAMES = st.text(min_size=1, max_size=6).filter(
    lambda name: (
        name not in ("spiked", "refractory_left") and not re.search("[\ud800-\udfff]", name)
    )
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
WEIGHTS = st.floats(allow_nan=False, allow_infinity=False, width=32)

LATE = Call("normal", (("mean", 1.5), ("sd", 0.75), ("min", 0.1)))


@st.composite
def models(draw) -> NeuronModel:
    names = draw(st.lists(NAMES, min_size=4, max_size=6, unique=True))
    parameters, states, ports = names[:1], names[1:3], names[3:]

    def expr(dtype, known):
        # A name is read in its own type only.
        return draw(expressions(dtype, tuple(known), 2).filter(_reads_f32))

    def assigns():
        targets = draw(st.lists(st.sampled_from(states), unique=True))
        return tuple(Assign(target, expr(DType.F32, names)) for target in targets)

    spike = draw(st.none() | st.just(expr(DType.BOOL, names)))
    return NeuronModel(
        draw(NAMES),
        tuple(Parameter(p, draw(NAMES), draw(st.none() | FLOATS)) for p in parameters),
        tuple(State(s, "mV", expr(DType.F32, parameters)) for s in states),
        tuple(ports),
        assigns(),
        assigns(),
        spike,
        () if spike is None else assigns(),
        None
        if spike is None
        else draw(st.none() | st.just(Refractory(Ref(parameters[0]), assigns()))),
        draw(st.none() | st.just(expr(DType.F32, names))),
    )


def _reads_f32(expr) -> bool:
    if isinstance(expr, Ref):
        return expr.dtype is DType.F32
    return all(_reads_f32(a) for a in getattr(expr, "args", ()))


CONNECTIVITIES = st.one_of(
    st.just(Call("dense")),
    st.floats(0.0, 1.0).map(lambda p: Call("sparse", (("p", p),))),
    st.integers(0, 2**60).map(lambda k: Call("fixed_fan_in", (("k", k),))),
    st.lists(st.tuples(st.integers(), st.integers()), max_size=3).map(
        lambda pairs: Call("list", (("synapses", tuple(pairs)),))
    ),
    st.text(max_size=9).map(
        lambda path: Call("file", (("path", path), ("key", ""), ("layout", "auto")))
    ),
    st.just(Call("expression", (("where", Ref("i", DType.BOOL)),))),
)


@st.composite
def graphs(draw) -> Graph:
    kinds = draw(st.lists(models(), min_size=1, max_size=2))
    names = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    populations = [Population(names[0], (3, 2), "input", encoding=_spikes())]
    for name in names[1:]:
        model = draw(st.sampled_from(kinds))
        values = tuple((p.name, draw(FLOATS)) for p in model.parameters)
        shape = tuple(draw(st.lists(st.integers(1, 9), max_size=3)))
        populations.append(Population(name, shape, "hidden", model, values, "exact"))
    projections = tuple(
        Projection(
            name,
            draw(st.sampled_from(names)),
            draw(st.sampled_from(names)),
            draw(CONNECTIVITIES),
            Call("constant", (("value", draw(WEIGHTS)),)),
            draw(NAMES),
            draw(st.integers(1, 3)),
            draw(st.sampled_from([0.0, 1.0, 0.1])),
            delays=draw(st.sampled_from([None, LATE])),
        )
        for name in draw(st.lists(NAMES, max_size=3, unique=True))
    )
    return Graph(draw(NAMES), 0.1, tuple(populations), projections)


def _spikes() -> Call:
    return Call("spikes", (("duration", 0.5),))


@given(st.data())
@settings(max_examples=10, deadline=None)
def test_round_trip_of_random_graphs(data) -> None:
    graph = data.draw(graphs())
    text = print_graph(graph)
    back = parse_graph(text)
    assert back == graph
    assert print_graph(back) == text


def test_models_of_one_name_are_told_apart(net) -> None:
    text = print_graph(net("zoo"))
    second = text.replace("model pair ", "model pair@2 ")
    two = second.replace("izhikevich", "pair")
    parsed = parse_graph(two)
    assert {p.model.name for p in parsed.populations if p.model} == {"pair"}
    assert parsed.population("conv").model != parsed.population("pool").model
    assert print_graph(parsed) == two


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_damaged_text_gives_an_error_or_a_graph(net, data) -> None:
    """Cut, doubled, swapped, retyped: nothing but E060 comes out, and what parses prints."""
    text = print_graph(run_pipeline(net(data.draw(st.sampled_from(NETS)))))
    words = re.findall(r"\s+|\w+|.", text)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(words) - 1))
        other = data.draw(st.integers(0, len(words) - 1))
        new = data.draw(
            st.sampled_from(
                ["", words[other], words[at] * 2, "(", "}", "-", "1e400", "0", '"x"', "é"]
            )
            | st.text(max_size=3)
        )
        words[at] = new
    codes, graph = outcome("".join(words))
    assert codes in ([], ["E060"])
    assert graph is None or parse_graph(print_graph(graph)) == graph


def outcome(text: str) -> tuple[list[str], Graph | None]:
    """The codes of the errors of a text, and the graph where there are none."""
    try:
        return [], parse_graph(text)
    except CompileError as error:
        return [d.code for d in error.diagnostics], None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("snnir 2", "snnir 3", "this snncc reads 1 to 2"),
        ("model lif (", "model fil (", "no model 'fil'"),
        ("step 0 (0.25", "step 7 (0.25", "no step 7"),
        ("0.999999, 1.0)", "0.999999)", "constants"),
        ("x -> h", "y -> h", "no population 'y'"),
        ("port i", "port j", "port"),
        ("once (x)", "once (x) once (x)", "schedule"),
        ("once (h)", "recurrent (h)", "schedule"),
        ("spike v", "input v", "expected `="),
        ("threshold step", "threshold twice", "threshold"),
        ("population x input", "population x output", "role and model disagree"),
        ("c * k1", "c * k7", "unknown name k7"),
        ("dt 1.0", "dt 0.0", "dt"),
        ("delay 1", "delay -1", "delay"),
        ("dense()", "dense(p=1.0)", "arguments"),
        ('given(tensor="w")', "given(tensor=1)", "tensor"),
    ],
)
def test_errors_say_what_is_wrong(net, old, new, message) -> None:
    text = print_graph(run_pipeline(net("worked")))
    assert old in text
    assert message in refused("E060", parse_graph, text.replace(old, new)).message


def test_the_example_of_the_manual() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "ir.md").read_text(encoding="utf-8")
    lines = manual[manual.index("    snnir 2") :].splitlines()
    example = [line[4:] for line in takewhile(lambda line: not line.startswith("-"), lines)]
    assert parse_graph("\n".join(example)).name == "example"
