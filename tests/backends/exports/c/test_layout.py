"""The struct of a network's state."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from integer_cases import drawn_integers

from snncc.backends.exports.c.header import header
from snncc.backends.exports.c.layout import layout_of


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: apt install gcc")
def test_a_compiler_takes_as_many_bytes(tmp_path) -> None:
    lines = ["#include <stdint.h>"]
    for seed in range(8):
        graph, name = drawn_integers(seed).graph, f"net_{seed}"
        layout = layout_of(graph)
        text = header(graph, "d", layout.fields).replace("net_state", name)
        lines.append(text[text.index("typedef") : text.index("/* The state before")])
        lines.append(f"typedef char size_{seed}[sizeof({name}) == {layout.bytes} ? 1 : -1];")
    (tmp_path / "all.c").write_text("\n".join(lines))
    done = subprocess.run(["gcc", "-fsyntax-only", "all.c"], cwd=tmp_path, capture_output=True)
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_members_have_names_of_their_own() -> None:
    for seed in range(20):
        fields = [field.name for field in layout_of(drawn_integers(seed).graph).fields]
        assert len(set(fields)) == len(fields)
