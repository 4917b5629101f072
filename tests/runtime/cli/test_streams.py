"""Outputs that nobody reads, that are full, closed, or of a small encoding."""

import io
import os
import signal
import sys

import pytest

from snncc.runtime.cli.app import main
from snncc.runtime.cli.streams import Lost, Stream


def broken():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full():
    return os.open("/dev/full", os.O_WRONLY)


BAD = pytest.mark.parametrize("output", [broken, full])


@BAD
def test_a_needed_output_that_is_lost_says_so_once(output):
    stream = Stream(os.fdopen(output(), "w"), True)
    stream.write("results\n")
    with pytest.raises(Lost):
        stream.flush()
    stream.write("more\n")
    stream.close()


@BAD
def test_what_is_beside_the_results_is_lost_in_silence(output):
    with Stream(os.fdopen(output(), "w"), False) as stream:
        for _ in range(2):
            assert stream.write("a remark\n") == 9
            stream.flush()
        assert os.path.samestat(os.fstat(stream.fileno()), os.stat(os.devnull))


def test_characters_that_an_encoding_lacks_are_escaped():
    content = io.BytesIO()
    stream = Stream(io.TextIOWrapper(content, "ascii"), True)
    stream.write("tau = 20 µs\n")
    stream.flush()
    assert content.getvalue() == b"tau = 20 \\xb5s\n"


@pytest.fixture
def process(monkeypatch, tmp_path):
    """The whole program, with these outputs; its exit status and what it said on stderr."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.chdir(tmp_path)

    def run(words, out, err=None):
        handle = os.open("told", os.O_RDWR | os.O_CREAT | os.O_TRUNC) if err is None else err
        for name, number in (("stdout", out), ("stderr", handle)):
            monkeypatch.setattr(sys, name, None if number is None else os.fdopen(number, "w"))
        monkeypatch.setattr(sys, "argv", ["snncc", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        sys.stderr.flush()
        return caught.value.code, (tmp_path / "told").read_text() if err is None else ""

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


RESULTS = [("--help",), ("--version",), ("targets",), ("targets", "--json"), ("train", "--help")]


@pytest.mark.parametrize("words", RESULTS, ids=" ".join)
def test_a_reader_that_has_gone_ends_the_program_as_it_does_others(process, words):
    assert process(words, broken()) == (141, "")


@pytest.mark.parametrize("words", RESULTS, ids=" ".join)
def test_a_full_disk_is_told(process, words):
    status, told = process(words, full())
    assert status == 1
    assert told.startswith("error[E063]: cannot write the results: No space left on device\n")


@BAD
@pytest.mark.parametrize(("words", "status"), [(("check", "no.snn"), 1), (("nothing",), 2)])
def test_the_exit_status_says_what_stderr_cannot(process, output, words, status):
    null = os.open(os.devnull, os.O_WRONLY)
    assert process(words, null, output()) == (status, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_as_an_exception_does(process, number):
    process(("--version",), os.open(os.devnull, os.O_WRONLY))
    with pytest.raises(SystemExit) as caught:
        os.kill(os.getpid(), number)
    assert caught.value.code == 128 + number
