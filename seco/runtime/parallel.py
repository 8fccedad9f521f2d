"""Call one function on many items on all cores, in order and with bounded memory."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from itertools import chain, islice
from multiprocessing import get_context
from typing import Generic, TypeVar

import psutil

from seco.errors import SecoError
from seco.runtime.workers import start_pool_worker

Item = TypeVar("Item")
Result = TypeVar("Result")
ProgressCallback = Callable[[int, int], None]  # called with (done, total) after each item

_AHEAD = 32
"""Items that may wait for a process. A network makes a batch of them at once: fewer are used up before the next."""


def thread_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, progress: ProgressCallback | None = None
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order, computed by one thread a core.

    For work that releases the interpreter lock, such as decoding images: nothing needs to be pickled. What `function`
    raises is raised here.
    """
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for done, result in enumerate(_in_order(pool, function, items, limit=4 * workers), start=1):
            if progress is not None:
                progress(done, len(items))
            yield result


def process_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int | None = None,
    memory_of: Callable[[Item], int] | None = None,
    on_lost: Callable[[Item], None] | None = None,
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order, computed by `workers` processes: one a core when None.

    For work that holds the interpreter lock. Function, items and results are pickled. Items are drawn in the caller's
    thread as results are taken, at most 32 ahead, or two a worker if those are more. The workers are fresh processes: a
    fork of one in which torch runs threads may hang.

    Args:
        function: called in a worker.
        items: its arguments.
        workers: processes.
        memory_of: the bytes that the work on an item takes, about. Items wait until they fit into half of the memory
            that is free now; one alone never waits.
        on_lost: called, in another thread, with an item whose process was killed from outside; it has no result, and
            the others go on in a new process. None: that is an error.

    Raises:
        SecoError: a process was killed from outside, and there is no `on_lost`. What `function` raises is raised as it
            is.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from map(function, items)
        return
    # Draw the first item before any process exists: if `items` forks processes (a loader's), they must not inherit the
    # pipes. A pool that has lost its worker would block for ever while it writes into a pipe they hold open.
    items = iter(items)
    items = chain(list(islice(items, 1)), items)
    ahead = max(2 * workers, _AHEAD)
    with _Processes(function, on_lost) as processes, ThreadPoolExecutor(workers) as threads:
        try:
            for result in _in_order(threads, processes.call, items, limit=ahead, memory_of=memory_of):
                if not isinstance(result, _Lost):
                    yield result
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise


class _Lost:
    """Stands for the result of an item whose process was killed."""


class _Processes(AbstractContextManager["_Processes[Item, Result]"], Generic[Item, Result]):
    """Calls a function in processes, one for each thread that calls.

    If a process of a pool of many is killed, `concurrent.futures` ends the others too and does not say which item was
    in it. Here each pool has one process, and so one item at a time.
    """

    def __init__(self, function: Callable[[Item], Result], on_lost: Callable[[Item], None] | None) -> None:
        self._function, self._on_lost = function, on_lost
        self._of_thread = threading.local()
        self._pools: list[ProcessPoolExecutor] = []

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown()

    def call(self, item: Item) -> Result | _Lost:
        """Return the function's result for an item; raises as `process_map`."""
        try:
            return self._submit(item).result()
        except BrokenProcessPool as error:
            _end_broken(self._of_thread.pool)
            if self._on_lost is None:
                raise SecoError("a worker process was killed: is the machine short of memory?") from error
            self._on_lost(item)
            return _Lost()

    def _submit(self, item: Item) -> Future[Result]:
        pool = getattr(self._of_thread, "pool", None) or self._new_pool()
        try:
            return pool.submit(self._function, item)
        except BrokenProcessPool:  # its process was killed with the item before, or while it had none
            return self._new_pool().submit(self._function, item)

    def _new_pool(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(1, get_context("forkserver"), initializer=start_pool_worker)
        self._pools.append(pool)
        self._of_thread.pool = pool
        return pool


def _end_broken(pool: ProcessPoolExecutor) -> None:
    """End a pool whose process was killed.

    Python before 3.11.5 waits for ever to hand over an item that the process has not read (CPython's issue 94777), as
    long as the pipe has a reader.
    """
    parts = vars(pool)  # they are private
    manager, items = parts["_executor_manager_thread"], parts["_call_queue"]
    manager.join(timeout=1)
    if manager.is_alive():
        items._reader.close()


def _in_order(
    pool: Executor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    limit: int,
    memory_of: Callable[[Item], int] | None = None,
) -> Iterator[Result]:
    """Yield results in order, with at most `limit` items submitted and not yet taken, and no more than memory holds."""
    pending: deque[tuple[Future[Result], int]] = deque()
    free = psutil.virtual_memory().available // 2
    for item in items:
        needed = memory_of(item) if memory_of is not None else 0
        while pending and sum(taken for _, taken in pending) + needed > free:
            yield pending.popleft()[0].result()
        pending.append((pool.submit(function, item), needed))
        del item  # an array may be large, and the next one is made before the name is bound anew
        if len(pending) == limit:
            yield pending.popleft()[0].result()
    while pending:
        yield pending.popleft()[0].result()
