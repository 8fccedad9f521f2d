"""One function over many items on all cores, with progress."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from typing import TypeVar

from seco.errors import SecoError
from seco.runtime.workers import start_pool_worker

Item = TypeVar("Item")
Result = TypeVar("Result")
ProgressCallback = Callable[[int, int], None]  # called with (done, total) after each item


def thread_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, progress: ProgressCallback | None = None
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order, computed by one thread a core.

    Threads and not processes: decoding images releases the interpreter lock, and nothing needs to be pickled.
    What `function` raises is raised here.
    """
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        # Few items under way at a time keep memory flat however long the list is.
        results = _windowed(pool, function, items, width=4 * workers)
        for done, result in enumerate(results, start=1):
            if progress is not None:
                progress(done, len(items))
            yield result


def process_map(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int | None = None
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order, computed by `workers` processes: one a core when None.

    For work that holds the interpreter lock. Function, items and results are pickled; the processes start afresh, since
    a copy of one in which torch runs threads may hang. Items are drawn as the processes take them up.

    Raises:
        SecoError: a process was killed from outside. What `function` raises is raised as it is.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from map(function, items)
        return
    # The first item is drawn before the pool is made: what `items` forks for it, such as a loader's processes, would
    # hold the pool's pipes open, and a pool that has lost a worker would wait for ever to write into them.
    items = iter(items)
    items = chain(list(islice(items, 1)), items)
    with ProcessPoolExecutor(workers, get_context("forkserver"), initializer=start_pool_worker) as pool:
        try:
            yield from _windowed(pool, function, items, width=4 * workers)
        except BrokenProcessPool as error:
            raise SecoError("a worker process was killed: is the machine short of memory?") from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _windowed(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], *, width: int
) -> Iterator[Result]:
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) == width:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
