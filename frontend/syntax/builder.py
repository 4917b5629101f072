"""Parts of a parse to nodes of the tree: one method a rule of grammar.lark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...ir.diagnostics import Span
from . import files
from . import tree as syntax
from .lexer import Token
from .precedence import climb, deeper
from .tree import Call, Expression, Name

Children = list[Any]


def cover(first: Span, last: Span) -> Span:
    """From the start of one span to the end of another."""
    return Span(first.source, first.start, last.end)


def name_of(token: Token) -> Name:
    """A token as a name."""
    return Name(token.text, token.span)


def _number(token: Token) -> syntax.Number:
    return syntax.Number(_value(token.text), "", token.span)


def quantity_parts(word: str) -> tuple[str, str]:
    """The number and the unit of `20 mV`."""
    letters = len(word)
    while word[letters - 1].isalpha():
        letters -= 1
    return word[:letters].rstrip(), word[letters:]


def _quantity(token: Token) -> syntax.Number:
    digits, unit = quantity_parts(token.text)
    return syntax.Number(_value(digits), unit, token.span)


def _value(digits: str) -> int | float:
    return int(digits) if digits.isdigit() and len(digits) < 17 else float(digits)


_OPERATORS = frozenset({"OPERATOR", "MINUS", "SLASH", "NOT"})
_LITERALS: dict[str, Callable[[Token], Expression]] = {
    "NUMBER": _number,
    "QUANTITY": _quantity,
    "STRING": lambda token: syntax.Literal(token.text[1:-1], token.span),
    "TRUE": lambda token: syntax.Literal(True, token.span),
    "FALSE": lambda token: syntax.Literal(False, token.span),
    "ON": lambda token: syntax.Literal(True, token.span),
    **dict.fromkeys(
        ("NAME", "REFRACTORY", "NEURON", "POPULATION"),
        lambda token: syntax.Reference(token.text, token.span),
    ),
}


def _operand(item: Expression | Token) -> Expression:
    return _LITERALS[item.type](item) if isinstance(item, Token) else item


def _in_row(item: Expression | Token) -> Expression | Token:
    if isinstance(item, Token) and item.type in _OPERATORS:
        return item
    return _operand(item)


class _Builder:
    """What the parser calls, with the parts of a rule, when the rule is complete; what a rule looks
    like stands in grammar.lark."""

    # ---- expressions

    def expression(self, row: Children) -> Expression:
        return _operand(row[0]) if len(row) == 1 else climb(map(_in_row, row))

    def call(self, children: Children) -> Call:
        name = name_of(children[0])
        if len(children) == 1:
            return Call(name, (), name.span)
        arguments = tuple(children[1:])
        span = cover(name.span, arguments[-1].value.span)
        return Call(name, arguments, span, deeper([a.value for a in arguments], span))

    application = model_call = call

    def argument(self, children: Children) -> syntax.Argument:
        return syntax.Argument(None, children[0])

    def named(self, children: Children) -> syntax.Argument:
        return syntax.Argument(name_of(children[0]), *children[1:])

    given = named

    def sequence(self, children: Children) -> syntax.Sequence:
        span = cover(children[0].span, children[-1].span)
        return syntax.Sequence(tuple(children[1:-1]), span, deeper(children[1:-1], span))

    def indexed(self, children: Children) -> syntax.Indexed:
        name, indices = name_of(children[0]), tuple(children[1:])
        source, end = name.span.source, children[-1].span.end
        span = Span(source, name.span.start, source.text.index("]", end) + 1)
        return syntax.Indexed(name, indices, span, deeper(indices, span))

    # ---- neuron models

    def param(self, children: Children) -> syntax.Param:
        return syntax.Param(name_of(children[1]), *children[2:])

    def formal(self, children: Children) -> syntax.Param:
        return syntax.Param(name_of(children[0]), *children[1:])

    def state(self, children: Children) -> syntax.StateVariable:
        return syntax.StateVariable(name_of(children[1]), children[2], children[3])

    def receive(self, children: Children) -> syntax.Receive:
        return syntax.Receive(name_of(children[1]), children[2])

    def derivative(self, children: Children) -> syntax.Derivative:
        return syntax.Derivative(name_of(children[0]), name_of(children[2]), children[3])

    def setting(self, children: Children) -> syntax.Setting:
        return syntax.Setting(name_of(children[0]), children[1])

    assignment = setting

    def on_input(self, children: Children) -> syntax.On:
        return syntax.On(children[1].text, tuple(children[2:]), children[1].span)

    on_spike = on_input

    def spike_when(self, children: Children) -> syntax.SpikeWhen:
        return syntax.SpikeWhen(children[2], children[0].span)

    def refractory(self, children: Children) -> syntax.RefractoryHold:
        return syntax.RefractoryHold(children[1], tuple(children[2:]), children[0].span)

    def emit(self, children: Children) -> syntax.Emit:
        return syntax.Emit(children[1], children[0].span)

    # ---- synapse models

    def synapse(self, children: Children) -> files.Synapse:
        return files.Synapse(name_of(children[1]), (*children[2], *children[3:]))

    def weighed(self, children: Children) -> syntax.Weighed:
        return syntax.Weighed(name_of(children[0]), children[1])

    def on_event(self, children: Children) -> syntax.OnEvent:
        return syntax.OnEvent(name_of(children[1]), tuple(children[2:]))

    # ---- statements

    def let(self, children: Children) -> syntax.Let:
        return syntax.Let(name_of(children[1]), children[2])

    def cell(self, children: Children) -> syntax.Cell:
        return syntax.Cell(name_of(children[1]), children[2])

    def population(self, children: Children) -> syntax.PopulationStatement:
        role, name, *brackets = children[:-4]
        encoding, model, _, method = children[-4:]
        role = _ROLES[role.type]
        return syntax.PopulationStatement(
            role, name_of(name), tuple(brackets), encoding, model, method
        )

    def analog(self, children: Children) -> syntax.PopulationStatement:
        _, name, *brackets = children[:-2]
        unit, encoding = children[-2:]
        return syntax.PopulationStatement(
            "input", name_of(name), tuple(brackets), encoding, None, None, unit
        )

    def source(self, children: Children) -> syntax.SourceStatement:
        return syntax.SourceStatement(name_of(children[1]), tuple(children[2:-1]), children[-1])

    def instance(self, children: Children) -> syntax.InstanceStatement:
        return syntax.InstanceStatement(name_of(children[1]), tuple(children[2:-1]), children[-1])

    def bracket(self, children: Children) -> syntax.Bracket:
        span = cover(children[0].span, children[-1].span)
        return syntax.Bracket(tuple(children[1:-1]), span)

    def range(self, children: Children) -> syntax.Range:
        return syntax.Range(name_of(children[0]), children[2], children[3])

    def port(self, children: Children) -> syntax.PortStatement:
        return syntax.PortStatement(name_of(children[1]), name_of(children[2]), children[3])

    def projection(self, children: Children) -> syntax.ProjectionStatement:
        pre, post, *before, last = children
        span = cover(pre.span, post.span)
        return syntax.ProjectionStatement(pre, post, tuple(before), last, span)

    def link(self, children: Children) -> syntax.Link:
        return syntax.Link(children[0], tuple(children[1:]))

    def delay(self, children: Children) -> syntax.Delay:
        return syntax.Delay(children[1], children[0].span)

    def fixed(self, children: Children) -> syntax.Learning:
        return syntax.Learning(None, children[0].span)

    def trainable(self, children: Children) -> syntax.Learning:
        call = self.call(children)
        return syntax.Learning(call, call.name.span)

    def via(self, children: Children) -> syntax.Via:
        return syntax.Via(children[1], children[0].span)

    def alias(self, children: Children) -> syntax.Alias:
        return syntax.Alias(children[1], children[0].span)

    def path(self, parts: Children) -> syntax.Path:
        return syntax.Path(tuple(parts), cover(parts[0].name.span, parts[-1].name.span))

    def part(self, children: Children) -> syntax.Part:
        return syntax.Part(name_of(children[0]), tuple(children[1:]))

    def index(self, children: Children) -> Expression:
        index: Expression = children[1]
        return index

    def for_(self, children: Children) -> syntax.For:
        return syntax.For(children[1], tuple(children[2:]))

    def slice(self, children: Children) -> syntax.Slice:
        span = cover(children[0].span, children[-1].span)
        return syntax.Slice(children[1], children[2], span)

    # ---- files

    def import_(self, children: Children) -> files.Import:
        return files.Import(Name(children[1].text[1:-1], children[1].span))

    def neuron(self, children: Children) -> files.Neuron:
        return files.Neuron(name_of(children[1]), tuple(children[2:]))

    def module(self, children: Children) -> files.Module:
        return files.Module(name_of(children[1]), children[2], tuple(children[3:]))

    def network(self, children: Children) -> files.Network:
        return files.Network(name_of(children[1]), children[2], tuple(children[3:]))

    def formals(self, children: Children) -> tuple[syntax.Param, ...]:
        return tuple(children)

    def train(self, children: Children) -> files.Train:
        return files.Train(name_of(children[1]), tuple(children[2:]))

    def entry(self, children: Children) -> syntax.Setting:
        return syntax.Setting(name_of(children[0]), _operand(children[1]))

    def entry_of(self, children: Children) -> files.EntryOf:
        return files.EntryOf(name_of(children[0]), children[1], tuple(children[2:]))

    def run(self, children: Children) -> files.Run:
        return files.Run(name_of(children[1]), tuple(children[2:]))

    def record(self, children: Children) -> files.Record:
        paths = tuple(child for child in children[3:] if isinstance(child, syntax.Path))
        rest = children[3 + len(paths) :]
        span = cover(children[0].span, paths[-1].span)
        return files.Record(name_of(children[1]), paths, rest[-1] if rest[-1:] else None, span)

    def record_of(self, children: Children) -> files.RecordOf:
        what, pre, post, rest = name_of(children[1]), children[3], children[4], children[5:]
        every = rest[-1] if rest[-1:] else None
        return files.RecordOf(what, pre, post, every, cover(children[0].span, post.span))

    def deploy(self, children: Children) -> files.Deploy:
        return files.Deploy(name_of(children[1]), tuple(children[2:]))

    choice = entry

    def choice_of(self, children: Children) -> files.ChoiceOf:
        pre, post, setting = children
        return files.ChoiceOf(pre, post, setting, cover(pre.span, post.span))

    def file(self, items: Children) -> files.File:
        return files.File(tuple(items))


_ROLES = {"INPUT": "input", "POPULATION": "hidden", "OUTPUT": "output"}

builder = _Builder()
