"""How a neuron fires in C: once a step, up to so often in a step, or after an event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def once(spike: str, after: Iterable[str], spikes: str) -> Iterator[str]:
    """At the end of a step; `spikes` is where it is noted."""
    yield f"const int spiked = {spike};"
    yield from after
    yield f"{spikes} = (uint8_t)spiked;"


def often(
    spike: str, again: Iterable[str], closing: Iterable[str], spikes: str, already: str, most: int
) -> Iterator[str]:
    """At the end of a step, as long as the threshold holds and there were fewer than `most`."""
    yield f"int round, spiked, count = {already};"
    yield f"for (round = 0; round < {most}; round++) {{"
    yield f"    spiked = count < {most} && {spike};"
    yield from (f"    {line}" for line in again)
    yield "    count += spiked;"
    yield "}"
    yield "spiked = count > 0;"
    yield "(void)spiked;"
    yield from closing
    yield f"{spikes} = (uint8_t)count;"


def after_event(spike: str, again: Iterable[str], spikes: str, most: int) -> Iterator[str]:
    """After an event."""
    yield f"const int spiked = {spikes} < {most} && {spike};"
    yield from again
    yield f"{spikes} = (uint8_t)({spikes} + spiked);"
