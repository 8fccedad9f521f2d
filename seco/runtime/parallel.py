"""Call one function on many items on all cores, in order and with bounded memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from typing import TypeVar

import psutil

from seco.errors import SecoError
from seco.runtime.workers import start_pool_worker

Item = TypeVar("Item")
Result = TypeVar("Result")
ProgressCallback = Callable[[int, int], None]  # called with (done, total) after each item


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
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order, computed by `workers` processes: one a core when None.

    For work that holds the interpreter lock. Function, items and results are pickled. Items are drawn in the caller's
    thread as results are taken, at most two a worker ahead. The workers are fresh processes: a fork of one in which
    torch runs threads may hang.

    Args:
        function: called in a worker.
        items: its arguments.
        workers: processes.
        memory_of: the bytes that the work on an item takes, about. Items wait until they fit into half of the memory
            that is free now; one alone never waits.

    Raises:
        SecoError: a process was killed from outside. What `function` raises is raised as it is.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from map(function, items)
        return
    # Draw the first item before the pool exists: if `items` forks processes (a loader's), they must not inherit the
    # pool's pipes. A pool that has lost a worker would block for ever while it writes into a pipe they hold open.
    items = iter(items)
    items = chain(list(islice(items, 1)), items)
    with ProcessPoolExecutor(workers, get_context("forkserver"), initializer=start_pool_worker) as pool:
        try:
            yield from _in_order(pool, function, items, limit=2 * workers, memory_of=memory_of)
        except BrokenProcessPool as error:
            raise SecoError("a worker process was killed: is the machine short of memory?") from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


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
