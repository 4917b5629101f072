"""When a teacher or a target cannot work, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.rules.spike_train.teacher import Lesson, teacher_warnings
from snncc.ir.diagnostics import Diagnostic

PROGRAM = """\
network n(steps: int = 100, target: real = 35, rest: ms = 2 ms, dt: ms = 1 ms) {{
  dt = dt
  {input}
  output y[2] : lif(refractory = rest)
  {more}
}}
train n {{
  data digits
  rule st_rsbp(target = target, {loss})
}}
"""
INPUT = "input x[2] encode bernoulli(duration = steps * dt)  x -> y : dense delay dt"


def warnings(
    feed: str = INPUT, more: str = "", loss: str = "other = 0, margin = 0", **defines: float | str
) -> tuple[Diagnostic, ...]:
    program = compiled_text(PROGRAM.format(input=feed, more=more, loss=loss), **defines)
    assert program.train is not None
    return teacher_warnings(program.graph, program.train)


def test_a_teacher_within_the_refractory_time() -> None:
    (warning,) = warnings(target=34)
    assert warning.code == "W050"
    assert warning.message == (
        "a silent `y` is taught a spike every 2 steps, but cannot fire for 2 steps after each"
    )
    assert warning.help == (
        "the largest target that works is 33; for this one, let the input last 102 ms"
    )
    assert warning.label == "target = 34"
    assert warning.span is not None
    assert warning.span.source.text[warning.span.start - 6 :].startswith("train n")
    (note,) = warning.related
    assert note.label == "refractory for 2 steps"


def test_a_count_out_of_reach() -> None:
    assert warnings(target=35)[0].message.endswith(
        "2 steps after each; 100 steps have room for 34 spikes of `y` at most"
    )
    (warning,) = warnings(target=101, rest="0 ms")
    assert warning.message == "100 steps have room for 100 spikes of `y` at most"
    assert warning.related == ()


@pytest.mark.parametrize("target", [0.5, 1])
def test_a_teacher_without_a_spike(target: float) -> None:
    (warning,) = warnings(target=target)
    assert "taught no spike" in warning.message
    assert warning.help == "choose a target of at least 2"


def test_an_input_too_short_for_any_target() -> None:
    assert warnings(steps=5)[0].help == "let the input last 105 ms"


def test_time_is_in_steps_of_dt() -> None:
    assert warnings(target=15, steps=100) == ()
    (warning,) = warnings(target=15, steps=100, dt="0.5 ms", rest="3 ms")
    assert "every 6 steps, but cannot fire for 6 steps" in warning.message
    assert warning.help == (
        "the largest target that works is 14; for this one, let the input last 52.5 ms"
    )


@pytest.mark.parametrize("rest", range(4))
@pytest.mark.parametrize("steps", [7, 40, 99, 100])
def test_the_way_out_is_one(rest: int, steps: int) -> None:
    """Every warning's larger duration and smaller target are those at which it falls silent."""
    for target in (2, 3, 7.5, 20, 35, 150):
        lesson = Lesson(steps, target, rest)
        works = not warnings(steps=steps, target=target, rest=f"{rest} ms")
        assert works == (steps >= lesson.needed)
        if lesson.largest >= 2:
            assert (
                works == (target <= lesson.largest) or lesson.largest < target < lesson.largest + 1
            )
            assert not warnings(steps=steps, target=lesson.largest, rest=f"{rest} ms")
        assert not warnings(steps=lesson.needed, target=target, rest=f"{rest} ms")


@pytest.mark.parametrize("steps", [9, 100])
@pytest.mark.parametrize("rest", range(3))
def test_the_most_spikes_are_those_of_a_neuron_that_fires_whenever_it_can(
    steps: int, rest: int
) -> None:
    assert Lesson(steps, 35.0, rest).most == len(np.arange(0, steps, rest + 1))


def test_counts_that_are_right_for_every_class() -> None:
    (warning,) = warnings(target=4, loss="other = 1")
    assert warning.message == (
        "an output neuron that fires 0 to 6 spikes costs nothing, be it the label's or not "
        "(target = 4.0, other = 1.0, margin = 5.0), so a network that stays silent learns nothing"
    )
    (warning,) = warnings(target=15, loss="other = 6, margin = 5")
    assert "fires 10 to 11 spikes" in warning.message
    assert "silent" not in warning.message
    assert warnings(target=15, loss="other = 5, margin = 4") == ()


def test_networks_that_no_rule_trains_are_left_alone() -> None:
    assert warnings(more="output z[2] : lif  x -> z : dense delay dt") == ()
    assert warnings(feed="") == ()
