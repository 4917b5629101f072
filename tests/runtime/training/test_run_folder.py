from dataclasses import replace

import numpy as np
import pytest
from refusal import refused

from snncc.backends.artifact.model import open_model
from snncc.ir.deploy.choices import DeploySpec
from snncc.runtime.loading import Options, load_package
from snncc.runtime.summary import summarize
from snncc.runtime.training.history import read_history
from snncc.runtime.training.run_folder import (
    CHECKPOINTS,
    HISTORY,
    LAST,
    MODEL,
    RUN,
    RunFolder,
    clear,
    free_folder,
    read_run,
    refuse_occupied,
    refuse_strangers,
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
    assert "is damaged" in refused("E060", read_run, tmp_path).message


def test_clearing_takes_only_what_a_run_left(tmp_path):
    (tmp_path / CHECKPOINTS).mkdir()
    for name in (RUN, HISTORY, "mine.txt"):
        (tmp_path / name).touch()
    (tmp_path / CHECKPOINTS / "000001-0000000000.snnpkg").touch()
    clear(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    clear(tmp_path / "nowhere")


def test_clearing_leaves_strangers_among_the_checkpoints(tmp_path):
    (tmp_path / CHECKPOINTS).mkdir()
    for name in ("000001-0000000000.snnpkg", "thesis.tex"):
        (tmp_path / CHECKPOINTS / name).touch()
    clear(tmp_path)
    assert [p.name for p in (tmp_path / CHECKPOINTS).iterdir()] == ["thesis.tex"]


def test_clearing_that_is_cut_short_can_be_done_again(tmp_path, monkeypatch):
    for name in (RUN, HISTORY):
        (tmp_path / name).write_text('{"options": {}, "sessions": []}')
    (tmp_path / LAST).mkdir()
    assert "cannot write" in refused("E063", clear, tmp_path).message
    refuse_strangers(tmp_path)


@pytest.mark.parametrize("name", [HISTORY, MODEL, LAST, f"{CHECKPOINTS}/000001-0000000000.snnpkg"])
def test_a_strangers_file_of_that_name_is_not_replaced(tmp_path, name):
    (tmp_path / CHECKPOINTS).mkdir()
    (tmp_path / name).touch()
    for refuse in (refuse_occupied, refuse_strangers):
        assert "not the folder of a training run" in refused("E063", refuse, tmp_path).message


def test_a_strangers_run_json_is_not_replaced(tmp_path):
    (tmp_path / RUN).write_text('{"scripts": {}}')
    assert "is damaged" in refused("E060", refuse_strangers, tmp_path).message


def test_folders_that_are_free(tmp_path):
    assert free_folder(tmp_path / "a").name == "a"
    (tmp_path / "a").mkdir()
    (tmp_path / "a-2").mkdir()
    assert free_folder(tmp_path / "a").name == "a-3"


def test_an_occupied_folder(tmp_path):
    refuse_occupied(tmp_path)
    (tmp_path / RUN).touch()
    assert "holds a training run already" in refused("E063", refuse_occupied, tmp_path).message


def test_the_best_models_epoch_is_kept(tmp_path, learning, tiny, perceptron_target):
    progress = learning.run(learning.trainer())
    model = load_package(tiny, Options()).model
    trainer = perceptron_target(model.graph, model)
    asked, data = DeploySpec({"bits": 5}), learning.course.spec.call("data")
    folder = RunFolder(tmp_path, "abc", model, "cpu", data, deploy=asked)
    records = [replace(progress.history[0], test_accuracy=a) for a in (0.5, 0.75, 0.6)]
    models = []
    for epoch in range(1, 4):
        trainer.matrix += np.float32(1)
        now = replace(progress, epoch=epoch, history=tuple(records[:epoch]))
        folder.epoch(trainer, now, {})
        models.append((tmp_path / LAST).read_bytes())
    assert (tmp_path / MODEL).read_bytes() == models[1]
    assert open_model(tmp_path / LAST).deploy == asked
    assert len(read_history(tmp_path / HISTORY)) == 3
    found = folder.latest()
    assert found is not None
    assert found.progress.epoch == 3


def test_models_have_the_averaged_weights_and_checkpoints_those_that_learn(
    tmp_path, learning, tiny, perceptron_target
):
    progress = learning.run(learning.trainer())
    model = load_package(tiny, Options()).model
    trainer = perceptron_target(model.graph, model)
    learnt = trainer.matrix.copy()
    folder = RunFolder(tmp_path, "abc", model, "cpu", learning.course.spec.call("data"))
    folder.epoch(trainer, progress, {"weights/w": np.full_like(learnt, 0.25)})
    assert (open_model(tmp_path / LAST).model.weights(trainer.name) == 0.25).all()
    found = folder.latest()
    assert found is not None
    np.testing.assert_array_equal(found.state["weights/w"], learnt)
    np.testing.assert_array_equal(trainer.matrix, learnt)


def test_models_have_the_parameters_that_learn(tmp_path, learning, tiny, perceptron_target):
    tiny.write_text(tiny.read_text().replace("lif()", "lif(v_th = 2 mV trainable)"))
    progress = learning.run(learning.trainer())
    model = load_package(tiny, Options()).model
    trainer = perceptron_target(model.graph, model)
    learnt = np.linspace(1, 3, 10, dtype=np.float32)
    trainer.parameters = lambda: {"digit/v_th": learnt}
    folder = RunFolder(tmp_path, "abc", model, "cpu", learning.course.spec.call("data"))
    folder.epoch(trainer, progress, {})
    found = open_model(tmp_path / LAST).model
    np.testing.assert_array_equal(found.values["digit/v_th"].array, learnt)
    (_, digit) = summarize(found).populations
    assert digit["parameters"]["v_th"] == [1.0, 3.0]
    assert digit["learnt"] == {"v_th": {"each": "neuron", "lr_mult": 1.0}}
