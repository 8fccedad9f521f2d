"""The local server."""

from collections.abc import Iterator

import pytest

from tests.download.server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server
