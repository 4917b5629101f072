"""What `plot --augmented` draws: training images as the epochs have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph, TrainSpec
from ...ir.verify.images import image_shape
from ..loading import Options, is_package, load_package, lower_program
from ..plot import Images, write_images
from ..settings import usable_threads
from ..training.augment import transform_of
from ..training.options import remembered
from ..training.run_folder import is_run
from .environment import settings
from .output import Output
from .running import Split, presented

AUGMENTED = "augmented.png"
EPOCHS = 7  # that are drawn


def draw_augmented(
    model: Path, options: Options, data: str | None, count: int, folder: Path, output: Output
) -> Path:
    """The picture of the first training images, as they are and in the first epochs, of a program
    or a run."""
    program, options = _program_of(model, options)
    lowered = lower_program(program, options)
    spec = _require_lines(lowered.train, lowered.graph)
    package = load_package(program, options)
    samples = presented(package, data, Split.TRAIN, count, output)
    seed, shape = options.seed or 0, image_shape(lowered.graph)
    assert shape is not None
    transform = transform_of(lowered.graph, spec, seed, usable_threads(), settings().kernel_folder)
    raw = samples.pick(np.arange(len(samples)))
    columns: dict[str, Images] = {"as it is": raw.values[raw.rows].reshape(-1, *shape)}
    for epoch in range(EPOCHS):
        made = transform(raw, epoch)
        columns[f"epoch {epoch + 1}"] = made.values.reshape(-1, *shape)
    path = folder / AUGMENTED
    write_images(path, columns, f"{lowered.graph.name}: {_said(spec)}")
    return path


def _program_of(model: Path, options: Options) -> tuple[Path, Options]:
    """The program that a path names, with the options that a run was started with."""
    if is_package(model) and not is_run(model):
        message = f"`{model}` is a package, which does not say how it was trained"
        way_out = "name its program, or the folder of the run"
        raise CompileError(Diagnostic("E063", message, help=way_out))
    if not is_run(model):
        return model, options
    begun = remembered(model)
    asked = replace(options, defines=begun.defines, network=begun.network, seed=begun.seed)
    return Path(begun.program), asked


def _require_lines(spec: TrainSpec | None, graph: Graph) -> TrainSpec:
    if spec is not None and spec.calls("augment"):
        return spec
    message = f"the training of `{graph.name}` does not transform its images"
    way_out = "add a line such as `augment shift(pixels = 2)` to its `train` block"
    raise CompileError(Diagnostic("E051", message, spec.span if spec else None, help=way_out))


def _said(spec: TrainSpec) -> str:
    return ", ".join(call.kind for call in spec.calls("augment"))
