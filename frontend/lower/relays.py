"""The populations between the parts of a projection, `a -> b : pool2d(…) then conv2d(…)`."""

from __future__ import annotations

from ...ir.diagnostics import CompileError, Diagnostic, Note
from ...ir.graph import Population
from ...ir.relays import relay_name
from ...ir.report import listing
from ...ir.wiring import CONNECTIVITIES
from ..library import prelude_model
from ..syntax.tree import Call, Learning, Link, Option
from ..units import Dimension
from .construction import Body, Endpoint, KnownPopulation


def add_relay(origin: KnownPopulation, call: Call, body: Body) -> tuple[Endpoint, str, Dimension]:
    """Add the population, of the prelude's `linear`, at which a part of a projection ends that
    begins at `origin`, its shape open: it follows from the part. With its port, as other ends."""
    network, kind = body.network, call.name
    _require_shape(call)
    name = relay_name(origin.name, kind.text)
    _require_free(name, origin, call)
    network.unrolled.count_part(kind.span)  # the population,
    network.unrolled.count_part(kind.span)  # and what leads to it
    network.copies[name] = copy = network.copies.get(name, 0) + 1
    if copy > 1:
        name = f"{name}#{copy}"
    model = prelude_model("linear", network.library, body.report)
    network.populations.append(
        Population(name, (), "hidden", model.neuron, (), body.method, span=kind.span)
    )
    known = KnownPopulation(name, kind.span, None, model.neuron, model.ports)
    return Endpoint(known), *next(iter(model.ports.items()))


def _require_shape(call: Call) -> None:
    row = CONNECTIVITIES.get(call.name.text)
    if row is None or row.shape is not None:
        return
    fit = listing([kind for kind, row in CONNECTIVITIES.items() if row.shape is not None])
    message = f"`{call.name.text}` does not say how many neurons stand before `then`"
    way_out = (
        f"before `then` stand {fit}; else write a population, `population p[n] : linear`, and two "
        "projections"
    )
    raise CompileError(Diagnostic("E040", message, call.name.span, help=way_out))


def _require_free(name: str, origin: KnownPopulation, call: Call) -> None:
    """Refuse a relay that reads like a port of the population before it."""
    model = origin.model
    if model is None or call.name.text not in origin.ports:
        return
    message = f"`{name}` is a port, and the population before `then` would have its name"
    note = () if model.span is None else (Note(model.span, "its model"),)
    way_out = "give the port another name, or write the population and two projections"
    raise CompileError(Diagnostic("E011", message, call.name.span, related=note, help=way_out))


def require_learning_alone(link: Link) -> None:
    """Refuse, of a part before `then`, the options that are of the whole projection."""
    wrong = [option for option in link.options if not isinstance(option, Learning)]
    if wrong:
        raise CompileError([_of_the_whole(option) for option in wrong])


def _of_the_whole(option: Option) -> Diagnostic:
    word = option.span.source.text[option.span.start : option.span.end]
    message = f"`{word}` is of the whole projection, not of a part before `then`"
    return Diagnostic("E044", message, option.span, help=f"write `{word} …` behind the last part")
