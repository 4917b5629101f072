from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snncc.frontend.style.format import format_text
from snncc.frontend.syntax.lexer import words
from snncc.frontend.syntax.parser import parse
from snncc.ir.diagnostics import CompileError, Source

ROOT = Path(__file__).parent.parent.parent.parent
PROGRAMS = sorted([*ROOT.glob("examples/*.snn"), *ROOT.glob("frontend/prelude/*.snn")])


def formatted(text: str) -> str:
    return format_text(Source("t.snn", text))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_our_own_programs_are_in_standard_form(path: Path) -> None:
    assert formatted(path.read_text()) == path.read_text()


def test_a_ragged_program() -> None:
    ragged = """


# a comment
network   n( hidden:int=400 ,w : text="paper" ){


  dt=1ms   # step
     delay =  2 ms# late
  neuron cell=lif( tau_mem=64ms   trainable,v_th= -1 mV fixed )
  input image [28,28] encode poisson(duration=400ms)
  population   h [k in 0 .. n-1] [hidden] :cell (v_th=20 mV)  method   exact
  output digit[10]:cell


  image->h[0]:dense( init=uniform( -1,1 ) )
  h[0].exc   -> digit  : expression( where=abs(i-j)<=2 and not(i==j),
  weight = 2*-i^2 ) delay   1 ms trainable ( lr_mult=0.5 ,)   as  q [ 3 ]
  for k in 0..n-1{a->b:dense}
  a->b:pool2d(kernel=2)fixed   then
  dense   delay 1ms

  }
train n{
data digits rule st_rsbp( target=35 )
   epochs 3   boost   on
dropout h [n-1] (p=0.2)   dropout c[0] . h( p=0.1 )
}
deploy n{
scale   neuron method mse    guard   -2 floor - 5mV
 h[0]->digit bits  8
   image -> h[ 0 ].i bits hidden-1   state_bits 16
}
neuron m{
param tau : ms=20ms
param k:1/( mV * ms )=3 / 1 mV / 1ms   trainable ( shared=true,low = 1 / 1mV / 1 ms )
input  exc : mV
state v:mV=0mV
dv / dt=-v/tau
on spike{v=0mV   v = 1 mV}  emit   -v
refractory   refractory{v=0 mV}
spike   when v>1mV
}
"""
    assert (
        formatted(ragged)
        == """\
# a comment
network n(hidden: int = 400, w: text = "paper") {
  dt = 1 ms     # step
  delay = 2 ms  # late
  neuron cell = lif(tau_mem = 64 ms trainable, v_th = -1 mV fixed)
  input      image[28, 28]            encode poisson(duration = 400 ms)
  population h[k in 0..n - 1][hidden] : cell(v_th = 20 mV)  method exact
  output     digit[10]                : cell

  image -> h[0] : dense(init = uniform(-1, 1))
  h[0].exc -> digit : expression(where = abs(i - j) <= 2 and not (i == j),
      weight = 2 * -i^2)  delay 1 ms  trainable(lr_mult = 0.5,)  as q[3]
  for k in 0..n - 1 { a -> b : dense }
  a -> b : pool2d(kernel = 2)  fixed then
      dense  delay 1 ms
}
train n {
  data digits  rule st_rsbp(target = 35)
  epochs 3  boost on
  dropout h[n - 1](p = 0.2)  dropout c[0].h(p = 0.1)
}
deploy n {
  scale neuron  method mse  guard -2  floor -5 mV
  h[0] -> digit bits 8
  image -> h[0].i bits hidden - 1  state_bits 16
}
neuron m {
  param tau: ms = 20 ms
  param k: 1/(mV*ms) = 3 / 1 mV / 1 ms trainable(shared = true, low = 1 / 1 mV / 1 ms)
  input exc: mV
  state v: mV = 0 mV
  dv/dt = -v / tau
  on spike { v = 0 mV  v = 1 mV }  emit -v
  refractory refractory { v = 0 mV }
  spike when v > 1 mV
}
"""
    )


