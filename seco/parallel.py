"""One function over many items on all cores, with progress."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

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


def _windowed(
    pool: Executor, function: Callable[[Item], Result], items: Sequence[Item], *, width: int
) -> Iterator[Result]:
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) == width:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
