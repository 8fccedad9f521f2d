"""Settings of the test process itself."""

import os
import signal

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # One core for each worker. OpenMP reads this when torch is imported.
    os.environ["OMP_NUM_THREADS"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that have slow tests, so that no process is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, len(item.path.parts) if item.path in slow else 0))


@pytest.fixture(autouse=True, scope="session")
def _restore_interrupts():
    """Handle Ctrl-C: a shell makes its background commands, and the processes that they start, ignore it."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