def test_sources_and_inputs_in_a_unit_stand_in_columns_with_populations() -> None:
    ragged = """network n {
  source bg[ 3 ]:poisson( rate=8 kHz )
  input I[3]:nA  encode current(duration=5 ms)
  population cells[3]:cell
}
neuron cell { input exc : mV }
"""
    assert (
        formatted(ragged)
        == """network n {
  source     bg[3]    : poisson(rate = 8 kHz)
  input      I[3]     : nA encode current(duration = 5 ms)
  population cells[3] : cell
}
neuron cell { input exc: mV }
"""
    )


def test_the_unit_of_a_weight_stands_as_that_of_a_state() -> None:
    text = "synapse s {\n  state a: 1 = 0\n  weight : nS\n  on pre { emit weight }\n}\n"
    assert format_text(Source("s.snn", text)) == text.replace("weight :", "weight:")


def test_blank_lines_and_comments_are_kept() -> None:
    text = (
        "# one\n\n\n\n# two\nnetwork n {\n\n  # three\n  dt = 1 ms\n\n  # four\n}  # five\n# six\n"
    )
    assert formatted(text) == (
        "# one\n\n# two\nnetwork n {\n  # three\n  dt = 1 ms\n\n  # four\n}  # five\n# six\n"
    )


def test_nothing_comes_of_nothing() -> None:
    assert formatted("") == ""
    assert formatted("\n\n \n") == ""


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(CompileError):
        formatted("network {")


def scrambled(text: str, draw: random.Random) -> str:
    """The same words with other blanks, line ends and comments between them."""
    source = Source("t.snn", text)
    pieces: list[str] = []
    last = None
    for token in words(source):
        between = text[last.span.end if last else 0 : token.span.start]
        glue = "" if not between and draw.random() < 0.5 else draw.choice([" ", "\t", "   "])
        # A line end may go anywhere but between a number and a name on its line, which it
        # would part; a comment ends the line.
        if "\n" in between or (last is not None and last.type == "COMMENT"):
            glue = draw.choice(["\n", "\n\n\n", "  \n ", "\r\n", " # noise\n"])
        elif last is not None and last.type in ("_COMMA", "_LBRACE", "_ARROW", "_EQ"):
            glue = draw.choice(["", " ", "\n", " # c\n"])
        pieces += [glue or (" " if between else ""), token.text]
        last = token
    return "".join(pieces)


@given(st.sampled_from(PROGRAMS), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_any_layout_keeps_its_tree_and_comments(path: Path, seed: int) -> None:
    text = scrambled(path.read_text(), random.Random(seed))
    tree, mistakes = parse(Source("t.snn", text))
    assert mistakes == ()
    once = formatted(text)
    assert formatted(once) == once
    assert parse(Source("t.snn", once))[0] == tree
    assert comments(once) == comments(text)


def comments(text: str) -> list[str]:
    return [t.text.rstrip() for t in words(Source("t.snn", text)) if t.type == "COMMENT"]


@pytest.mark.parametrize(
    "declared", ["not not int", "mV and not ms", "int or true", "not 1", "1 / ms", "mV*ms"]
)
def test_words_of_a_unit_stay_words(declared: str) -> None:
    text = f"network n(a: {declared} = 3) {{ }}\n"
    assert parse(Source("t.snn", formatted(text))) == parse(Source("t.snn", text))


@pytest.mark.parametrize("space", ["", " # and more"])
def test_a_text_that_would_say_something_else_is_not_given(
    space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snncc.frontend.style.spacing._gap", lambda *around: space)
    with pytest.raises(RuntimeError, match="formatting would change"):
        formatted("network n { let a = 1  let b = 2 } # c\n")


def test_a_very_wide_line_widens_no_column() -> None:
    """All lines beside it were padded to its width: of 1 MB could become gigabytes."""
    wide = " + ".join(["1"] * 90) + " mV"
    lines = [f"  state v{k}: mV = 0 mV # {k}" for k in range(1500)]
    text = "\n".join(["neuron n {", *lines, f"  state w: mV = {wide} # w", "  emit v0", "}"])
    found = format_text(Source("t.snn", text))
    assert len(found) < 2 * len(text)
    assert format_text(Source("t.snn", found)) == found
    rows = found.splitlines()[1:1501]
    assert {row.index("#") for row in rows} == {rows[0].index("#")}
