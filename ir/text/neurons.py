"""Text to models of neurons and synapses, and steps."""

from __future__ import annotations

from ..expr import Expr
from ..neuron import ASSIGNING, Assign, NeuronModel, NeuronStep, Parameter, Refractory, State
from ..synapse import SynapseModel
from ..types import DType
from .expressions import take_expr, take_type
from .tokens import Cursor


class _Body:
    """The lines of a block by keyword, each list in the order of the text."""

    def __init__(self, cursor: Cursor, assigns: tuple[str, ...], others: tuple[str, ...]) -> None:
        self.cursor = cursor
        self.assigns: dict[str, list[Assign]] = {keyword: [] for keyword in assigns}
        self.names: dict[str, tuple[str, ...]] = {}
        self.exprs: dict[str, Expr] = {}
        self.parameters: list[Parameter] = []
        self.states: list[State] = []
        self.unit = ""
        cursor.expect("{")
        while not cursor.found("}"):
            keyword = cursor.text
            if keyword not in assigns and keyword not in others:
                raise cursor.refuse("expected " + ", ".join((*others, *assigns)))
            cursor.take()
            self._line(keyword)

    def _line(self, keyword: str) -> None:
        if keyword in self.assigns:
            self.assigns[keyword].append(_take_assign(self.cursor))
        elif keyword == "parameter":
            self.parameters.append(_take_parameter(self.cursor))
        elif keyword == "state":
            self.states.append(_take_state(self.cursor))
        elif keyword == "weight":
            self.unit = self.cursor.take_string()
        elif keyword in ("ports", "constants"):
            self.names[keyword] = self.cursor.take_list(self.cursor.take_name)
        else:
            self.exprs[keyword] = take_expr(self.cursor)


def _take_assign(cursor: Cursor) -> Assign:
    target = cursor.take_name()
    cursor.expect("=")
    return Assign(target, take_expr(cursor))


def _take_parameter(cursor: Cursor) -> Parameter:
    name, unit = cursor.take_name(), cursor.take_string()
    return Parameter(name, unit, None if cursor.found("none") else cursor.take_float())


def _take_state(cursor: Cursor) -> State:
    name = cursor.take_name()
    dtype = take_type(cursor, DType.F32)
    unit = cursor.take_string()
    cursor.expect("=")
    return State(name, unit, take_expr(cursor), dtype)


def take_model(cursor: Cursor, name: str) -> NeuronModel:
    """The model whose block starts here."""
    body = _Body(
        cursor,
        ("derivative", "input", "reset", "hold"),
        ("parameter", "state", "ports", "spike", "refractory", "emit"),
    )
    duration = body.exprs.get("refractory")
    hold = tuple(body.assigns["hold"])
    return NeuronModel(
        name,
        tuple(body.parameters),
        tuple(body.states),
        body.names.get("ports", ()),
        tuple(body.assigns["derivative"]),
        tuple(body.assigns["input"]),
        body.exprs.get("spike"),
        tuple(body.assigns["reset"]),
        None if duration is None else Refractory(duration, hold),
        body.exprs.get("emit"),
    )


def take_synapse(cursor: Cursor, name: str) -> SynapseModel:
    """The model of synapses whose block starts here."""
    body = _Body(cursor, ("derivative", "pre", "post"), ("parameter", "state", "weight"))
    derivatives, pre, post = (tuple(body.assigns[each]) for each in ("derivative", "pre", "post"))
    declared = tuple(body.parameters), tuple(body.states), body.unit
    return SynapseModel(name, *declared, derivatives, pre, post)


def take_step(cursor: Cursor) -> NeuronStep:
    """The step whose block starts here."""
    others = ("state", "ports", "constants", "threshold", "refractory", "emit")
    body = _Body(cursor, ASSIGNING, others)
    return NeuronStep(
        tuple(body.states),
        body.names.get("ports", ()),
        body.names.get("constants", ()),
        **{name: tuple(assigns) for name, assigns in body.assigns.items()},
        threshold=body.exprs.get("threshold"),
        refractory=body.exprs.get("refractory"),
        emit=body.exprs.get("emit"),
    )
