"""The syntax tree: what the text says, not yet what it means. Equality ignores places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ...ir.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Name:
    """A name where it is written."""

    text: str
    span: Span = field(compare=False, repr=False)


# Expressions. `depth` counts operators within operators and is bounded, so that walks may recurse.


@dataclass(frozen=True, slots=True)
class Number:
    """A literal as written; `unit` is "" for a plain number."""

    value: int | float
    unit: str
    span: Span = field(compare=False, repr=False)
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Literal:
    """A quoted text, without its quotes, or `true` or `false`."""

    value: str | bool
    span: Span = field(compare=False, repr=False)
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a name."""

    name: str
    span: Span = field(compare=False, repr=False)
    depth: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator of `typing.operators.OPERATORS` on its operands: "+", "neg", "not", …"""

    operator: str
    operands: tuple[Expression, ...]
    span: Span = field(compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """`[a, b, c]`."""

    items: tuple[Expression, ...]
    span: Span = field(compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call, by position without a name; of a model, what it says of training."""

    name: Name | None
    value: Expression
    learning: Learning | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`; a bare `name` where a call is meant has none."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span = field(compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Indexed:
    """An item of a list that has a name: `p[a][b]`."""

    name: Name
    indices: tuple[Expression, ...]
    span: Span = field(compare=False, repr=False)
    depth: int = field(compare=False, repr=False)


Expression = Number | Literal | Reference | Operation | Sequence | Call | Indexed


@dataclass(frozen=True, slots=True)
class Learning:
    """`trainable` with its arguments, or (None) `fixed`: of a projection or of a parameter."""

    trainable: Call | None
    span: Span = field(compare=False, repr=False)


# Neuron models.


@dataclass(frozen=True, slots=True)
class Param:
    """`param name: unit = default` of a neuron, `name: type = default` of a network or module."""

    name: Name
    unit: Expression
    default: Expression | None
    learning: Learning | None = None


@dataclass(frozen=True, slots=True)
class StateVariable:
    """`state name: unit = init`."""

    name: Name
    unit: Expression
    init: Expression


@dataclass(frozen=True, slots=True)
class Receive:
    """`input name: unit`, a port of a neuron."""

    name: Name
    unit: Expression | None


@dataclass(frozen=True, slots=True)
class Setting:
    """`name = value`: a jump, or dt, delay, method; without the sign a line of `train`, `deploy`"""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Derivative:
    """`dx/dt = value`; `above` is the name `dx`, `below` is `dt`."""

    above: Name
    below: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class On:
    """`on input { … }` or `on spike { … }`."""

    event: str
    assignments: tuple[Setting, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SpikeWhen:
    """`spike when condition`."""

    condition: Expression
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RefractoryHold:
    """`refractory duration { … }`."""

    duration: Expression
    hold: tuple[Setting, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Emit:
    """`emit value`."""

    value: Expression
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Weighed:
    """`weight: unit` of a synapse."""

    name: Name
    unit: Expression


@dataclass(frozen=True, slots=True)
class OnEvent:
    """`on pre { … }` or `on post { … }` of a synapse."""

    event: Name
    actions: tuple[Setting | Emit, ...]


Facet = Param | StateVariable | Weighed | Derivative | OnEvent


# What a model says at most once.
Once = On | SpikeWhen | RefractoryHold | Emit
Clause = Param | StateVariable | Receive | Derivative | Once


# Networks and modules.


@dataclass(frozen=True, slots=True)
class Range:
    """`start..stop`, stop excluded; bound to a name by `for` and in array brackets."""

    variable: Name
    start: Expression
    stop: Expression


@dataclass(frozen=True, slots=True)
class Bracket:
    """`[items]` after a declared name: array indices or a shape; items may be empty."""

    items: tuple[Expression | Range, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start..stop]` behind a population's name: some of its neurons, stop excluded."""

    start: Expression
    stop: Expression
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A step of a path: a name and its indices."""

    name: Name
    indices: tuple[Expression | Slice, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """`name[k].name`: a population, a port of a population, or a port of an instance."""

    parts: tuple[Part, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Let:
    """`let name = value`."""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Cell:
    """`neuron name = model(arguments)`: a model with some of its parameters set."""

    name: Name
    model: Call


@dataclass(frozen=True, slots=True)
class PopulationStatement:
    """`input`, `population` or `output`, told apart by `role`; `unit` is that of numbers that an
    input sends, `input name[n] : nA encode current(…)`."""

    role: str
    name: Name
    brackets: tuple[Bracket, ...]
    encoding: Call | None
    model: Call | None
    method: Expression | None
    unit: Call | None = None


@dataclass(frozen=True, slots=True)
class SourceStatement:
    """`source name[n] : poisson(rate = 8 kHz)`."""

    name: Name
    brackets: tuple[Bracket, ...]
    call: Call


@dataclass(frozen=True, slots=True)
class InstanceStatement:
    """`instance name : module(arguments)`."""

    name: Name
    brackets: tuple[Bracket, ...]
    module: Call


@dataclass(frozen=True, slots=True)
class PortStatement:
    """`port in name = path` or `port out name = path` of a module."""

    direction: Name
    name: Name
    path: Path


@dataclass(frozen=True, slots=True)
class Delay:
    """The option `delay value`."""

    value: Expression
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Alias:
    """The option `as name[k]`."""

    part: Part
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Via:
    """The option `via synapse(arguments)`."""

    model: Call
    span: Span = field(compare=False, repr=False)


Option = Delay | Learning | Alias | Via


@dataclass(frozen=True, slots=True)
class Link:
    """`connectivity(arguments) options`: a part of a projection."""

    connectivity: Call
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class ProjectionStatement:
    """`pre -> post : link`, maybe with links `before` the last one, `link then link`."""

    pre: Path
    post: Path
    before: tuple[Link, ...]
    last: Link
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class For:
    """`for k in start..stop { … }`."""

    range: Range
    body: tuple[Statement, ...]


Declaration = Let | Cell | PopulationStatement | InstanceStatement | PortStatement | SourceStatement
Statement = Setting | Declaration | ProjectionStatement | For
