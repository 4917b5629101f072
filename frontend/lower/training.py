"""`train` blocks to `ir.graph.TrainSpec`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Call as IrCall
from ...ir.graph import TrainSpec, Value
from ...ir.rules import OPTIMIZERS, REGULARIZERS, RULES, SCHEDULES, Row
from ..report import Report, twice, unknown
from ..syntax.tree import Argument, Entry, Expression, Train
from ..typing.arguments import as_call, fill, look_up
from ..typing.constants import Constant, Quantity, Scope, evaluate, truth, whole, wrong_type
from ..typing.operators import Operand, mismatch
from ..units import NUMBER


@dataclass(slots=True)
class _Settings:
    """The settings of a block; those that it leaves out have their defaults."""

    data: IrCall | None = None
    rule: IrCall | None = None
    optimizer: IrCall | None = None
    schedule: IrCall | None = None
    regularizer: IrCall | None = None
    epochs: int = 1
    batch: int = 1
    boost: bool = True


def lower_train(block: Train, scope: Scope) -> TrainSpec:
    """The plan of a `train` block; the parameters of its network can be named in it."""
    report, settings = Report(), _Settings()
    places: dict[str, Span] = {}
    for entry in block.entries:
        report.attempt(_set, entry, settings, places, scope)
    for needed in ("data", "rule"):
        if needed not in places:
            report.extend([_lacking(block, needed)])
    report.close()
    assert settings.data is not None
    assert settings.rule is not None
    return TrainSpec(
        block.network.text,
        settings.data,
        settings.rule,
        settings.optimizer or _default(OPTIMIZERS, "adam"),
        settings.schedule or _default(SCHEDULES, "inverse_sqrt"),
        settings.regularizer,
        settings.epochs,
        settings.batch,
        settings.boost,
        block.network.span,
    )


def _default(table: Mapping[str, Row], kind: str) -> IrCall:
    arguments = [(a.name, a.default) for a in table[kind].arguments if a.default is not None]
    return IrCall(kind, tuple(arguments))


def _lacking(block: Train, needed: str) -> Diagnostic:
    examples = {"data": "data fashion_mnist", "rule": "rule st_rsbp"}
    return Diagnostic(
        "E013",
        f"the training of `{block.network.text}` does not say its `{needed}`",
        block.network.span,
        help=f"add a line such as `{examples[needed]}`",
    )


def _set(entry: Entry, settings: _Settings, places: dict[str, Span], scope: Scope) -> None:
    name = entry.name
    if name.text not in _ENTRIES:
        raise CompileError(unknown("training setting", name.text, name.span, _ENTRIES, "E012"))
    if name.text in places:
        raise CompileError(twice(name.text, name.span, places[name.text], code="E014"))
    places[name.text] = name.span
    setattr(settings, name.text, _ENTRIES[name.text](entry.value, scope))


def _from(table: Mapping[str, Row], what: str) -> Callable[[Expression, Scope], IrCall]:
    def lower(node: Expression, scope: Scope) -> IrCall:
        call = as_call(node, f"a {what}")
        return fill(look_up(table, call, what), call, scope, "E051")

    return lower


def lower_data(node: Expression, scope: Scope) -> IrCall:
    """A data set by name; which ones there are is known where they are read."""
    call = as_call(node, "a data set, such as `fashion_mnist`")
    report, values = Report(), dict[str, Value]()
    for argument in call.arguments:
        report.attempt(_data_argument, argument, values, scope)
    report.close()
    return IrCall(call.name.text, tuple(values.items()))


def _data_argument(argument: Argument, values: dict[str, Value], scope: Scope) -> None:
    span = argument.value.span
    if argument.name is None:
        way_out = 'such as `path = "…"`'
        raise CompileError(
            Diagnostic("E012", "give the arguments of data by name", span, help=way_out)
        )
    if argument.name.text in values:
        raise CompileError(twice(argument.name.text, argument.name.span, None, code="E014"))
    values[argument.name.text] = _plain(argument.value, scope)


def _plain(node: Expression, scope: Scope) -> Value:
    value = evaluate(node, scope)
    if isinstance(value, Quantity):
        return _unitless(value, node)
    if isinstance(value, tuple):
        return tuple(_number(item, node) for item in value)
    return value


def _number(value: Constant, node: Expression) -> float:
    if isinstance(value, Quantity):
        return _unitless(value, node)
    raise wrong_type("a number", value, node.span)


def _unitless(value: Quantity, node: Expression) -> float:
    if value.dimension != NUMBER:
        raise mismatch(NUMBER, Operand(value.dimension, node.span))
    return value.value


def _count(node: Expression, scope: Scope) -> int:
    value = whole(evaluate(node, scope), node.span)
    if value < 1:
        raise CompileError(Diagnostic("E051", f"expected 1 or more, got {value}", node.span))
    return value


def _switch(node: Expression, scope: Scope) -> bool:
    """`on` or `off`, or a truth value."""
    word = getattr(node, "name", None)
    if word == "off" and "off" not in scope.places:
        return False
    return truth(evaluate(node, scope), node.span)


_ENTRIES: dict[str, Callable[[Expression, Scope], object]] = {
    "data": lower_data,
    "rule": _from(RULES, "training rule"),
    "optimizer": _from(OPTIMIZERS, "optimizer"),
    "schedule": _from(SCHEDULES, "learning-rate schedule"),
    "regularizer": _from(REGULARIZERS, "regularizer"),
    "epochs": _count,
    "batch": _count,
    "boost": _switch,
}
