"""No text may crash the compiler, hang it, or get anything but a program or diagnostics.

SNNCC_FUZZ_SECONDS sets how long the mutation test runs, SNNCC_FUZZ_PROGRAMS how many programs it
makes at least; with either the seed changes every time, and a failure shows both the seed and the
text.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from largest_texts import largest_texts
from timing import seconds, slower_than

from snncc.frontend.limits import LIMITS as ALL
from snncc.frontend.limits import Limits
from snncc.frontend.program import compile_text, survey_text
from snncc.frontend.style.format import format_text
from snncc.frontend.syntax.lexer import KEYWORDS, PUNCTUATION
from snncc.frontend.syntax.parser import parse
from snncc.frontend.units import UNITS
from snncc.ir.diagnostics import CompileError, Diagnostic, Source, render, to_json
from snncc.runtime.checker import check_survey

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```snn\n(.*?)^```", re.DOTALL | re.MULTILINE)
SEEDS: list[str] = [
    *(
        path.read_text("utf-8")
        for pattern in ("examples", "frontend/prelude", "tests/errors", "tests/cases/lower")
        for path in sorted(ROOT.glob(f"{pattern}/*.snn"))
    ),
    *(
        program
        for path in sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"])
        for program in FENCE.findall(path.read_text("utf-8"))
    ),
]
SECONDS = float(os.environ.get("SNNCC_FUZZ_SECONDS", "2"))
PROGRAMS = int(os.environ.get("SNNCC_FUZZ_PROGRAMS", "0"))
LIMITS = Limits(statements=2000, neurons=10**6)
YARDSTICK = Source("long.snn", max(SEEDS, key=len))
SUSPICIOUS = 2.0  # seconds of processor time; a text that takes them is compared with the yardstick
MOST = 100.0  # times the processor time of the longest program that we ship, 0.06 s, for one text
MEMORY = 1_000_000  # kB that one text may take
LIMIT = ALL.words  # of a text

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
VOCABULARY = [
    *KEYWORDS,
    *PUNCTUATION,
    *UNITS,
    *("lif", "dense", "uniform", "poisson", "h", "i", "j", "k", "v", "n", "dt", "init", "weight"),
    *("0", "1", "-1", "2.5", "1e9", "99999999999999999999", "20 mV", "1 ms", '"x"', "# c\n", "\n"),
    *("[k in 0..3]", "{ }", "( )", "[[0, 1, 2]]", "..", "é", "\x00", "\t", "\r\n", "\u2028"),
]


def feed(text: str, most: float = MOST, limits: Limits = LIMITS) -> None:
    """Check and format a text; anything but diagnostics is a failure, and more time or memory than
    a text may take."""
    source, before = Source(str(ROOT / "examples" / "fuzzed.snn"), text), _peak()
    if seconds(lambda: _frontend(source, limits)) > SUSPICIOUS:
        yardstick = lambda: _frontend(YARDSTICK, LIMITS)  # noqa: E731
        assert not slower_than(most, lambda: _frontend(source, limits), yardstick)
    assert _peak() - before < MEMORY


def _peak() -> int:
    """The most memory so far, in kB."""
    return getrusage(RUSAGE_SELF).ru_maxrss


def _frontend(source: Source, limits: Limits) -> None:
    survey = survey_text(source, limits=limits)
    for diagnostic in check_survey(survey):
        assert len(render(diagnostic)) < 5000
        to_json(diagnostic)
    _mistakes(lambda text: compile_text(text, limits=limits), source)
    if _mistakes(_format, source):
        assert any(d.code.startswith("E00") for d in survey.diagnostics)


def _mistakes(work: Callable[[Source], None], source: Source) -> tuple[Diagnostic, ...]:
    try:
        work(source)
    except CompileError as error:
        return error.diagnostics
    return ()


def _format(source: Source) -> None:
    once = Source(source.name, format_text(source))
    assert format_text(once) == once.text
    assert parse(once) == parse(source)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text(text: str) -> None:
    feed(text)


@given(st.lists(st.sampled_from(VOCABULARY), max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_row_of_words(words: list[str]) -> None:
    feed(" ".join(words))


@given(st.lists(st.sampled_from(VOCABULARY), max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_words_inside_a_network(words: list[str]) -> None:
    feed("network n {\n  input x[2] encode poisson(duration = 2 ms)\n" + " ".join(words) + "\n}")


# ---- mutations

Mutation = Callable[[list[str], random.Random], None]


def _delete(words: list[str], draw: random.Random) -> None:
    start = draw.randrange(len(words))
    del words[start : start + draw.choice((1, 1, 1, 2, 5, 20))]


def _duplicate(words: list[str], draw: random.Random) -> None:
    start = draw.randrange(len(words))
    piece = words[start : start + draw.choice((1, 1, 2, 8, 40))]
    place = draw.randrange(len(words) + 1)
    words[place:place] = piece * draw.choice((1, 1, 1, 3, 30))


def _swap(words: list[str], draw: random.Random) -> None:
    a, b = draw.randrange(len(words)), draw.randrange(len(words))
    words[a], words[b] = words[b], words[a]


def _replace(words: list[str], draw: random.Random) -> None:
    words[draw.randrange(len(words))] = draw.choice(VOCABULARY)


def _insert(words: list[str], draw: random.Random) -> None:
    words.insert(draw.randrange(len(words) + 1), draw.choice(VOCABULARY))


def _garble(words: list[str], draw: random.Random) -> None:
    place = draw.randrange(len(words))
    letters = list(words[place])
    letters[draw.randrange(len(letters))] = chr(draw.choice((draw.randrange(128), 0x3C4, 0x1F600)))
    words[place] = "".join(letters)


def _crop(words: list[str], draw: random.Random) -> None:
    del words[draw.randrange(len(words)) :]


def _renumber(words: list[str], draw: random.Random) -> None:
    places = [place for place, word in enumerate(words) if word.isdecimal()]
    if places:
        words[draw.choice(places)] = draw.choice(NUMBERS)


def _nest(words: list[str], draw: random.Random) -> None:
    opening, closing = draw.choice(NESTS)
    place, times = draw.randrange(len(words)), draw.choice((1, 1, 3, 50, 70, 300))
    words[place] = opening * times + words[place] + closing * times


def _splice(words: list[str], draw: random.Random) -> None:
    other = WORDS.findall(draw.choice(SEEDS))
    start, place = draw.randrange(len(other)), draw.randrange(len(words) + 1)
    words[place:place] = other[start : start + draw.choice((1, 5, 20, 100))]


def _break(words: list[str], draw: random.Random) -> None:
    words.insert(draw.randrange(len(words) + 1), draw.choice(("\n", "\n", "# c\n", "  ")))


NUMBERS = (
    *("0", "1", "2", "3", "7", "-1", "0.5", "0.1", "1.5", "100", "1000", "65536", "1000000"),
    *("1e-45", "1e-9", "1e9", "1e20", "1e38", "3e38", "4e38", "1e400", "2147483648"),
    *("9007199254740992", "9007199254740993", "99999999999999999999", "1e-400", "0.0"),
)
NESTS = (
    *(("(", ")"), ("-", ""), ("not ", ""), ("[", "]"), ("for q in 0..1 { ", " }"), ("{", "}")),
    *(("1 + ", ""), ("2 ^ ", ""), ("min(1, ", ")"), ("network n { ", " }"), ("k.", "")),
)
MUTATIONS: tuple[Mutation, ...] = (
    *(_delete, _delete, _duplicate, _swap, _replace, _replace, _insert, _garble, _crop),
    *(_renumber, _renumber, _nest, _splice, _break),
)


def mutate(text: str, draw: random.Random) -> str:
    words = WORDS.findall(text)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 10))):
        if words:
            draw.choice(MUTATIONS)(words, draw)
    return "".join(words)


def test_mutated_programs() -> None:
    is_long = "SNNCC_FUZZ_SECONDS" in os.environ or PROGRAMS
    seed = time.time_ns() if is_long else 0
    draw = random.Random(seed)
    until, made = time.monotonic() + SECONDS, 0
    while time.monotonic() < until or made < PROGRAMS:
        text, made = mutate(draw.choice(SEEDS), draw), made + 1
        try:
            feed(text)
        except Exception as error:
            error.add_note(f"seed {seed}, text:\n{text}")
            raise


HOSTILE = {
    "open brackets": "(" * 100_000,
    "open blocks": "network n {" * 10_000,
    "minus signs": "network n { let a = " + "-" * 50_000 + "1 }",
    "a long sum": "network n { let a = 1" + " + 1" * 20_000 + " }",
    "a long power": "network n { let a = 2" + " ^ 9" * 90 + " }",
    "a deep list": "network n { let a = " + "[" * 5000 + "]" * 5000 + " }",
    "many indices": "network n { population h" + "[0]" * 2000 + " : lif }",
    "a long path": "network n { a" + ".b" * 10_000 + " -> c : dense }",
    "long digits": "network n { let a = " + "9" * 100_000 + " }",
    "a long name": "network n { population " + "h" * 100_000 + "[2] : lif }",
    "a long comment": "#" * 1_000_000,
    "no end of lines": "\n" * 200_000,
    "nested loops": "network n { " + "for a in 0..99999 { " * 20 + "}" * 21,
    "many loops": "network n { for a in 0..1000 { for b in 0..1000 { for c in 0..1000 { } } } }",
    "a huge loop": "network n { for a in 0..9007199254740992 { } }",
    "a huge shape": "network n { population h[9007199254740992, 9007199254740992] : lif }",
    "a huge array": "network n { population h[k in 0..9007199254740992][2] : lif }",
    "modules that double": "module a { population h[1] : lif }"
    + "".join(
        f"module m{k} {{ instance x : {inner} instance y : {inner} }}"
        for k, inner in enumerate(["a", *(f"m{k}" for k in range(30))])
    )
    + "network n { instance z : m30 }",
    "aliases in a circle": "neuron a = b neuron b = a network n { population h[2] : a }",
    "a chain of aliases": "".join(f"neuron a{k} = a{k + 1}\n" for k in range(2000)),
    "many mistakes": "network n { " + "x -> y : z\n" * 2000 + "}",
    "many wrong characters": "@" * 200_000,
    "long names": "network n { " + f"let {'a' * 9000} = {'b' * 9000}\n" * 50 + "}",
    "a line of mistakes": "network n { input x[2] encode poisson(duration = 2 ms)"
    + " x -> y : zz" * 1000
    + "}",
    "two loops": "network n { for a in 0..1000 { for b in 0..1000 { let c = a } } }",
    "many populations": "network n { population h[k in 0..50001][2] : lif }",
    "a condition over many pairs": "network n { population h[65536] : lif "
    "h -> h : expression(where = i < j) }",
    "weights of gigabytes": "network n { population h[20000] : lif  h -> h : dense }",
    "an endless input": "network n { input x[2] encode poisson(duration = 1000 s) "
    "output y[2] : lif  x -> y : dense } train n { data digits  rule st_rsbp }",
    "a delay without end": "network n { population h[2] : lif  h -> h : dense delay 1e38 ms }",
    "reading a device": "network n { input x[2] encode poisson(duration = 1 ms) "
    'population h[2] : lif x -> h : file(path = "/dev/zero") }',
    "importing a device": 'import "/dev/zero"',
    "importing a name with a NUL": 'import "a\x00b"',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(name: str) -> None:
    feed(HOSTILE[name])


def repeated(statement: str, count: int) -> str:
    """A network in which a statement stands so many times, `{}` in it the number."""
    return "network n {\n" + "".join(statement.format(k) + "\n" for k in range(count)) + "}"


# Of a megabyte each, or as many words as a text may have, or near it.
LARGE = {
    "too many words": "," * 1_000_000,
    "braces that close nothing": "}" * LIMIT,
    "indices": "network n { input x"
    + "[1]" * (LIMIT // 3 - 10)
    + " encode poisson(duration = 1 ms) }",
    "a list": "network n { let a = [" + "1, " * (LIMIT // 2 - 10) + "] }",
    "one expression": "network n { let a = " + "1 + " * (LIMIT // 2 - 10) + "}",
    "constants": repeated("let a{0} = {0}", 50_000),
    "models": "".join(f"neuron a{k} = lif(tau_mem = 3 ms)\n" for k in range(30_000)),
    "states of a model": "neuron m {"
    + "".join(f"state v{k}: mV = 0 mV dv{k}/dt = (i - v{k}) / (1 ms)\n" for k in range(16_000))
    + "spike when v0 > 1 mV }",
    "trains": "network n { population h[2] : lif }" + "train n { }\n" * (LIMIT // 4 - 10),
    "loops on one line": "network n { " + "for k in 0..1 { } " * (LIMIT // 8 - 10) + "}",
    "synapses": "network n { population h[2] : lif  h -> h : list(synapses = ["
    + "[0, 1, 0.5], " * (LIMIT // 8 - 10)
    + "]) }",
    "a module that holds itself": "module m { population h[2] : lif\n"
    + "".join(f"instance a{k} : m\n" for k in range(45_000))
    + "} network n { instance a : m }",
    "names that are not declared": repeated("x -> pop{0} : dense", 45_000),
    "the same name": repeated("let a = {0}", 70_000),
    "syntax errors": repeated("let a = = {0}", 60_000),
    "ports": "neuron m {" + "input p: mV\n" * (LIMIT // 4 - 10) + "}",
    "arguments": "network n { population h[2] : lif("
    + ", ".join(f"a{k} = 1" for k in range(LIMIT // 4 - 10))
    + ") }",
    "parameters": "network n(" + ", ".join(f"a{k}: int = {k}" for k in range(45_000)) + ") { }",
}


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("name", LARGE)
def test_large_texts(name: str) -> None:
    """Seconds for each of check, compile and fmt; the measure is a program of 5 kB, and these are
    200 times as long."""
    feed(LARGE[name], most=1200.0)


@pytest.mark.slow
@pytest.mark.nightly
def test_largest_texts() -> None:
    """Some of all kinds, others every time: seconds for each of check, compile and fmt."""
    seed = time.time_ns()
    kinds = list(largest_texts())
    assert len(kinds) > 500
    for name, text in random.Random(seed).sample(kinds, 15):
        try:
            feed(text, most=1200.0, limits=ALL)
        except Exception as error:
            error.add_note(f"seed {seed}, {name}")
            raise
