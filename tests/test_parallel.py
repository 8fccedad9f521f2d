import threading
import time

import pytest

from seco.parallel import thread_map


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
