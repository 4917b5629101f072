"""Population statements to `ir.graph.Population`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call as IrCall
from ...ir.graph import Population
from ...ir.report import sound
from ...ir.rules import ENCODINGS
from ...ir.types import Shape, size
from ..syntax.tree import Bracket, Call, PopulationStatement, Range
from ..typing.arguments import extent, fill, look_up
from ..typing.constants import Scope
from ..typing.models import CheckedModel
from .analog import in_unit
from .arrays import expand, has_range
from .construction import Body, Environment, KnownPopulation
from .drawn import values_of
from .learnt import learnt_of
from .settings import method_of, resolve

_KEYWORDS = {"input": "input", "hidden": "population", "output": "output"}


def declare_population(
    statement: PopulationStatement, environment: Environment, body: Body
) -> None:
    """Add the population, or every population of the array, to the network and the body."""
    name = statement.name
    array, shape = split(statement.brackets)
    for suffix, inside in expand(array, environment, body):
        body.network.unrolled.count_part(name.span)
        local = name.text + suffix
        population, known = _population(statement, local, shape, inside, body)
        body.declare(local, name.span, known)
        body.network.populations.append(population)


def split(brackets: tuple[Bracket, ...]) -> tuple[Sequence[Bracket], Bracket | None]:
    """The array brackets and the shape bracket: the last one, unless it makes an array."""
    if not brackets or has_range(brackets[-1]):
        return brackets, None
    return brackets[:-1], brackets[-1]


def _population(
    statement: PopulationStatement,
    local: str,
    bracket: Bracket | None,
    environment: Environment,
    body: Body,
) -> tuple[Population, KnownPopulation]:
    span, report, name = statement.name.span, body.report, body.prefix + local
    attempted = report.attempt(shape_of, bracket, environment.scope, body)
    if statement.role == "input":
        encoding = report.attempt(_encoding, statement, bracket, environment.scope, body)
        shape = sound(attempted)
        _require_channels(statement, sound(encoding), shape)
        encoded, unit = in_unit(sound(encoding), statement)
        population = Population(name, shape, "input", encoding=encoded, span=span)
        return population, KnownPopulation(name, span, size(shape), None, {}, unit)
    cell = report.attempt(_cell, statement, environment, body)
    shape = sound(attempted)
    model, call, method = sound(cell)
    neuron, neurons = model.neuron, size(shape) if shape else None
    parameters, drawn = values_of(model, call, name, shape, body)
    learnt = learnt_of(name, model, dict(parameters), method, body.network.dt or 1.0)
    population = Population(
        name, shape, statement.role, neuron, parameters, method, learnt=learnt, span=span
    )
    population = replace(population, drawn=drawn)
    if statement.role == "output":
        population = replace(population, readout=_readout(population, body))
    return population, KnownPopulation(name, span, neurons, neuron, model.ports)


def _readout(output: Population, body: Body) -> IrCall | None:
    """What the network says of how its outputs are read, unless they emit their scores."""
    readout = body.network.readout
    if readout is not None and output.model is not None and output.model.emit is not None:
        message = f"`{output.name}` emits numbers, whose last is its score: it has no `readout`"
        way_out = "leave out the network's `readout`, or `emit` of the output's model"
        raise CompileError(Diagnostic("E044", message, output.span, help=way_out))
    return readout


def _cell(
    statement: PopulationStatement, environment: Environment, body: Body
) -> tuple[CheckedModel, Call, str]:
    """The model of a population, the call that names it and how it is discretized."""
    if body.is_module and statement.role == "output":
        raise CompileError(_only_in_networks(statement))
    call = _model_call(statement)
    model = resolve(call, environment, body)
    method = body.method
    if statement.method is not None:
        method = method_of(statement.method, environment.scope)
    return model, call, method


def shape_of(bracket: Bracket | None, scope: Scope, body: Body) -> Shape:
    """What a bracket says, () where there is none."""
    if bracket is None:
        return ()
    shape = tuple(extent(i, scope) for i in bracket.items if not isinstance(i, Range))
    most = body.network.unrolled.limits.neurons
    if size(shape) > most:
        message = f"a population has at most {most} neurons"
        raise CompileError(Diagnostic("E022", message, bracket.span))
    return shape


def _model_call(statement: PopulationStatement) -> Call:
    name = statement.name
    word = _KEYWORDS[statement.role]
    if statement.encoding is not None:
        message = f"`{name.text}` is no input; only inputs encode data"
        way_out = f"write `input {name.text}[…] encode …`"
        raise CompileError(Diagnostic("E044", message, statement.encoding.name.span, help=way_out))
    if statement.model is None:
        message = f"`{name.text}` has no neuron model"
        way_out = f"write `{word} {name.text}[…] : lif`"
        raise CompileError(Diagnostic("E013", message, name.span, help=way_out))
    return statement.model


def _encoding(
    statement: PopulationStatement, bracket: Bracket | None, scope: Scope, body: Body
) -> IrCall:
    name = statement.name
    if body.is_module:
        raise CompileError(_only_in_networks(statement))
    if statement.model is not None:
        message = f"`{name.text}` is an input; its spikes come from the data, not from a model"
        way_out = "write `encode …` in place of the model, or `population` in place of `input`"
        raise CompileError(Diagnostic("E044", message, statement.model.name.span, help=way_out))
    if bracket is None:
        way_out = f"write `input {name.text}[28, 28] encode …`"
        raise CompileError(Diagnostic("E040", "an input needs a shape", name.span, help=way_out))
    if statement.encoding is None:
        message = f"the input `{name.text}` does not say how data become spikes"
        way_out = "add `encode poisson(duration = 100 ms)`"
        raise CompileError(Diagnostic("E013", message, name.span, help=way_out))
    row = look_up(ENCODINGS, statement.encoding, "encoding")
    return fill(row, statement.encoding, scope, body.report)


def _require_channels(statement: PopulationStatement, encoding: IrCall, shape: Shape) -> None:
    """E040 for a list of numbers that are not one for each index of the input's first axis."""
    wrong = [
        (name, len(value))
        for name, value in encoding.arguments
        if isinstance(value, tuple) and len(value) != shape[0]
    ]
    if not wrong:
        return
    call = statement.encoding
    assert call is not None
    name, count = wrong[0]
    given = (a.value.span for a in call.arguments if a.name is not None and a.name.text == name)
    message = (
        f"`{name}` has {count} numbers, and `{statement.name.text}`{list(shape)} has {shape[0]} "
        "channels"
    )
    way_out = "give one number for all, or one for each channel of [channels, rows, columns]"
    raise CompileError(Diagnostic("E040", message, next(given, call.span), help=way_out))


def _only_in_networks(statement: PopulationStatement) -> Diagnostic:
    word = _KEYWORDS[statement.role]
    return Diagnostic(
        "E044",
        f"a module has no `{word}`",
        statement.name.span,
        help=f"declare the {word} in the network and connect it to a port of the instance",
    )
