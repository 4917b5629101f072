import os
from pathlib import Path

import pytest

from snncc.runtime.datasets.table import DATASETS

DATA = Path(os.environ.get("SNNCC_DATA", "")).absolute()
real = pytest.mark.skipif(not (DATA / "mnist").is_dir(), reason="SNNCC_DATA names no such data")


def test_list_is_what_comes_without_a_word(answer):
    (document,) = answer("datasets")
    assert [row["name"] for row in document["datasets"]] == list(DATASETS)
    assert answer("datasets", "list") == [document]


def test_flags_may_stand_before_the_command(snncc):
    for command in ("list", "verify"):
        before = snncc("datasets", "--json", command)
        assert before == snncc("datasets", command, "--json")
        assert before[1].startswith("{")
    assert snncc("datasets", "--quiet", "list") == (0, "", "")


def test_what_was_found_is_told(answer):
    (document,) = answer("datasets")
    assert document["datasets"][1]["found"] == "not yet"


def test_for_people(snncc):
    status, out, _ = snncc("datasets")
    assert status == 0
    assert "fashion_mnist" in out


@real
@pytest.mark.parametrize("command", ["fetch", "verify"])
def test_what_is_here_is_verified(answer, monkeypatch, command):
    monkeypatch.setenv("SNNCC_DATA", str(DATA))
    (document,) = answer("datasets", command, "mnist")
    assert len(document["files"]) == 4


def test_verify_names_what_is_missing(snncc):
    status, _, err = snncc("datasets", "verify", "mnist")
    assert status == 1
    assert "snncc datasets fetch mnist" in err
    assert snncc("datasets", "verify")[0] == 0


def test_a_changed_file_is_found_out(snncc, tmp_path, monkeypatch):
    monkeypatch.setenv("SNNCC_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\1\0\0\0\0")
    status, _, err = snncc("datasets", "verify")
    assert status == 1
    assert "published checksum" in err


@pytest.mark.parametrize(("name", "help_line"), [("digits", "ships"), ("csv", "yours")])
def test_nothing_to_fetch(snncc, name, help_line):
    status, _, err = snncc("datasets", "fetch", name)
    assert status == 1
    assert help_line in err
