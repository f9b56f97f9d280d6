"""When Ctrl-C is heeded."""

import signal
import threading

import pytest

from photochrom.cli.interrupts import Interrupts


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


def test_at_once_where_that_is_allowed():
    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt), interrupts.at_once():
        ctrl_c()


def test_put_off_elsewhere():
    with Interrupts() as interrupts:
        interrupts.heed()
        with interrupts.at_once():
            pass
        ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            interrupts.heed()


def test_the_second_one_is_heeded_anywhere():
    with Interrupts():
        ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()


def test_not_inside_a_callback_of_libvips_where_it_would_be_lost():
    space = {"__name__": "pyvips", "ctrl_c": ctrl_c}
    exec("def _log_handler_callback():\n    ctrl_c()", space)
    with Interrupts() as interrupts:
        with interrupts.at_once():
            space["_log_handler_callback"]()
        with pytest.raises(KeyboardInterrupt):
            interrupts.heed()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_being_told_to_end_counts_as_ctrl_c(name):
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip("this system has no such signal")
    # Under nohup the tests themselves are deaf to SIGHUP, which a command rightly leaves so.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with Interrupts() as interrupts:
            with pytest.raises(KeyboardInterrupt), interrupts.at_once():
                signal.raise_signal(number)
            assert interrupts.exit_code == 128 + number
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_the_handler_is_put_back():
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nothing_is_changed_where_somebody_handles_it_or_off_the_main_thread():
    def ours(*_):
        pass

    before = signal.signal(signal.SIGINT, ours)
    try:
        with Interrupts():
            assert signal.getsignal(signal.SIGINT) is ours
    finally:
        signal.signal(signal.SIGINT, before)
    seen = []

    def elsewhere():
        with Interrupts():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
