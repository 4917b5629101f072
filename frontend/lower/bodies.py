"""Unrolling: loops, arrays and modules to a flat list of populations and projections."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ..library import module_entry
from ..report import twice
from ..syntax.tree import (
    Cell,
    For,
    InstanceStatement,
    Let,
    Module,
    PopulationStatement,
    PortStatement,
    ProjectionStatement,
    Setting,
    Statement,
)
from ..typing.constants import Scope
from .arrays import each, expand
from .connect import connect
from .construction import Endpoint, Environment, Frame, Instance, Plan
from .parameters import module_scope
from .paths import post_end, pre_end
from .populations import declare_population
from .settings import prepare


def unroll(
    body: tuple[Statement, ...], environment: Environment, frame: Frame, plan: Plan
) -> Environment:
    """Carry out the body of a network or module: first what it declares, then what it joins."""
    environment = prepare(body, environment, frame, plan)
    _declare(body, environment, frame, plan)
    for statement, inside in frame.connections:
        if id(statement) in plan.failed:
            continue
        try:
            connect(statement, inside, frame, plan)
        except CompileError as error:
            # In a loop its other turns would say the same again.
            plan.failed.add(id(statement))
            plan.report.fail(error)
    return environment


def _declare(body: Iterable[Statement], environment: Environment, frame: Frame, plan: Plan) -> None:
    for statement in body:
        work = _DECLARE[type(statement)]
        try:
            work(statement, environment, frame, plan)
        except CompileError as error:
            plan.report.fail(error)
            _break_names(statement, frame, error)


def _break_names(statement: Statement, frame: Frame, error: CompileError) -> None:
    """Let the names that a failed statement was to declare stand for its mistake."""
    if isinstance(statement, For):
        for inner in statement.body:
            _break_names(inner, frame, error)
    elif isinstance(statement, (PopulationStatement, InstanceStatement)):
        frame.broken.setdefault(statement.name.text, error)


def _loop(loop: For, environment: Environment, frame: Frame, plan: Plan) -> None:
    _require_no_settings(loop)
    failures = plan.report.failures
    for _, inside in each(loop.range, environment, plan):
        _declare(loop.body, prepare(loop.body, inside, frame, plan), frame, plan)
    if plan.report.failures > failures:
        # It stopped early; what it would still have declared is not to be missed.
        _break_names(loop, frame, CompileError(plan.report.diagnostics[-1]))


def _require_no_settings(loop: For) -> None:
    wrong = [s for s in loop.body if isinstance(s, (Setting, PortStatement))]
    if wrong:
        message = "a loop has no settings and no ports"
        way_out = "put it into the body of the network or module"
        raise CompileError(
            [Diagnostic("E044", message, statement.name.span, help=way_out) for statement in wrong]
        )


def _queue(
    statement: ProjectionStatement, environment: Environment, frame: Frame, plan: Plan
) -> None:
    plan.count(statement.span)
    frame.connections.append((statement, environment))


# ---- modules


def _instantiate(
    statement: InstanceStatement, environment: Environment, frame: Frame, plan: Plan
) -> None:
    for suffix, inside in expand(statement.brackets, environment, plan):
        plan.count(statement.name.span)
        local = statement.name.text + suffix
        instance = _instance(statement, local, inside, frame, plan)
        frame.declare(local, statement.name.span, instance)


def _instance(
    statement: InstanceStatement, local: str, environment: Environment, frame: Frame, plan: Plan
) -> Instance:
    call = statement.module
    if frame.depth >= plan.limits.instances:
        message = f"instances nest more than {plan.limits.instances} deep"
        way_out = "a module cannot contain itself"
        raise CompileError(Diagnostic("E005", message, call.name.span, help=way_out))
    entry, module = module_entry(frame.unit, call)
    scope = module_scope(module.params, call, environment.scope)
    plan.library.instantiated.add(id(module))
    prefix = f"{frame.prefix}{local}."
    inner = Frame(prefix, entry.unit, frame.delay, frame.method, frame.depth + 1, frame.delay_place)
    failures = plan.report.failures
    inside = unroll(module.body, Environment(scope), inner, plan)
    instance = _seen_from_outside(statement.name.span, module, inside, inner, plan)
    if plan.report.failures > failures:
        raise CompileError(plan.report.diagnostics[-1])
    return instance


def check_module(module: Module, scope: Scope, frame: Frame, plan: Plan) -> None:
    """Carry out the body of a module without an instance of it, for its mistakes."""
    inside = unroll(module.body, Environment(scope), frame, plan)
    _seen_from_outside(module.name.span, module, inside, frame, plan)


def _seen_from_outside(
    span: Span,
    module: Module,
    environment: Environment,
    frame: Frame,
    plan: Plan,
) -> Instance:
    ports: dict[str, dict[str, Endpoint]] = {"in": {}, "out": {}}
    places: dict[str, Span] = {}
    for port in module.body:
        if isinstance(port, PortStatement):
            plan.report.attempt(_add_port, port, ports, places, environment, frame)
    return Instance(module.name.text, span, ports["in"], ports["out"])


def _add_port(
    port: PortStatement,
    ports: dict[str, dict[str, Endpoint]],
    places: dict[str, Span],
    environment: Environment,
    frame: Frame,
) -> None:
    direction, name = port.direction, port.name
    if direction.text not in ports:
        message = f"a port is `in` or `out`, not `{direction.text}`"
        raise CompileError(Diagnostic("E001", message, direction.span))
    if name.text in places:
        raise CompileError(twice(name.text, name.span, places[name.text]))
    end = post_end if direction.text == "in" else pre_end
    ports[direction.text][name.text] = end(port.path, environment.scope, frame)
    places[name.text] = name.span


def _port(statement: PortStatement, environment: Environment, frame: Frame, plan: Plan) -> None:
    if not frame.is_module:
        message = "a network has no ports; they belong to modules"
        way_out = "use `input` and `output` populations"
        raise CompileError(Diagnostic("E044", message, statement.name.span, help=way_out))


def _nothing(statement: Statement, environment: Environment, frame: Frame, plan: Plan) -> None:
    """Constants, models and settings are done by `prepare`."""


_DECLARE: dict[type, Callable[[Any, Environment, Frame, Plan], None]] = {
    Setting: _nothing,
    Let: _nothing,
    Cell: _nothing,
    PopulationStatement: declare_population,
    InstanceStatement: _instantiate,
    PortStatement: _port,
    ProjectionStatement: _queue,
    For: _loop,
}
