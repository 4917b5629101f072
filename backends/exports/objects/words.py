"""What the words of the language `LLVM` do: expressions over codes as instructions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from ....ir.expr import Expr
from ...compiled.text.llvm import LLVM
from ...compiled.text.render import render
from .code import Code, Value, constant

WORD = 1 << 32


def computed(
    code: Code, expr: Expr, names: Mapping[str, str], values: Mapping[str, Value]
) -> Value:
    """What an expression is; `names` are the identifiers of what it reads, `values` theirs."""
    return _value(code, ast.parse(render(expr, names, LLVM), mode="eval").body, values)


def _value(code: Code, tree: ast.expr, values: Mapping[str, Value]) -> Value:
    if isinstance(tree, ast.Name):
        return values[tree.id]
    if isinstance(tree, ast.Constant):
        return constant(int(tree.value), 64)  # type: ignore[arg-type]
    assert isinstance(tree, ast.Call), ast.dump(tree)
    assert isinstance(tree.func, ast.Name), ast.dump(tree)
    word = tree.func.id
    if word in LITERALS:
        return constant(int(ast.literal_eval(tree.args[0])), LITERALS[word])
    arguments = [_value(code, argument, values) for argument in tree.args]
    if word == "Cast":
        to = tree.keywords[0].value
        assert isinstance(to, ast.Name), ast.dump(to)
        return code.cast(arguments[0], LITERALS[to.id])
    return WORDS[word](code, *arguments)


def product(code: Code, left: Value, right: Value) -> Value:
    """The product, of codes the lower 64 bits."""
    if left.bits == 32 or code.products:
        return code.binary("mul", left, right)
    if left.whole is not None:
        left, right = right, left
    if left.word is not None and right.whole is not None and 0 <= right.whole < 1 << 16:
        return _short_product(code, left.word, right.whole)
    return code.value(64, f"call i64 @product({left.typed}, {right.typed})")


def _short_product(code: Code, left: Value, right: int) -> Value:
    """Of a word and a number of 16 bits: two products of 32 bits."""
    high = code.binary("mul", code.binary("ashr", left, 16), right)
    low = code.binary("mul", code.binary("and", left, 0xFFFF), right)
    shifted = code.binary("shl", code.value(64, f"sext {high.typed} to i64"), 16)
    return code.binary("add", shifted, code.value(64, f"zext {low.typed} to i64"))


def product_function() -> str:
    """`@product`, for cores that multiply 32 bits into 32: schoolbook, in digits of 16 bits."""
    code = Code()
    halves = {}
    for name in "ab":
        whole = Value(f"%{name}", 64)
        low = code.cast(whole, 32)
        high = code.cast(code.binary("lshr", whole, 32), 32)
        halves[name] = low, high, code.binary("and", low, 0xFFFF), code.binary("lshr", low, 16)
    a, a_high, a0, a1 = halves["a"]
    b, b_high, b0, b1 = halves["b"]
    first, inner, outer, last = (
        code.binary("mul", x, y) for x, y in ((a0, b0), (a0, b1), (a1, b0), (a1, b1))
    )
    middle = code.binary("lshr", first, 16)
    for part in (inner, outer):
        middle = code.binary("add", middle, code.binary("and", part, 0xFFFF))
        last = code.binary("add", last, code.binary("lshr", part, 16))
    last = code.binary("add", last, code.binary("lshr", middle, 16))
    for x, y in ((a_high, b), (a, b_high)):
        last = code.binary("add", last, code.binary("mul", x, y))
    low = code.binary("or", code.binary("and", first, 0xFFFF), code.binary("shl", middle, 16))
    wide = (code.value(64, f"zext {part.typed} to i64") for part in (last, low))
    found = code.binary("or", code.binary("shl", next(wide), 32), next(wide))
    code.do(f"ret {found.typed}")
    return code.function("define internal i64 @product(i64 %a, i64 %b) noinline #0")


def quotient(code: Code, left: Value, right: Value) -> Value:
    """left / right towards 0, and 0 where right is 0."""
    if not code.quotients:
        return code.value(64, f"call i64 @quotient({left.typed}, {right.typed})")
    is_none = code.compare("eq", right, 0)
    found = code.binary("sdiv", left, code.select(is_none, constant(1, 64), right))
    return code.select(is_none, constant(0, 64), found)


def quotient_function() -> str:
    """`@quotient`, for cores that divide no 64 bits: a bit a turn, the highest first."""
    code = Code()
    signs = [code.binary("ashr", Value(f"%{name}", 64), 63) for name in "ab"]
    left, right = (
        code.binary("sub", code.binary("xor", Value(f"%{name}", 64), sign), sign)
        for name, sign in zip("ab", signs, strict=True)
    )
    rest, bits = code.value(0, "alloca i64").text, code.value(0, "alloca i64").text
    code.store(constant(0, 64), rest, 0)
    code.store(left, bits, 0)  # those of the quotient come in from below

    def turn(_: Value) -> None:
        old = code.load(bits, 0, 64)
        upper = code.binary("shl", code.load(rest, 0, 64), 1)
        taken = code.binary("or", upper, code.binary("lshr", old, 63))
        fits = code.compare("uge", taken, right)
        shifted, one = code.binary("shl", old, 1), code.cast(fits, 64, is_signed=False)
        code.store(code.binary("or", shifted, one), bits, 0)
        code.store(code.select(fits, code.binary("sub", taken, right), taken), rest, 0)

    code.loop(64, turn)
    sign = code.binary("xor", *signs)
    found = code.binary("sub", code.binary("xor", code.load(bits, 0, 64), sign), sign)
    is_none = code.compare("eq", Value("%b", 64), 0)
    code.do(f"ret {code.select(is_none, constant(0, 64), found).typed}")
    return code.function("define internal i64 @quotient(i64 %a, i64 %b) noinline #0")


def _wrapped(code: Code, value: Value, mask: Value, sign: Value) -> Value:
    assert mask.whole is not None
    if (mask.whole, sign.whole) == (WORD - 1, WORD >> 1):
        return code.widened(code.cast(value, 32))
    kept = code.binary("xor", code.binary("and", value, mask), sign)
    return code.binary("sub", kept, sign)


def _clipped(code: Code, value: Value, low: Value, high: Value) -> Value:
    above = _called("smax")(code, value, low)
    found = _called("smin")(code, above, high)
    if low.word is None or high.word is None:
        return found
    return code.widened(code.cast(found, 32))


def _nearest_even(code: Code, value: Value, places: Value) -> Value:
    """down + (rest + half - 1 + down mod 2 >> places)."""
    assert places.whole is not None
    power = 1 << places.whole
    down = code.binary("ashr", value, places)
    rest = code.binary("and", value, power - 1)
    odd = code.binary("add", code.binary("and", down, 1), (power >> 1) - 1)
    up = code.binary("lshr", code.binary("add", rest, odd), places)
    return code.binary("add", down, up)


def _toward_zero(code: Code, value: Value, places: Value) -> Value:
    """(x + (2^places - 1 where x < 0)) >> places."""
    assert places.whole is not None
    sign = code.binary("ashr", value, 63)
    rest = code.binary("and", sign, (1 << places.whole) - 1)
    return code.binary("ashr", code.binary("add", value, rest), places)


def _binary(op: str) -> Callable[..., Value]:
    return lambda code, left, right: code.binary(op, left, right)


def _compared(how: str) -> Callable[..., Value]:
    def compared(code: Code, left: Value, right: Value) -> Value:
        if left.word is not None and right.word is not None:
            left, right = left.word, right.word
        return code.compare(how, left, right)

    return compared


def _called(name: str) -> Callable[..., Value]:
    """Of the intrinsics smin and smax."""

    def called(code: Code, left: Value, right: Value) -> Value:
        if left.word is not None and right.word is not None:
            return code.widened(called(code, left.word, right.word))
        kind = f"i{left.bits}"
        return code.value(
            left.bits, f"call {kind} @llvm.{name}.{kind}({left.typed}, {right.typed})"
        )

    return called


def _absolute(code: Code, value: Value) -> Value:
    kind = f"i{value.bits}"
    return code.value(value.bits, f"call {kind} @llvm.abs.{kind}({value.typed}, i1 false)")


LITERALS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64}
WORDS: dict[str, Callable[..., Value]] = {
    "Add": _binary("add"),
    "Sub": _binary("sub"),
    "Mul": product,
    "Quotient": quotient,
    "And": _binary("and"),
    "Or": _binary("or"),
    "Shl": _binary("shl"),
    "AShr": _binary("ashr"),
    "Not": lambda code, value: code.binary("xor", value, 1),
    "Neg": lambda code, value: code.binary("sub", constant(0, value.bits), value),
    "Abs": _absolute,
    "SMin": _called("smin"),
    "SMax": _called("smax"),
    "Select": lambda code, condition, yes, no: code.select(condition, yes, no),
    "Slt": _compared("slt"),
    "Sle": _compared("sle"),
    "Sgt": _compared("sgt"),
    "Sge": _compared("sge"),
    "Eq": _compared("eq"),
    "Ne": _compared("ne"),
    "Wrap": _wrapped,
    "Clip": _clipped,
    "NearestEven": _nearest_even,
    "TowardZero": _toward_zero,
}
INTRINSICS = "\n".join(
    f"declare i{bits} @llvm.{name}.i{bits}(i{bits}, {'i1' if name == 'abs' else f'i{bits}'})"
    for name in ("smin", "smax", "abs")
    for bits in (32, 64)
)
