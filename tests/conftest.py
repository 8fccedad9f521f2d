"""What holds for all tests."""

import os
import signal

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # A core each: the threads of several would only wait for one another. OpenMP reads this when torch is imported.
    os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(autouse=True, scope="session")
def _heed_interrupts():
    """Undo what a shell does to the commands it runs in the background: they, and what they start, ignore Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
