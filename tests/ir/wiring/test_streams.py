"""Pieces of random numbers, whoever draws them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snncc.ir.wiring.streams import streams_of

STREAMS = streams_of("a->b", 7, "wiring")


def words(*piece: int) -> list[int]:
    raw = STREAMS.generator(*piece).bit_generator.random_raw(8)
    return np.asarray(raw).tolist()


def test_a_piece_has_numbers_of_its_own() -> None:
    pieces = [words(), words(1), words(2), words(0, 1), words(1, 1)]
    drawn = [word for piece in pieces for word in piece]
    assert len(set(drawn)) == len(drawn)
    assert words(2) == pieces[2]


def test_name_seed_and_purpose_are_keys() -> None:
    others = [("a->c", 7, "wiring"), ("a->b", 8, "wiring"), ("a->b", 7, "weights")]
    keys = {STREAMS.key, *(streams_of(*other).key for other in others)}
    assert len(keys) == 4


def test_threads_return_what_was_drawn_in_its_order() -> None:
    def first(streams) -> list[float]:
        return list(streams.each(lambda k: streams.generator(k).random(), 40))

    assert first(STREAMS) == first(replace(STREAMS, threads=4))
