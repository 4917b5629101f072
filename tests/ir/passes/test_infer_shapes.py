"""Shapes that are found, and those that do not fit."""

import pytest
from refusal import refusals, refused

from snncc.ir.passes.infer_shapes import InferShapes
from snncc.ir.text import parse_graph, print_graph

CONV = "conv2d(channels=8, kernel=5, stride=1, padding=0)"
POOL = "pool2d(kernel=2, stride=0)"


def text(*lines: str) -> str:
    head = "snnir 2 network n dt 1.0 threshold step spikes 1\n"
    head += 'model m { state v "1" = 0.0 ports (exc, inh) spike v > 1.0 }\n'
    return head + "\n".join(lines)


def population(name: str, shape: str) -> str:
    return f"population {name} hidden {shape} model m () method euler"


def projection(pre: str, post: str, call: str, port: str = "exc") -> str:
    name = f'"{pre}->{post} {call[:4]}"'
    init = "init constant(value=1.0)"
    return f"projection {name} {pre} -> {post} port {port} delay 1 fixed {call} {init}"


def inferred(*lines: str) -> dict[str, tuple[int, ...]]:
    return {p.name: p.shape for p in InferShapes().run(parse_graph(text(*lines))).populations}


IMAGE = "population image input (28, 28)"


def test_shapes_flow_whatever_the_order() -> None:
    shapes = inferred(
        population("copy", "()"),
        population("pool", "()"),
        population("conv", "()"),
        IMAGE,
        projection("pool", "copy", "one_to_one()"),
        projection("conv", "pool", POOL),
        projection("image", "conv", CONV),
        projection("copy", "pool", "dense()", "inh"),
    )
    assert shapes == {
        "image": (28, 28),
        "conv": (8, 24, 24),
        "pool": (8, 12, 12),
        "copy": (8, 12, 12),
    }


@pytest.mark.parametrize(
    ("lines", "code", "message"),
    [
        ([population("h", "()")], "E040", "the shape of `h` is not given"),
        (
            [IMAGE, population("h", "()"), projection("image", "h", "dense()")],
            "E040",
            "the shape of `h` is not given",
        ),
        (
            [IMAGE, population("h", "(8, 24, 25)"), projection("image", "h", CONV)],
            "E040",
            "makes [8, 24, 24] of `image`, but `h` is [8, 24, 25]",
        ),
        (
            [IMAGE, population("h", "()"), projection("image", "h", CONV),
             projection("image", "h", POOL)],
            "E040",
            "makes [1, 14, 14] of `image`, but `h` is [8, 24, 24]",
        ),
        (
            ["population image input (784)", population("h", "()"), projection("image", "h", CONV)],
            "E040",
            "not [784]",
        ),
        (
            [IMAGE, population("h", "(9)"), projection("image", "h", "one_to_one()")],
            "E042",
            "`image` has 784 neurons and `h` has 9",
        ),
        (
            [IMAGE, population("h", "(9)"), projection("image", "h", "dense()", "ex")],
            "E010",
            "`h` has no input port `ex`",
        ),
        ([IMAGE, projection("image", "image", "dense()")], "E044", "`image` is an input"),
        (
            [IMAGE, population("h", "()"), projection("image", "h", CONV.replace("8", str(2**31)))],
            "E022",
            "`h` would be [2147483648, 24, 24]: a population has at most 2147483647 neurons",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit(lines, code, message) -> None:
    assert message in refused(code, inferred, *lines).message


def test_the_nearest_port_is_suggested() -> None:
    lines = IMAGE, population("h", "(9)"), projection("image", "h", "dense()", "ihn")
    assert refused("E010", inferred, *lines).help == "did you mean `inh`?"


def test_all_misfits_are_reported() -> None:
    wrong = projection("image", "h", "one_to_one()").replace('"image->h one_"', '"{}"')
    lines = IMAGE, population("h", "(9)"), wrong.format("one"), wrong.format("two")
    assert len(refusals(inferred, *lines)) == 2


def test_nothing_changes_where_all_is_known(net) -> None:
    graph = net("worked")
    assert print_graph(InferShapes().run(graph)) == print_graph(graph)
