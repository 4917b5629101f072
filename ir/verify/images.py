"""Whether the samples of a network are images, which a training can transform."""

from __future__ import annotations

from ..calls import integer
from ..graph import Call, Graph, Population
from ..trains import takes_trains
from ..types import Shape

_MOVES = ("pixels", "padding")  # arguments that must be less than an image is large

Problem = tuple[str, str]  # a message, a way out


def image_shape(graph: Graph) -> Shape | None:
    """[channels, rows, columns] of the images that the network is presented with; None where it
    takes none: its samples are values of another shape, spike trains, or of several inputs."""
    inputs = _inputs(graph)
    if len(inputs) != 1 or takes_trains(inputs[0]) or len(inputs[0].shape) not in (2, 3):
        return None
    return (1, *inputs[0].shape)[-3:]


def image_problem(graph: Graph) -> Problem | None:
    """Why no sample of the network is an image that could be transformed."""
    inputs = _inputs(graph)
    if image_shape(graph) is not None or not inputs:
        return None if inputs else ("the network has no input", "declare one, or leave this out")
    if len(inputs) > 1:
        names = ", ".join(f"`{p.name}`" for p in inputs)
        return (
            f"samples of several inputs, {names}, are no images",
            "give the network one input, or transform the data before they are read",
        )
    name, shape = inputs[0].name, list(inputs[0].shape)
    if takes_trains(inputs[0]):
        return (
            f"the samples of `{name}` are spike trains, not images",
            "leave this out, or take images and `encode poisson(duration = …)`",
        )
    return (
        f"the samples of `{name}` are {shape}, not images",
        f"write its shape as [rows, columns] or [channels, rows, columns]: `input {name}[28, 28]`",
    )


def size_problem(call: Call, shape: Shape) -> Problem | None:
    """Why a transformation leaves nothing of images of this shape."""
    smallest = min(shape[1:])
    for name in _MOVES:
        if name in dict(call.arguments) and integer(call, name) >= smallest:
            return (
                f"`{call.kind}({name} = {integer(call, name)})` moves images of "
                f"{shape[1]} x {shape[2]} pixels out of sight",
                f"choose at most {smallest - 1}",
            )
    return None


def _inputs(graph: Graph) -> list[Population]:
    return [p for p in graph.populations if p.role == "input"]
