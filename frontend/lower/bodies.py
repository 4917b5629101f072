"""Unrolling: loops, arrays and modules to a flat list of populations and projections."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.report import Poisoned, twice
from ..library import module_entry
from ..syntax.files import Module
from ..syntax.tree import (
    Cell,
    For,
    InstanceStatement,
    Let,
    PopulationStatement,
    PortStatement,
    ProjectionStatement,
    Setting,
    SourceStatement,
    Statement,
)
from .arrays import each, expand
from .connect import connect
from .construction import Body, Endpoint, Environment, Instance
from .parameters import module_scope
from .paths import post_end, pre_end
from .populations import declare_population
from .settings import prepare
from .sources import declare_source


def unroll(statements: tuple[Statement, ...], environment: Environment, body: Body) -> Environment:
    """Carry out the body of a network or module: first what it declares, then what it joins."""
    environment = prepare(statements, environment, body)
    _declare(statements, environment, body)
    failed = body.network.failed
    for statement, inside in body.connections:
        if id(statement) not in failed:
            done = body.report.attempt(connect, statement, inside, body)
            if isinstance(done, Poisoned):
                failed[id(statement)] = done
    return environment


def _declare(statements: Iterable[Statement], environment: Environment, body: Body) -> None:
    for statement in statements:
        done = body.report.attempt(_DECLARE[type(statement)], statement, environment, body)
        if isinstance(done, Poisoned):
            _poison(statement, body, done)
            excess = body.network.unrolled.excess
            if body.is_module and excess is not None:  # the rest of an instance is more still
                raise excess


def _poison(statement: Statement, body: Body, mistake: Poisoned) -> None:
    """Let the names that a failed statement was to declare stand for its mistake."""
    if isinstance(statement, For):
        for inner in statement.body:
            _poison(inner, body, mistake)
    elif isinstance(statement, (PopulationStatement, SourceStatement, InstanceStatement)):
        body.known.setdefault(statement.name.text, mistake)


def _loop(loop: For, environment: Environment, body: Body) -> None:
    _require_no_settings(loop)
    last = body.report.last
    for _, inside in each(loop.range, environment, body):
        body.network.unrolled.count_body(loop.range.variable.span, loop.body)
        _declare(loop.body, prepare(loop.body, inside, body), body)
    # It stopped early; what it would still have declared is not to be missed.
    body.report.require_none_since(last)


def _require_no_settings(loop: For) -> None:
    wrong = [s for s in loop.body if isinstance(s, (Setting, PortStatement))]
    if wrong:
        message = "a loop has no settings and no ports"
        way_out = "put it into the body of the network or module"
        raise CompileError(
            [Diagnostic("E044", message, statement.name.span, help=way_out) for statement in wrong]
        )


def _queue(statement: ProjectionStatement, environment: Environment, body: Body) -> None:
    body.network.unrolled.count(statement.span)
    body.connections.append((statement, environment))


# ---- modules


def _instantiate(statement: InstanceStatement, environment: Environment, body: Body) -> None:
    for suffix, inside in expand(statement.brackets, environment, body):
        body.network.unrolled.count(statement.name.span)
        local = statement.name.text + suffix
        instance = _instance(statement, local, inside, body)
        body.declare(local, statement.name.span, instance)


def _instance(
    statement: InstanceStatement, local: str, environment: Environment, body: Body
) -> Instance:
    call, network = statement.module, body.network
    most = network.unrolled.limits.instances
    if body.depth >= most:
        message = f"instances nest more than {most} deep"
        way_out = "a module cannot contain itself"
        raise CompileError(Diagnostic("E005", message, call.name.span, help=way_out))
    entry, module = module_entry(body.file, call)
    scope = module_scope(module.params, call, environment.scope, body.report)
    network.library.instantiated.add(id(module))
    network.unrolled.count_body(statement.name.span, module.body)
    prefix, depth = f"{body.prefix}{local}.", body.depth + 1
    inner = Body(
        *(network, prefix, entry.file, body.delay, body.method, depth),
        delay_place=body.delay_place,
        delays=body.delays,
    )
    return unroll_module(module, statement.name.span, Environment(scope), inner)


def unroll_module(module: Module, span: Span, environment: Environment, body: Body) -> Instance:
    """Carry out the body of a module; the instance as seen from outside."""
    last = body.report.last
    inside = unroll(module.body, environment, body)
    ports: dict[str, dict[str, Endpoint]] = {"in": {}, "out": {}}
    places: dict[str, Span] = {}
    for port in module.body:
        if isinstance(port, PortStatement):
            body.report.attempt(_add_port, port, ports, places, inside, body)
    body.report.require_none_since(last)
    return Instance(module.name.text, span, ports["in"], ports["out"])


def _add_port(
    port: PortStatement,
    ports: dict[str, dict[str, Endpoint]],
    places: dict[str, Span],
    environment: Environment,
    body: Body,
) -> None:
    direction, name = port.direction, port.name
    if direction.text not in ports:
        message = f"a port is `in` or `out`, not `{direction.text}`"
        raise CompileError(Diagnostic("E001", message, direction.span))
    if name.text in places:
        raise CompileError(twice(name.text, name.span, places[name.text]))
    end = post_end if direction.text == "in" else pre_end
    ports[direction.text][name.text] = end(port.path, environment.scope, body)
    places[name.text] = name.span


def _port(statement: PortStatement, environment: Environment, body: Body) -> None:
    if not body.is_module:
        message = "a network has no ports; they belong to modules"
        way_out = "use `input` and `output` populations"
        raise CompileError(Diagnostic("E044", message, statement.name.span, help=way_out))


def _nothing(statement: Statement, environment: Environment, body: Body) -> None:
    """Constants, models and settings are done by `prepare`."""


_DECLARE: dict[type, Callable[[Any, Environment, Body], None]] = {
    Setting: _nothing,
    Let: _nothing,
    Cell: _nothing,
    PopulationStatement: declare_population,
    SourceStatement: declare_source,
    InstanceStatement: _instantiate,
    PortStatement: _port,
    ProjectionStatement: _queue,
    For: _loop,
}
