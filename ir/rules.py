"""Tables of what a `train` block may name: rules, optimizers, schedules, regularizers, encodings.

Data only: a row says which arguments exist and their defaults. Numbers are in base units. What a
row does is written once per backend, under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass

from .graph import Value


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a table row and its default; None means that it must be given.

    `unit` is "1", "ms", "Hz", "text", "bool", "int", "expr" or "shape". `choices` lists the allowed
    texts.
    """

    name: str
    unit: str
    default: Value | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A named kind of a table and the arguments that it takes, in positional order."""

    summary: str
    arguments: tuple[Argument, ...] = ()


_COUNT_LOSS = (
    Argument("target", "1", 35.0),
    Argument("other", "1", 5.0),
    Argument("margin", "1", 5.0),
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

OPTIMIZERS: dict[str, Row] = {
    "adam": Row(
        "Adam (Kingma & Ba 2015), bias-corrected, eps outside the root",
        (
            Argument("lr", "1", 1e-3),
            Argument("beta1", "1", 0.9),
            Argument("beta2", "1", 0.999),
            Argument("eps", "1", 1e-8),
        ),
    ),
    "sgd": Row("gradient descent", (Argument("lr", "1", 1e-3), Argument("momentum", "1", 0.0))),
}

SCHEDULES: dict[str, Row] = {
    "constant": Row("lr"),
    "inverse_sqrt": Row("lr / sqrt(epoch + 1), epoch from 0"),
    "logged": Row("lr / sqrt(max(epoch, 1)), epoch from 0: that of the authors' published logs"),
    "step": Row(
        "lr * factor ^ (epoch // every)",
        (Argument("every", "int", 40), Argument("factor", "1", 0.1)),
    ),
}

REGULARIZERS: dict[str, Row] = {
    "exponential": Row(
        "strength * beta * (w/limit) * exp(beta (mean (w/limit)^2 - 1)) added to every gradient",
        (
            Argument("strength", "1", 0.5),
            Argument("beta", "1", 0.04),
            Argument("limit", "1", 8.0),
        ),
    ),
}

ENCODINGS: dict[str, Row] = {
    # 1000 / 5.5 Hz: a full-scale pixel fires with p = 1/5.5 in a step of 1 ms.
    "poisson": Row(
        "frozen independent spikes, p = x * rate * dt per step; step 0 stays empty",
        (Argument("duration", "ms"), Argument("rate", "Hz", 1000.0 / 5.5)),
    ),
    "bernoulli": Row("frozen independent spikes, p = x per step", (Argument("duration", "ms"),)),
    "spikes": Row("the data are spike trains already", (Argument("duration", "ms"),)),
}
