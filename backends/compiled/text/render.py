"""Expressions as text, in any `Language`.

Only names made here ever reach the text: a user's names are replaced by numbered ones before
rendering. Codes of fixed-point types are 64-bit integers in the text, from where a name is read to
where a value is stored; the text of an operator is its exact result, brought into its type where
it may leave it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ....ir.expr import Apply, Const, Expr, Ref
from ....ir.ops import CODES, may_leave, movement
from ....ir.types import DType, Fixed, Scalar


@dataclass(frozen=True, slots=True)
class Language:
    """How one language writes what `ir.ops.OPS` means.

    Templates: {0}, {1}, {2} are the arguments; {type} is the word for the type, {kind} its name in
    the IR, "i64" for codes, {f} is "f" for F32. Those of codes read {places} and what
    `codes_written` says.
    """

    name: str
    spellings: Mapping[str, str]  # of the operators that have no immediate
    types: Mapping[DType, str]
    storage: Callable[[str], str]  # the word for "int8", "uint16", …
    cast: str
    literal: Callable[[Const], str]
    power: str  # a code times 2^places
    roundings: Mapping[str, str]  # a code over 2^places
    overflows: Mapping[str, str]
    # How the results of a type are spelled instead.
    exceptions: Mapping[DType, Mapping[str, str]] = field(default_factory=dict)
    helpers: str = ""  # definitions of what the text calls


def render(expr: Expr, names: Mapping[str, str], language: Language) -> str:
    """The expression as text; `names` gives the identifier of every name it reads.

    TypeError, which names the operator, for one that the language cannot write.
    """
    if isinstance(expr, Const):
        return language.literal(expr)
    if isinstance(expr, Ref):
        name = names[expr.name]
        return cast(name, CODES, language) if isinstance(expr.dtype, Fixed) else name
    arguments = [render(argument, names, language) for argument in expr.args]
    moved = movement(expr.op, expr.args[0].dtype, expr.immediate)
    if moved is not None:
        places, target = moved
        return _fitted(expr, _moved(arguments[0], places, target, language), target, language)
    return _fitted(expr, _spelled(expr, arguments, language), expr.dtype, language)


def cast(text: str, dtype: Scalar, language: Language) -> str:
    """The text as a value of the type in which it is stored."""
    return language.cast.format(text, type=_word(dtype, language))


def _word(dtype: Scalar, language: Language) -> str:
    if isinstance(dtype, Fixed):
        return language.storage(dtype.storage)
    return language.types[dtype]


def _spelled(expr: Apply, arguments: list[str], language: Language) -> str:
    dtype = expr.dtype
    own = language.exceptions.get(dtype, {}) if isinstance(dtype, DType) else {}
    spelling = own.get(expr.op, language.spellings.get(expr.op))
    if spelling is None:
        raise TypeError(f"{language.name} has no {expr.op} of {expr.args[-1].dtype}")
    kind = "i64" if isinstance(dtype, Fixed) else dtype.value
    suffix = "f" if dtype is DType.F32 else ""
    return spelling.format(*arguments, type=_word(dtype, language), kind=kind, f=suffix)


def _moved(text: str, places: int, target: Fixed, language: Language) -> str:
    if places == 0:
        return text
    spelling = language.power if places > 0 else language.roundings[target.rounding]
    size = abs(places)
    return spelling.format(text, places=size, **codes_written(size, target, _literal_in(language)))


def _fitted(expr: Apply, text: str, target: Scalar, language: Language) -> str:
    """The exact result brought into the target, where it may leave it."""
    types = [argument.dtype for argument in expr.args]
    if not isinstance(target, Fixed) or not may_leave(target, expr.op, types, expr.immediate):
        return text
    written = codes_written(0, target, _literal_in(language))
    return language.overflows[target.overflow].format(text, **written)


def codes_written(places: int, dtype: Fixed, literal: Callable[[int], str]) -> dict[str, str]:
    """The codes that templates read: 2^places, what masks a rest by it and what is above that, one
    less than its half; the ends of a type, its mask and its sign."""
    power = 1 << places
    codes = {
        "power": power, "rest": power - 1, "keep": -power, "below_half": (power >> 1) - 1, "one": 1,
        "low": dtype.low, "high": dtype.high, "mask": dtype.high - dtype.low, "sign": -dtype.low,
    }  # fmt: skip
    return {name: literal(code) for name, code in codes.items()}


def _literal_in(language: Language) -> Callable[[int], str]:
    return lambda code: language.literal(Const(code, CODES))
