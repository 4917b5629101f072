"""Paths such as `layer[3].exc` to the populations and ports that they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.report import Poisoned, listing, nearest, unknown
from ..syntax.tree import Part, Path, Slice
from ..typing.constants import Scope
from .arrays import index_text, neurons_of, without_slice
from .construction import Body, Endpoint, Instance, Known, KnownPopulation


def pre_end(path: Path, scope: Scope, body: Body) -> Endpoint:
    """Where spikes come from: a population, or an output port of an instance."""
    return _end(path, scope, body, is_pre=True)


def post_end(path: Path, scope: Scope, body: Body) -> Endpoint:
    """Where spikes go: a population, a port of one, or an input port of an instance."""
    return _end(path, scope, body, is_pre=False)


def _end(path: Path, scope: Scope, body: Body, is_pre: bool) -> Endpoint:
    named = [without_slice(part) for part in path.parts]
    plain = replace(path, parts=tuple(part for part, _ in named))
    first, *rest = plain.parts
    known = _known(first, scope, body)
    at = 1 if isinstance(known, Instance) else 0  # the part that names the population
    for place, (_, item) in enumerate(named):
        if item is not None and place != at:
            raise CompileError(_not_here(item, known, path.parts[place]))
    if isinstance(known, Instance):
        end = _instance_port(plain, known, scope, is_pre)
    else:
        end = Endpoint(known) if not rest else _population_port(plain, known, is_pre)
    item = named[at][1]
    return end if item is None else _some_of(end, item, scope)


def _some_of(end: Endpoint, item: Slice, scope: Scope) -> Endpoint:
    """Some neurons of an end; of some neurons, counted from the first of these."""
    first, stop = neurons_of(item, end.text, end.neurons, scope)
    start = 0 if end.part is None else end.part[0]
    return replace(end, part=(start + first, start + stop))


def _not_here(item: Slice, known: Known, part: Part) -> Diagnostic:
    name = part.name.text
    if isinstance(known, Instance):
        message = f"`{name}` is an instance of `{known.module}`, which has no neurons of its own"
        way_out = f"write them behind a port, `{name}.port[0..10]`"
    else:
        message = f"`{name}` is a port of `{known.name}`, whose neurons are to be named"
        way_out = f"write `{known.name}[0..10].{name}`"
    return Diagnostic("E044", message, item.span, help=way_out)


def part_text(part: Part, scope: Scope) -> str:
    """A name with its indices, `layer[3]`."""
    if not part.indices:
        return part.name.text
    return part.name.text + "".join(index_text(index, scope) for index in part.indices)


def _known(part: Part, scope: Scope, body: Body) -> Known:
    key = part_text(part, scope)
    known = body.known.get(key) or body.known.get(part.name.text)
    if isinstance(known, Poisoned):
        raise known.error
    if key not in body.known or known is None:
        raise CompileError(_undeclared(key, part, body))
    return known


def _undeclared(key: str, part: Part, body: Body) -> Diagnostic:
    name = part.name
    elements = [k for k in body.places if k.startswith(name.text + "[")]
    if elements:
        message = f"there is no `{key}`, but an array `{name.text}`"
        way_out = f"it has {listing(elements, most=6)}; reach all of them with `for`"
        note = Note(body.places[elements[0]], "the array")
        return Diagnostic("E010", message, name.span, related=(note,), help=way_out)
    bases = dict.fromkeys(k.partition("[")[0] for k in body.places)
    return unknown("population", key, name.span, bases)


def _population_port(path: Path, known: KnownPopulation, is_pre: bool) -> Endpoint:
    port = path.parts[1]
    if is_pre:
        message = f"`{known.name}` is a population; it has ports for input only"
        raise CompileError(Diagnostic("E044", message, port.name.span))
    if len(path.parts) > 2 or port.indices:
        raise CompileError(_too_long(path.parts[-1].name.span))
    if port.name.text not in known.ports:
        raise CompileError(_no_port(known.name, port, known.ports, known.span))
    return Endpoint(known, port.name.text)


def _instance_port(path: Path, instance: Instance, scope: Scope, is_pre: bool) -> Endpoint:
    ports, others = instance.outputs, instance.inputs
    if not is_pre:
        ports, others = others, ports
    if len(path.parts) == 1:
        raise CompileError(_port_missing(path, instance, ports))
    part = path.parts[1]
    name = part_text(part, scope)
    if name in others and name not in ports:
        raise CompileError(_wrong_way(part, is_pre, ports))
    if name not in ports:
        raise CompileError(_no_port(instance.module, part, ports, instance.span))
    if len(path.parts) > 2:
        raise CompileError(_too_long(path.parts[2].name.span))
    return ports[name]


def _no_port(owner: str, part: Part, ports: Iterable[str], span: Span) -> Diagnostic:
    name = part.name
    ports = list(ports)
    known = f"its ports are {listing(ports)}" if ports else "it has none"
    return Diagnostic(
        "E010",
        f"`{owner}` has no port `{name.text}`",
        name.span,
        related=(Note(span, "declared here"),),
        help=nearest(name.text, ports) or known,
    )


def _wrong_way(part: Part, is_pre: bool, ports: Iterable[str]) -> Diagnostic:
    way = "`port in`; nothing comes out of it" if is_pre else "`port out`; nothing goes into it"
    message = f"`{part.name.text}` is a {way}"
    way_out = f"ports for this: {listing(ports)}" if list(ports) else ""
    return Diagnostic("E044", message, part.name.span, help=way_out)


def _port_missing(path: Path, instance: Instance, ports: Iterable[str]) -> Diagnostic:
    ports = list(ports)
    message = f"`{path.parts[0].name.text}` is an instance of `{instance.module}`; name a port"
    way_out = f"its ports are {listing(ports)}" if ports else "the module declares none"
    return Diagnostic("E044", message, path.span, help=way_out)


def _too_long(span: Span) -> Diagnostic:
    way_out = "a path is `population`, `population.port` or `instance.port`"
    return Diagnostic("E044", "there is nothing inside a port", span, help=way_out)
