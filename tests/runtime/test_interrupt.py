import os
import signal

import pytest

from snncc.runtime.interrupt import SIGNALS, stop_wish


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_is_a_wish(number):
    with stop_wish() as wish:
        assert not wish.is_wanted
        os.kill(os.getpid(), number)
        assert wish.is_wanted


@pytest.mark.parametrize("number", SIGNALS)
def test_ctrl_c_after_a_wish_interrupts(number):
    with stop_wish():
        os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_or_a_scheduler_that_ends_may_say_so_twice(number):
    with stop_wish() as wish:
        for _ in range(2):
            os.kill(os.getpid(), number)
        assert wish.is_wanted


def test_what_was_before_comes_back():
    before = {number: signal.getsignal(number) for number in SIGNALS}
    with stop_wish():
        assert signal.getsignal(signal.SIGINT) is not before[signal.SIGINT]
    assert before == {number: signal.getsignal(number) for number in SIGNALS}


def test_the_end_of_a_terminal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_wish() as wish:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not wish.is_wanted
    finally:
        signal.signal(signal.SIGHUP, before)
