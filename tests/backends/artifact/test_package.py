import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from snncc.backends.artifact import manifest
from snncc.backends.artifact.manifest import NAME, Manifest, encode
from snncc.backends.artifact.package import read_package, write_package
from snncc.backends.artifact.storage import write_file

MEMBERS = {"weights.safetensors": b"\0\1\2", "k/a.py": b"x = 1\n"}


@pytest.fixture(params=["net.snnpkg", "net"])
def path(request, tmp_path):
    written = tmp_path / request.param
    write_package(written, "model", {"seed": 3}, MEMBERS)
    return written


def unread(path, kind="model"):
    return refused("E060", read_package, path, kind)


def test_round_trip(path):
    found, members = read_package(path, "model")
    assert (found.kind, found.facts, members) == ("model", {"seed": 3}, MEMBERS)


def test_another_kind_is_refused(path):
    assert "a checkpoint is needed" in unread(path, "checkpoint").message


def test_writing_again_replaces(path):
    write_package(path, "model", {"seed": 4}, {"a": b""})
    assert read_package(path, "model")[1] == {"a": b""}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_changed_byte_of_a_folder_is_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("p") / "net"
    write_package(path, "model", {"seed": 3}, MEMBERS)
    before = sorted(p.name for p in path.rglob("*"))
    file = path / data.draw(st.sampled_from([*MEMBERS, NAME]))
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    unread(path)
    assert sorted(p.name for p in path.rglob("*")) == before


def test_a_member_that_is_not_listed_is_refused(tmp_path):
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    (tmp_path / "net" / "more.py").write_text("print()")
    assert "more.py" in unread(tmp_path / "net").message


def test_a_changed_fact_is_refused(tmp_path):
    write_package(tmp_path / "net", "model", {"seed": 3}, MEMBERS)
    file = tmp_path / "net" / NAME
    file.write_text(file.read_text().replace('"seed": 3', '"seed": 4'))
    assert "manifest is damaged" in unread(tmp_path / "net").message


def test_a_changed_member_is_named(tmp_path):
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    (tmp_path / "net" / "k" / "a.py").write_bytes(b"x = 2\n")
    assert "`k/a.py` has a wrong size or checksum" in unread(tmp_path / "net").message


def test_a_missing_member_is_refused(tmp_path):
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    (tmp_path / "net" / "k" / "a.py").unlink()
    unread(tmp_path / "net")


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    secret = tmp_path / "secret"
    secret.write_bytes(MEMBERS["k/a.py"])
    (tmp_path / "net" / "k" / "a.py").unlink()
    (tmp_path / "net" / "k" / "a.py").symlink_to(secret)
    assert "plain file" in unread(tmp_path / "net").message


def test_a_fifo_does_not_hang(tmp_path):
    write_package(tmp_path / "net", "model", {}, {"a": b""})
    (tmp_path / "net" / "a").unlink()
    os.mkfifo(tmp_path / "net" / "a")
    unread(tmp_path / "net")


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b"])
def test_names_out_of_the_folder_are_refused(tmp_path, name):
    write_file(tmp_path / "net" / NAME, encode(Manifest("model", "1", {}, 2), {name: b"1"}))
    (tmp_path / "out").write_bytes(b"1")
    assert "member of the name" in unread(tmp_path / "net").message


def test_an_unknown_format_is_named(tmp_path):
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    document = json.loads((tmp_path / "net" / NAME).read_text())
    (tmp_path / "net" / NAME).write_text(json.dumps({**document, "format": 9}))
    assert "format is 9" in unread(tmp_path / "net").message


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"members": 3}', "\xff", "NaN"])
def test_a_manifest_that_is_none(tmp_path, text):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / NAME).write_bytes(text.encode("latin-1"))
    unread(tmp_path / "net")


def strangers_refuse(path):
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    assert "not overwritten" in refused("E063", write_package, path, "model", {}, MEMBERS).message
    assert before == {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_strangers_are_not_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    strangers_refuse(tmp_path / "mine")
    (tmp_path / "file").touch()
    strangers_refuse(tmp_path / "file")


ENTRY = '{"members": {"src/main.js": {"bytes": 1, "sha256": ""}}, "format": 1, "kind": "model"}'


@pytest.mark.parametrize("text", ["{}", "[]", "", "{", '{"members": {}}', ENTRY, "[" * 100_000])
def test_a_strangers_manifest_does_not_make_a_package(tmp_path, text):
    (tmp_path / "ext" / "src").mkdir(parents=True)
    (tmp_path / "ext" / NAME).write_text(text)
    (tmp_path / "ext" / "src" / "main.js").write_text("x")
    strangers_refuse(tmp_path / "ext")
    (tmp_path / "ext" / "src" / "main.js").unlink()
    strangers_refuse(tmp_path / "ext")


def test_a_strangers_file_in_a_package_is_not_lost(tmp_path):
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    (tmp_path / "net" / "k" / "notes.txt").write_text("x")
    strangers_refuse(tmp_path / "net")


def test_a_strangers_folder_behind_a_link_in_a_package_is_not_lost(tmp_path):
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    (tmp_path / "net" / "k").rename(tmp_path / "k")
    (tmp_path / "net" / "k").symlink_to(tmp_path / "k")
    strangers_refuse(tmp_path / "net")


def test_a_package_that_was_cut_short_can_be_written_again(tmp_path):
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    (tmp_path / "net" / "k" / "a.py").unlink()
    (tmp_path / "net" / "weights.safetensors").write_bytes(b"old")
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    assert read_package(tmp_path / "net", "model")[1] == MEMBERS


def test_a_package_of_a_newer_format_is_a_package(tmp_path, monkeypatch):
    monkeypatch.setitem(manifest.FORMATS, "model", 99)
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    monkeypatch.undo()
    write_package(tmp_path / "net", "model", {}, {"a": b""})
    assert read_package(tmp_path / "net", "model")[1] == {"a": b""}


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "net").mkdir()
    write_package(tmp_path / "net", "model", {}, MEMBERS)
    assert read_package(tmp_path / "net", "model")[1] == MEMBERS


def test_what_is_not_there(tmp_path):
    refused("E063", read_package, tmp_path / "none.snnpkg", "model")
