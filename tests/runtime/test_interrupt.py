import os
import signal

import pytest

from snncc.runtime.interrupt import stop_wish


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_a_wish_the_second_an_interruption(number):
    with stop_wish() as wish:
        assert not wish.is_wanted
        os.kill(os.getpid(), number)
        assert wish.is_wanted
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


def test_what_was_before_comes_back():
    before = signal.getsignal(signal.SIGINT)
    with stop_wish():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
