"""Edges that close cycles."""

from __future__ import annotations

from collections.abc import Sequence


def closing(
    names: Sequence[str], edges: Sequence[tuple[str, str]]
) -> tuple[list[int], list[list[str]]]:
    """The places of the edges that lead back to a node that is still on the way, of a walk from the
    first name on, depth first in the order of the edges; and for each the cycle that it closes.
    Without these edges there is no cycle."""
    leaving: dict[str, list[int]] = {name: [] for name in names}
    for place, (pre, _) in enumerate(edges):
        leaving[pre].append(place)
    done: set[str] = set()
    cut: list[int] = []
    cycles: list[list[str]] = []
    for start in names:
        if start in done:
            continue
        way, left = [start], [iter(leaving[start])]
        on_way = {start: 0}
        while way:
            place = next(left[-1], -1)
            if place < 0:
                done.add(way[-1])
                del on_way[way.pop()]
                left.pop()
                continue
            post = edges[place][1]
            if post in on_way:
                cut.append(place)
                cycles.append(way[on_way[post] :])
            elif post not in done:
                on_way[post] = len(way)
                way.append(post)
                left.append(iter(leaving[post]))
    return cut, cycles
