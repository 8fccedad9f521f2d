import os
import signal
import threading
import time

import pytest

from seco.errors import SecoError
from seco.runtime.parallel import process_map, thread_map


def test_results_come_in_order_with_progress() -> None:
    seen: list[tuple[int, int]] = []

    def slow_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    results = list(thread_map(slow_first, range(50), progress=lambda done, total: seen.append((done, total))))
    assert results == [item * item for item in range(50)]
    assert seen == [(done, 50) for done in range(1, 51)]


def test_several_threads_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    meeting = threading.Barrier(2)  # breaks with an error unless two items are under way together
    assert list(thread_map(lambda _: meeting.wait(timeout=5) >= 0, range(4))) == [True] * 4


def test_a_fault_is_raised_and_the_rest_is_not_computed() -> None:
    started: list[int] = []

    def fail(item: int) -> None:
        started.append(item)
        raise ValueError("item 0")

    with pytest.raises(ValueError, match="item 0"):
        list(thread_map(fail, range(100_000)))
    assert len(started) < 1000


def square_or_fail(item: int) -> int:
    if item < 0:
        raise ValueError(f"item {item}")
    return item * item


def be_killed(_item: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_processes_give_results_in_order_and_draw_items_as_they_go() -> None:
    drawn: list[int] = []

    def items():
        for item in range(100):
            drawn.append(item)
            yield item

    results = process_map(square_or_fail, items())
    assert next(results) == 0
    assert len(drawn) == min(4 * (os.cpu_count() or 1), 100)
    assert list(results) == [item * item for item in range(1, 100)]


def test_a_fault_in_a_process_is_raised_as_it_is() -> None:
    with pytest.raises(ValueError, match="item -1"):
        list(process_map(square_or_fail, [1, -1, 2]))


def test_a_process_that_is_killed_is_one_sentence() -> None:
    with pytest.raises(SecoError, match="a worker process was killed"):
        list(process_map(be_killed, range(2)))


def test_a_process_is_missed_also_where_what_yields_the_items_has_forked() -> None:
    """A loader's process holds every pipe that was open when it started: the rest of an item must not wait for it."""
    bystanders: list[int] = []

    def items():
        bystanders.append(os.fork())
        if bystanders[0] == 0:
            signal.pause()
            os._exit(0)
        for _ in range(20):
            yield bytes(1_000_000)  # many times what a pipe takes up

    try:
        with pytest.raises(SecoError, match="a worker process was killed"):
            list(process_map(be_killed, items(), workers=2))
    finally:
        os.kill(bystanders[0], signal.SIGKILL)
        os.waitpid(bystanders[0], 0)
