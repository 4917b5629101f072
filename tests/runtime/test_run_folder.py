import pytest

from snncc.ir.diagnostics import CompileError
from snncc.runtime.run_folder import (
    CHECKPOINTS,
    HISTORY,
    RUN,
    clear,
    free_folder,
    read_run,
    refuse_occupied,
    write_start,
)


def test_every_start_is_noted(tmp_path):
    for k in range(2):
        write_start(tmp_path, {"seed": k}, {"command": [str(k)]})
    document = read_run(tmp_path)
    assert document["options"] == {"seed": 1}
    assert [s["command"] for s in document["sessions"]] == [["0"], ["1"]]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sessions": 1, "options": {}}', "[" * 99_999])
def test_a_damaged_note(tmp_path, text):
    (tmp_path / RUN).write_text(text)
    with pytest.raises(CompileError, match="is damaged"):
        read_run(tmp_path)


def test_clearing_takes_only_what_a_run_left(tmp_path):
    (tmp_path / CHECKPOINTS).mkdir()
    for name in (RUN, HISTORY, "mine.txt"):
        (tmp_path / name).touch()
    clear(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    clear(tmp_path / "nowhere")


def test_folders_that_are_free(tmp_path):
    assert free_folder(tmp_path / "a").name == "a"
    (tmp_path / "a").mkdir()
    (tmp_path / "a-2").mkdir()
    assert free_folder(tmp_path / "a").name == "a-3"


def test_an_occupied_folder(tmp_path):
    refuse_occupied(tmp_path)
    (tmp_path / RUN).touch()
    with pytest.raises(CompileError, match="holds a training run already"):
        refuse_occupied(tmp_path)
