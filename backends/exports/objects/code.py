"""A function as LLVM's text, line by line: values, memory, branches and loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """An integer of so many bits by its name. `whole` is the number of a constant; `word` the i32
    with the same value, of one of 64 bits that has one."""

    text: str
    bits: int
    whole: int | None = None
    word: Value | None = None

    @property
    def typed(self) -> str:
        """As an argument: "i32 %v1"."""
        return f"i{self.bits} {self.text}"


def constant(number: int, bits: int = 32) -> Value:
    """A literal."""
    fits = bits == 64 and -(1 << 31) <= number < 1 << 31
    return Value(str(number), bits, number, Value(str(number), 32, number) if fits else None)


class Code:
    """The body of a function. `products`: the machine multiplies words into 64 bits; else
    `@product` does. `quotients`: it divides 64 bits; else `@quotient` does."""

    def __init__(self, products: bool = True, quotients: bool = True) -> None:
        self.products, self.quotients = products, quotients
        self.lines: list[str] = []
        self.block = "entry"
        self._count = 0

    def function(self, head: str) -> str:
        """The text of the function that begins so."""
        return "\n".join([f"{head} {{", "entry:", *self.lines, "}", ""])

    def name(self, letter: str) -> str:
        """A name that is new here."""
        self._count += 1
        return f"{letter}{self._count}"

    def do(self, line: str) -> None:
        """An instruction without a result."""
        self.lines.append(f"  {line}")

    def value(self, bits: int, line: str) -> Value:
        """The result of an instruction."""
        name = f"%{self.name('v')}"
        self.do(f"{name} = {line}")
        return Value(name, bits)

    def binary(self, op: str, left: Value, right: Value | int) -> Value:
        """The result of add, sub, mul, and, or, xor, shl, lshr, ashr."""
        other = right if isinstance(right, Value) else constant(right, left.bits)
        return self.value(left.bits, f"{op} {left.typed}, {other.text}")

    def compare(self, how: str, left: Value, right: Value | int) -> Value:
        """Whether left is eq, ne, slt, ult … right."""
        other = right if isinstance(right, Value) else constant(right, left.bits)
        return self.value(1, f"icmp {how} {left.typed}, {other.text}")

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        """One of two values."""
        line = f"select {condition.typed}, {yes.typed}, {no.typed}"
        if yes.word is None or no.word is None:
            return self.value(yes.bits, line)
        return self.widened(self.select(condition, yes.word, no.word))

    def cast(self, value: Value, bits: int, is_signed: bool = True) -> Value:
        """The value in other bits; what is wider has a sign unless it is said."""
        if value.bits == bits:
            return value
        if bits == 32 and value.word is not None:
            return value.word
        if value.whole is not None and value.bits > 1:
            return constant(value.whole, bits)
        if bits == 64 and value.bits == 32 and is_signed:
            return self.widened(value)
        how = "trunc" if bits < value.bits else "sext" if is_signed and value.bits > 1 else "zext"
        return self.value(bits, f"{how} {value.typed} to i{bits}")

    def widened(self, word: Value) -> Value:
        """A word in 64 bits."""
        if word.whole is not None:
            return constant(word.whole, 64)
        wide = self.value(64, f"sext {word.typed} to i64")
        return Value(wide.text, 64, None, word)

    def at(self, base: str, index: Value | int, bits: int) -> str:
        """The place of an element, of so many bits, of what begins at `base`."""
        which = index if isinstance(index, Value) else constant(index)
        return self.value(0, f"getelementptr i{bits}, ptr {base}, {which.typed}").text

    def load(self, base: str, index: Value | int, bits: int) -> Value:
        """An element of an array."""
        return self.value(bits, f"load i{bits}, ptr {self.at(base, index, bits)}")

    def store(self, value: Value, base: str, index: Value | int) -> None:
        """Sets an element of an array."""
        self.do(f"store {value.typed}, ptr {self.at(base, index, value.bits)}")

    def enter(self, block: str) -> None:
        """Goes on in a block."""
        self.lines.append(f"{block}:")
        self.block = block

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        """Does the body where a condition holds."""
        inside, behind = self.name("b"), self.name("b")
        self.do(f"br {condition.typed}, label %{inside}, label %{behind}")
        self.enter(inside)
        body()
        self.do(f"br label %{behind}")
        self.enter(behind)

    def leave_when(self, condition: Value, status: int) -> None:
        """Returns an i32 where a condition holds."""
        inside, behind = self.name("b"), self.name("b")
        self.do(f"br {condition.typed}, label %{inside}, label %{behind}")
        self.enter(inside)
        self.do(f"ret i32 {status}")
        self.enter(behind)

    def loop(self, end: Value | int, body: Callable[[Value], None], first: Value | int = 0) -> None:
        """Does the body for each i32 from `first` up to below `end`."""
        low, high = (x if isinstance(x, Value) else constant(x) for x in (first, end))
        if low.whole is None or high.whole is None:
            self.when(self.compare("ult", low, high), lambda: self._repeated(low, high, body))
        elif low.whole < high.whole:
            self._repeated(low, high, body)

    def _repeated(self, low: Value, high: Value, body: Callable[[Value], None]) -> None:
        inside, behind = self.name("b"), self.name("b")
        number, following = f"%{self.name('n')}", f"%{self.name('n')}"
        before = self.block
        self.do(f"br label %{inside}")
        self.enter(inside)
        place = len(self.lines)
        body(Value(number, 32))
        self.do(f"{following} = add i32 {number}, 1")
        goes_on = self.compare("ult", Value(following, 32), high)
        self.do(f"br {goes_on.typed}, label %{inside}, label %{behind}")
        phi = f"  {number} = phi i32 [{low.text}, %{before}], [{following}, %{self.block}]"
        self.lines.insert(place, phi)
        self.enter(behind)
