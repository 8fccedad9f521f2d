"""Signals that this process sends to itself; tests/runtime/test_watcher.py signals other processes."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection

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
def handler_of(number: int, handler: Callable[..., object] | signal.Handlers) -> Iterator[None]:
    former = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, former)


@pytest.mark.parametrize("number", STATUSES)
def test_a_signal_raises_at_once_with_its_status(number: signal.Signals) -> None:
    done: list[str] = []

    def work() -> None:
        ask(number)
        threading.Event().wait(30)
        done.append("end")

    stopped = stop(work)
    assert (str(stopped), stopped.status) == (f"stopped ({number.name})", STATUSES[number])
    assert not done
    assert not isinstance(stopped, Exception)


def test_listening_ends_without_a_trace() -> None:
    handlers = [signal.getsignal(number) for number in STATUSES]
    threads = threading.active_count()
    with listen():
        assert threading.active_count() == threads + 1
    assert [signal.getsignal(number) for number in STATUSES] == handlers
    assert threading.active_count() == threads
    assert signal.set_wakeup_fd(-1) == -1
    with pytest.raises(KeyboardInterrupt):
        ask(signal.SIGINT)


def test_an_ignored_signal_stays_ignored() -> None:
    with handler_of(signal.SIGINT, signal.SIG_IGN), listen():
        ask(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        with pytest.raises(Stopped):
            ask(signal.SIGTERM)


def test_another_signal_is_no_request() -> None:
    handled = threading.Event()
    with handler_of(signal.SIGCHLD, lambda *_: handled.set()), listen(), deferred() as is_requested:
        os.kill(os.getpid(), signal.SIGCHLD)
        assert handled.wait(10)
        assert not is_requested()


def test_a_deferred_block_learns_of_the_request_and_ends_first(capfd: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []

    def work() -> None:
        with deferred("the outer notice") as is_requested:
            with deferred():
                assert not is_requested()
                ask(signal.SIGINT)
                assert is_requested()
                done.append("inner")
            done.append("outer")
        done.append("after")

    assert stop(work).status == 130
    assert done == ["inner", "outer"]
    assert capfd.readouterr().err == "seco: the outer notice\n"


def test_a_block_after_the_request_learns_of_it_too() -> None:
    seen: list[bool] = []

    def work() -> None:
        with suppress(Stopped):  # lost on its way, as in the callback of a library
            ask()
        with deferred() as is_requested:
            seen.append(is_requested())

    stop(work)
    assert seen == [True]


def test_an_error_in_the_block_comes_first() -> None:
    def work() -> None:
        with listen(), deferred():
            ask()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()


def test_the_clean_up_may_write_more_than_once() -> None:
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


def test_another_thread_learns_of_the_request_and_goes_on() -> None:
    is_inside, is_asked = threading.Event(), threading.Event()
    seen: list[bool] = []

    def write() -> None:
        with deferred() as is_requested:
            is_inside.set()
            is_asked.wait(10)
            seen.append(is_requested())
        seen.append(True)

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
    assert seen == [True, True]


def test_without_listening_there_is_no_request() -> None:
    with deferred() as is_requested:
        assert not is_requested()


def serve(pipe: Connection) -> None:
    pipe.send((signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN, os.getpgid(0) == os.getpid()))
    pipe.recv()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGUSR1, 0), (signal.SIGTERM, -15)])
def test_a_forked_process_keeps_its_signals_to_itself(number: signal.Signals, code: int) -> None:
    context = get_context("fork")
    ours, theirs = context.Pipe()
    with listen(), deferred() as is_requested:
        process = context.Process(target=serve, args=(theirs,))
        process.start()
        assert ours.recv() == (True, True)
        assert process.pid is not None
        os.kill(process.pid, number)
        ours.send("end")
        process.join(10)
        assert process.exitcode == code
        assert not is_requested()
