"""Tables of what a `train` block may name: rules, optimizers, schedules, regularizers, encodings.

Data only: a row says which arguments exist, their defaults and the ranges of numbers. Numbers are
in the unit of their argument. What a row does is written once per backend, under the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .graph import Call, Value
from .ranges import BELOW_ONE, COUNT, NOT_NEGATIVE, POSITIVE, Range


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a table row and its default; None means that it must be given.

    `unit` is "1", "ms", "Hz", "text", "bool", "int", "expr" or "shape". `choices` lists the allowed
    texts; every number has a `range`.
    """

    name: str
    unit: str
    default: Value | None = None
    choices: tuple[str, ...] = ()
    range: Range | None = None

    def problem(self, kind: str, value: Value) -> str:
        """What is wrong with a number given for it in the row `kind`; "" if nothing."""
        if self.range is None or not isinstance(value, (int, float)) or value in self.range:
            return ""
        unit = "" if self.unit in ("1", "int") else f" {self.unit}"
        return f"`{self.name}` of `{kind}` is {value:.9g}{unit}; it must be {self.range}"

    def way_out(self) -> str:
        """What to do about a number out of its range."""
        if isinstance(self.default, (int, float)):
            return f"leave `{self.name}` out for its default, {self.default:g}"
        return f"choose a number {self.range}"


@dataclass(frozen=True, slots=True)
class Row:
    """A named kind of a table and the arguments that it takes, in positional order."""

    summary: str
    arguments: tuple[Argument, ...] = ()


_COUNT_LOSS = (
    Argument("target", "1", 35.0, range=POSITIVE),
    Argument("other", "1", 5.0, range=NOT_NEGATIVE),
    Argument("margin", "1", 5.0, range=NOT_NEGATIVE),
)
_PROFILE = Argument("profile", "text", "recommended", ("reference", "paper", "recommended"))

RULES: dict[str, Row] = {
    "st_rsbp": Row(
        "spike-train-level backpropagation for recurrent networks (Zhang & Li 2019)",
        (*_COUNT_LOSS, _PROFILE),
    ),
    "hm2_bp": Row(
        "hybrid macro/micro backpropagation (Jin, Zhang & Li 2018)",
        (*_COUNT_LOSS, _PROFILE),
    ),
}

_LEARNING_RATE = Argument("lr", "1", 1e-3, range=POSITIVE)

OPTIMIZERS: dict[str, Row] = {
    "adam": Row(
        "Adam (Kingma & Ba 2015), bias-corrected, eps outside the root",
        (
            _LEARNING_RATE,
            Argument("beta1", "1", 0.9, range=BELOW_ONE),
            Argument("beta2", "1", 0.999, range=BELOW_ONE),
            # Less would be 0 in float32 beside the bias correction.
            Argument("eps", "1", 1e-8, range=Range(1e-30)),
        ),
    ),
    "sgd": Row(
        "gradient descent",
        (_LEARNING_RATE, Argument("momentum", "1", 0.0, range=BELOW_ONE)),
    ),
}

SCHEDULES: dict[str, Row] = {
    "constant": Row("lr"),
    "inverse_sqrt": Row("lr / sqrt(epoch + 1), epoch from 0"),
    "logged": Row("lr / sqrt(max(epoch, 1)), epoch from 0: that of the authors' published logs"),
    "step": Row(
        "lr * factor ^ (epoch // every)",
        (
            Argument("every", "int", 40, range=COUNT),
            Argument("factor", "1", 0.1, range=Range(0.0, 1.0, is_low_open=True)),
        ),
    ),
}

REGULARIZERS: dict[str, Row] = {
    "exponential": Row(
        "strength * beta * (w/limit) * exp(beta (mean (w/limit)^2 - 1)) added to every gradient",
        (
            Argument("strength", "1", 0.5, range=NOT_NEGATIVE),
            Argument("beta", "1", 0.04, range=NOT_NEGATIVE),
            Argument("limit", "1", 8.0, range=POSITIVE),
        ),
    ),
}

_DURATION = Argument("duration", "ms", range=POSITIVE)

ENCODINGS: dict[str, Row] = {
    # 1000 / 5.5 Hz: a full-scale pixel fires with p = 1/5.5 in a step of 1 ms.
    "poisson": Row(
        "frozen independent spikes, p = x * rate * dt per step; step 0 stays empty",
        (_DURATION, Argument("rate", "Hz", 1000.0 / 5.5, range=NOT_NEGATIVE)),
    ),
    "bernoulli": Row("frozen independent spikes, p = x per step", (_DURATION,)),
    "spikes": Row("the data are spike trains already", (_DURATION,)),
}


@dataclass(frozen=True, slots=True)
class TrainEntry:
    """A line of a `train` block. `what` it names is a row of `table`; without one, `type` says what
    it is: "data", "count" or "switch". `default` is what a block has without the line; one that has
    an `example` must have the line."""

    what: str = ""
    table: Mapping[str, Row] | None = None
    type: str = ""
    default: Call | int | bool | None = None
    example: str = ""


def _by_default(kind: str, table: Mapping[str, Row]) -> Call:
    arguments = [(a.name, a.default) for a in table[kind].arguments if a.default is not None]
    return Call(kind, tuple(arguments))


# The fields of `ir.graph.TrainSpec`, by name.
TRAIN_ENTRIES: dict[str, TrainEntry] = {
    "data": TrainEntry(type="data", example="data fashion_mnist"),
    "rule": TrainEntry("training rule", RULES, example="rule st_rsbp"),
    "optimizer": TrainEntry("optimizer", OPTIMIZERS, default=_by_default("adam", OPTIMIZERS)),
    "schedule": TrainEntry(
        "learning-rate schedule", SCHEDULES, default=_by_default("inverse_sqrt", SCHEDULES)
    ),
    "regularizer": TrainEntry("regularizer", REGULARIZERS),
    "epochs": TrainEntry(type="count", default=1),
    "batch": TrainEntry(type="count", default=1),
    "boost": TrainEntry(type="switch", default=True),
}
