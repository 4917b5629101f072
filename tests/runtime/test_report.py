import io
from dataclasses import replace

from rich.console import Console

from snncc.runtime.report import Display, epoch_line, facts, figures_table, rates_table
from snncc.runtime.training.activity import Rates
from snncc.runtime.training.figures import figures
from snncc.runtime.training.history import EpochRecord
from snncc.runtime.training.loop import Moment

RATES = (Rates("h", 12.25, 0.5, 0.0, 0.1),)
RECORD = EpochRecord(2, 1e-3, 0.5, 91.25, 0.75, 2.0, 3000.0, RATES)


def drawn(is_terminal):
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=120, height=20)
    told = []
    with Display(console, True, lambda *epoch: told.append(epoch), lambda: True) as report:
        for done in (10, 20):
            report.moment(Moment("train", 1, 3, done, 20, 0.5, 7.25, RATES))
        report.moment(Moment("test", 1, 3, 5, 5, 0.75, 0.0))
        report.epoch(RECORD, ("beware",))
        assert report.wants_stop()
    return console.file.getvalue(), told


def test_a_terminal_gets_a_bar():
    text, told = drawn(True)
    assert "train 1/3" in text
    assert "test 1/3" in text
    assert "accuracy 75.00%" in text
    assert told == [(RECORD, ("beware",))]


def test_a_file_gets_none():
    text, told = drawn(False)
    assert text.strip() == ""
    assert told


def test_lines():
    assert (
        facts(Moment("train", 1, 3, 1, 2, 0.5, 7.25, RATES))
        == "accuracy 50.00%  loss 7.25  h 12 Hz"
    )
    line = epoch_line(RECORD, 3)
    assert line.startswith("epoch 2/3  test 75.00%  train 50.00%  loss 91.2")
    assert "h 12" in line
    held = replace(RECORD, holdout_accuracy=0.7)
    assert epoch_line(held, 3).startswith("epoch 2/3  hold-out 70.00%  test 75.00%  train")


def test_tables():
    console = Console(file=io.StringIO(), width=80)
    console.print(rates_table(RATES))
    console.print(figures_table(figures((RECORD, replace(RECORD, epoch=3, test_accuracy=0.5)))))
    text = " ".join(console.file.getvalue().split())
    assert rates_table(()) == "no population fires: all of them send numbers"
    assert "50.0%" in text
    assert "mean of last 5 62.50% 2 to 3" in text
    assert "best on test 75.00% 2" in text
