"""Downloads one file over HTTP; a download that breaks off goes on where it stopped, now or at the next call."""

import re
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

import requests

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text

PAUSES = (1.0, 3.0, 10.0)
"""Seconds before each further try at an address; whenever bytes came, the count starts anew."""

_CHUNK = 1 << 18  # bytes
_TIMEOUT = (20.0, 90.0)  # seconds to connect, and between two pieces
_TRANSIENT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_REASONS = (  # the first class that fits
    (requests.exceptions.SSLError, "its certificate is not to be trusted"),
    (requests.exceptions.Timeout, "it does not answer in time"),
    (requests.exceptions.ChunkedEncodingError, "the connection broke"),
    (requests.exceptions.ConnectionError, "there is no connection"),
)


def fetch(
    urls: Sequence[str],
    part: Path,
    *,
    size: int,
    on_bytes: Callable[[int], None],
    notify: Callable[[str], None],
    pauses: Sequence[float] = PAUSES,
) -> None:
    """Fill `part` up to `size` bytes from the first address that gives them; what it holds already is kept.

    The version of the server's file (an ETag or a date) is noted beside `part`, so that no other version is appended.

    Args:
        urls: addresses of the same file.
        part: the file to fill.
        size: of the whole file, in bytes.
        on_bytes: called with the number of bytes that are there.
        notify: called with a sentence before another address is tried.
        pauses: seconds before each further try at an address.

    Raises:
        SecoError: no address gave the file, with the reason for each. `part` keeps what came.
    """
    faults: list[str] = []
    for url in urls:
        if faults:
            notify(f"{faults[-1]}; trying {url}")
        try:
            _Download(url, part, size=size, on_bytes=on_bytes).run(pauses)
            return
        except SecoError as error:
            faults.append(str(error))
    raise SecoError("; ".join(faults))


def version_file(part: Path) -> Path:
    """Return the file that notes the version of an unfinished download."""
    return part.with_name(f"{part.name}.version")


class _Download:
    """The download of one file from one address."""

    def __init__(self, url: str, part: Path, *, size: int, on_bytes: Callable[[int], None]) -> None:
        self.url, self.size, self.on_bytes = url, size, on_bytes
        self.version_file = version_file(part)
        self.file = part.open("ab")

    def run(self, pauses: Sequence[float]) -> None:
        """Try until the file is whole, or until as many tries as there are pauses brought no byte.

        Raises:
            SecoError: the address refuses, has another file, or cannot be reached.
        """
        failures = 0
        with self.file:
            self.on_bytes(self.file.tell())
            while (before := self.file.tell()) < self.size:
                fault = self._try()
                if self.file.tell() >= self.size:
                    break
                failures = 1 if self.file.tell() > before else failures + 1
                if failures > len(pauses):
                    raise SecoError(f"{self.url} does not give the whole file: {fault}")
                time.sleep(pauses[failures - 1])

    def _try(self) -> str:
        """Send one request and write what it brings; return why it ended."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "seco"}
        if self.file.tell() and (version := self._noted_version()):
            headers |= {"Range": f"bytes={self.file.tell()}-", "If-Range": version}
        try:
            with requests.get(self.url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
                if fault := self._begin(response):
                    return fault
                for chunk in response.iter_content(_CHUNK):
                    self._write(chunk)
        except requests.RequestException as error:
            return next((reason for kind, reason in _REASONS if isinstance(error, kind)), str(error))
        return f"the connection closed after {self.file.tell()} of {self.size} bytes"

    def _begin(self, response: requests.Response) -> str | None:
        """Check status and headers before any byte is written; truncate the file where the server starts anew.

        Returns:
            None, or why another try may help: the server is busy, or has another version than the one begun.

        Raises:
            SecoError: the server refuses, or has a file of another size.
        """
        status = response.status_code
        if status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return f"it answers {status} {response.reason}"
        if status == HTTPStatus.OK:
            offered = response.headers.get("Content-Length", "")
            if offered.isdigit() and int(offered) != self.size:
                raise SecoError(f"{self.url} has another file: {offered} bytes where {self.size} are expected")
            self._start_anew(_version(response))
            return None
        if status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            if self._is_continuation(response):
                return None
            self._start_anew("")
            return "its file has changed since the download began"
        raise SecoError(f"{self.url} does not give the file: it answers {status} {response.reason}")

    def _is_continuation(self, response: requests.Response) -> bool:
        """Say whether the response goes on where the file ends, with the same version of it."""
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        fits = span is not None and int(span[1]) == self.file.tell() and span[2] in (str(self.size), "*")
        return fits and _version(response) in ("", self._noted_version())

    def _start_anew(self, version: str) -> None:
        self.file.truncate(0)
        self.file.seek(0)
        atomic_write_text(self.version_file, version)

    def _write(self, chunk: bytes) -> None:
        if self.file.tell() + len(chunk) > self.size:
            self._start_anew("")
            raise SecoError(f"{self.url} has another file: it sends more than the {self.size} bytes expected")
        self.file.write(chunk)
        self.file.flush()
        self.on_bytes(self.file.tell())

    def _noted_version(self) -> str:
        return self.version_file.read_text(encoding="latin-1").strip() if self.version_file.exists() else ""


def _version(response: requests.Response) -> str:
    """Return a strong ETag, or the date; a weak ETag may stand for other bytes."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")
