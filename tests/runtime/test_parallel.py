import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from seco.errors import SecoError
from seco.runtime.parallel import process_map, thread_map
from seco.runtime.workers import start_pool_worker
from tests.processes import wait_until


def square_or_fail(item: int) -> int:
    if item < 0:
        raise ValueError(f"item {item}")
    return item * item


def square_and_note(folder: Path, item: int) -> int:
    (folder / str(item)).touch()
    return item * item


def kill_worker(_item: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def square_or_be_killed(item: int) -> int:
    return kill_worker(item) or item if item % 5 == 3 else item * item


def kill_first_worker(marker: Path) -> None:
    """Start a worker; the first one is killed before it reads an item."""
    start_pool_worker()
    with suppress(FileExistsError):
        marker.touch(exist_ok=False)
        kill_worker(None)


def worker_processes() -> list[psutil.Process]:
    """Return the processes that the pools' server has started, of all pools of this process."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if child.ppid() != os.getpid() and os.getpgid(child.pid) == child.pid]


def test_threads_give_results_in_order_and_report_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    seen: list[tuple[int, int]] = []
    later = threading.Event()

    def first_last(item: int) -> int:
        assert later.wait(timeout=30) if item == 0 else later.set() is None
        return item * item

    results = thread_map(first_last, range(50), progress=lambda *step: seen.append(step))
    assert list(results) == [item * item for item in range(50)]
    assert seen == [(done, 50) for done in range(1, 51)]


def test_after_a_fault_in_a_thread_the_rest_is_not_computed() -> None:
    started: list[int] = []

    def fail(item: int) -> None:
        started.append(item)
        raise ValueError("item 0")

    with pytest.raises(ValueError, match="item 0"):
        list(thread_map(fail, range(100_000)))
    assert len(started) < 1000


def run_alone(folder: Path) -> bool:
    """Return whether no other call runs at the same time, in any process."""
    mine = folder / str(os.getpid())
    mine.touch()
    time.sleep(0.2)
    alone = len(list(folder.iterdir())) == 1
    mine.unlink()
    return alone


@pytest.mark.parametrize(("needed", "alone"), [(51, True), (200, True), (10, False)])
def test_items_wait_until_they_fit_into_half_of_the_free_memory(
    needed: int, alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=200))
    found = list(process_map(run_alone, [tmp_path] * 8, workers=2, memory_of=lambda _: needed))
    assert len(found) == 8
    assert all(found) == alone


@pytest.mark.parametrize(("workers", "ahead"), [(1, 1), (2, 32)])
def test_processes_give_results_in_order_and_draw_few_items_ahead(workers: int, ahead: int) -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            drawn.append(item)
            yield item

    for done, result in enumerate(process_map(square_or_fail, items(), workers=workers)):
        assert result == done * done
        assert len(drawn) == min(done + ahead, 100)


def test_a_fault_in_a_process_is_raised_as_it_is() -> None:
    with pytest.raises(ValueError, match="item -1"):
        list(process_map(square_or_fail, [1, -1, 2], workers=2))


def test_a_killed_process_is_one_sentence_even_if_the_items_have_forked() -> None:
    """A forked process holds every pipe that was open when it started: writing an item must not block on it."""
    bystanders: list[int] = []

    def items() -> Iterator[bytes]:
        bystanders.append(os.fork())
        if bystanders[0] == 0:
            signal.pause()
            os._exit(0)
        for _ in range(20):
            yield bytes(1_000_000)  # far more than a pipe takes up

    try:
        with pytest.raises(SecoError, match="a worker process was killed"):
            list(process_map(kill_worker, items(), workers=2))
    finally:
        os.kill(bystanders[0], signal.SIGKILL)
        os.waitpid(bystanders[0], 0)


def test_the_items_of_killed_processes_are_named_and_the_others_go_on() -> None:
    lost: list[int] = []
    found = list(process_map(square_or_be_killed, range(12), workers=2, on_lost=lost.append))
    assert sorted(lost) == [3, 8]
    assert found == [item * item for item in range(12) if item not in lost]


def test_a_process_that_is_killed_while_it_has_no_item_costs_none(tmp_path: Path) -> None:
    lost: list[int] = []

    def items() -> Iterator[int]:
        yield 1
        yield 2
        wait_until(lambda: len(worker_processes()) == len([*tmp_path.iterdir()]) == 2)
        time.sleep(0.5)  # their items, which have left a file each, have ended
        for worker in worker_processes():
            worker.kill()
            worker.wait()
        time.sleep(0.5)  # the pools notice
        yield from range(3, 8)

    found = list(process_map(partial(square_and_note, tmp_path), items(), workers=2, on_lost=lost.append))
    assert found == [item * item for item in range(1, 8)]
    assert lost == []


def test_a_process_that_is_killed_before_it_reads_a_large_item_costs_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = partial(kill_first_worker, tmp_path / "marker")
    monkeypatch.setattr("seco.runtime.parallel.start_pool_worker", start)
    lost: list[bytes] = []
    items = [bytes([number]) * 1_000_000 for number in range(4)]  # more than a pipe holds
    sizes = list(process_map(len, items, workers=2, on_lost=lost.append))
    assert sizes == [1_000_000] * 3
    assert len(lost) == 1
