"""Signals that this process sends to itself; what needs one of its own is in tests/runtime/test_watcher.py."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context

import pytest

from seco.runtime.signals import Stopped, deferred, listen

STATUSES = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGUSR1: 138}


def ask(number: int = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


def stop(work: Callable[[], object]) -> Stopped:
    """Do work that is asked to stop; return what it raises."""
    with pytest.raises(Stopped) as caught, listen():
        work()
    return caught.value


@contextmanager
def handled(number: int, handler: Callable[..., object] | signal.Handlers) -> Iterator[None]:
    former = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, former)


@pytest.mark.parametrize("number", STATUSES)
def test_a_signal_raises_with_its_status_at_once(number: signal.Signals) -> None:
    reached: list[str] = []

    def work() -> None:
        ask(number)
        time.sleep(30)
        reached.append("end")

    stopped = stop(work)
    assert str(stopped) == f"stopped ({number.name})"
    assert stopped.status == STATUSES[number]
    assert not reached
    assert not isinstance(stopped, Exception)


def test_everything_is_put_back_afterwards() -> None:
    handlers = [signal.getsignal(number) for number in STATUSES]
    threads = threading.active_count()
    with listen():
        assert threading.active_count() == threads + 1
    assert [signal.getsignal(number) for number in STATUSES] == handlers
    assert threading.active_count() == threads
    assert signal.set_wakeup_fd(-1) == -1
    with pytest.raises(KeyboardInterrupt):
        ask(signal.SIGINT)


def test_what_a_shell_has_its_background_ignore_stays_ignored() -> None:
    with handled(signal.SIGINT, signal.SIG_IGN), listen():
        ask(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        with pytest.raises(Stopped):
            ask(signal.SIGTERM)


def test_other_signals_that_are_handled_ask_for_nothing() -> None:
    with handled(signal.SIGCHLD, lambda *_: None), listen(), deferred() as asked:
        os.kill(os.getpid(), signal.SIGCHLD)
        time.sleep(0.1)
        assert not asked()


def test_a_deferred_block_is_told_ends_and_then_raises(capfd: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []

    def work() -> None:
        with deferred("wait for it") as asked:
            assert not asked()
            ask(signal.SIGINT)
            assert asked()
            done.append("work")
        done.append("more")

    assert stop(work).status == 130
    assert done == ["work"]
    assert capfd.readouterr().err == "seco: wait for it\n"


def test_the_outermost_of_nested_blocks_raises(capfd: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []

    def work() -> None:
        with deferred("the outer one's words"):
            with deferred():
                ask()
                done.append("inner")
            done.append("outer")

    stop(work)
    assert done == ["inner", "outer"]
    assert capfd.readouterr().err == "seco: the outer one's words\n"


def test_a_request_before_the_block_is_told_too() -> None:
    told: list[bool] = []

    def work() -> None:
        with suppress(Stopped):  # lost on its way, as in the callback of a library
            ask()
        with deferred() as asked:
            told.append(asked())

    stop(work)
    assert told == [True]


def test_a_fault_of_the_block_comes_first() -> None:
    def work() -> None:
        with listen(), deferred():
            ask()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()


def test_what_cleans_up_may_write_more_than_once() -> None:
    cleaned: list[int] = []

    def work() -> None:
        try:
            ask()
        finally:
            for part in range(2):
                with deferred():
                    cleaned.append(part)

    stop(work)
    assert cleaned == [0, 1]


def test_another_thread_writes_on_and_raises_nothing() -> None:
    is_inside, is_asked = threading.Event(), threading.Event()
    told: list[bool] = []

    def write() -> None:
        with deferred() as asked:
            is_inside.set()
            is_asked.wait(10)
            told.append(asked())
        told.append(True)

    thread = threading.Thread(target=write)

    def work() -> None:
        thread.start()
        is_inside.wait(10)
        try:
            ask()
        finally:
            is_asked.set()
            thread.join()

    stop(work)
    assert told == [True, True]


def test_nobody_is_asked_where_nobody_listens() -> None:
    with deferred() as asked:
        assert not asked()


def serve(seconds: float) -> None:
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN
    assert os.getpgid(0) == os.getpid() != os.getpgid(os.getppid())
    time.sleep(seconds)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGUSR1, 0), (signal.SIGTERM, -15)])
def test_a_forked_process_keeps_its_signals_to_itself(number: signal.Signals, code: int) -> None:
    with listen(), deferred() as asked:
        process = get_context("fork").Process(target=serve, args=(1.0,))
        process.start()
        assert process.pid is not None
        while os.getpgid(process.pid) != process.pid:
            time.sleep(0.01)
        os.kill(process.pid, number)
        process.join(10)
        assert process.exitcode == code
        assert not asked()
