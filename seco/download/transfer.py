"""One file over HTTP: a download that breaks off goes on where it stopped, now or at the next call."""

import re
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

import requests

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text

PAUSES = (1.0, 3.0, 10.0)
"""Seconds before each further try at an address; whenever something came, the count starts anew."""

_CHUNK = 1 << 18  # bytes
_TIMEOUT = (20.0, 90.0)  # seconds to connect, and between two pieces
_TRANSIENT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_WORDS = (  # the first class that fits
    (requests.exceptions.SSLError, "its certificate is not to be trusted"),
    (requests.exceptions.Timeout, "it does not answer in time"),
    (requests.exceptions.ChunkedEncodingError, "the connection broke"),
    (requests.exceptions.ConnectionError, "there is no connection"),
)


class _PassingError(Exception):
    """A fault that may be gone at the next try."""


def fetch(
    urls: Sequence[str],
    part: Path,
    *,
    size: int,
    reached: Callable[[int], None],
    notify: Callable[[str], None],
    pauses: Sequence[float] = PAUSES,
) -> None:
    """Fill `part` up to `size` bytes from the first address that gives them; what it holds already is kept.

    What a server calls this version of its file (an ETag or a date) is noted beside `part`, to go on with no other.

    Args:
        urls: addresses of the same file.
        part: the file to fill.
        size: of the whole file, in bytes.
        reached: called with the number of bytes that are there.
        notify: called with a sentence before another address is tried.
        pauses: seconds before each further try at an address.

    Raises:
        SecoError: no address gave the file; why not, one by one. `part` keeps what came.
    """
    faults: list[str] = []
    for url in urls:
        if faults:
            notify(f"{faults[-1]}; trying {url}")
        try:
            _Download(url, part, size=size, reached=reached).run(pauses)
            return
        except SecoError as fault:
            faults.append(str(fault))
    raise SecoError("; ".join(faults))


def version_note(part: Path) -> Path:
    """Return the file that holds the version of a download that is under way."""
    return part.with_name(f"{part.name}.version")


class _Download:
    """The download of one file from one address."""

    def __init__(self, url: str, part: Path, *, size: int, reached: Callable[[int], None]) -> None:
        self.url, self.size, self.reached = url, size, reached
        self.note = version_note(part)
        self.file = part.open("ab")

    def run(self, pauses: Sequence[float]) -> None:
        """Try until the file is whole, or as often as there are pauses without a single byte more.

        Raises:
            SecoError: the address refuses, has another file, or stays out of reach.
        """
        failures = 0
        with self.file:
            self.reached(self.file.tell())
            while (before := self.file.tell()) < self.size:
                fault = self._try()
                if self.file.tell() >= self.size:
                    break
                failures = 1 if self.file.tell() > before else failures + 1
                if failures > len(pauses):
                    raise SecoError(f"{self.url} does not give the whole file: {fault}")
                time.sleep(pauses[failures - 1])

    def _try(self) -> str:
        """Take what one request gives; return why it ended."""
        try:
            with requests.get(self.url, headers=self._headers(), stream=True, timeout=_TIMEOUT) as response:
                self._begin(response)
                self._receive(response)
        except _PassingError as fault:
            return str(fault)
        except requests.RequestException as error:
            return next((words for kind, words in _WORDS if isinstance(error, kind)), str(error))
        return f"the connection closed after {self.file.tell()} of {self.size} bytes"

    def _headers(self) -> dict[str, str]:
        """Ask for the rest if the server still has that version, for the whole file otherwise."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "seco"}
        if self.file.tell() and (version := self._noted()):
            headers |= {"Range": f"bytes={self.file.tell()}-", "If-Range": version}
        return headers

    def _noted(self) -> str:
        return self.note.read_text(encoding="latin-1").strip() if self.note.exists() else ""

    def _begin(self, response: requests.Response) -> None:
        """Judge what the server says before its bytes are taken, and cut the file to where they go on.

        Raises:
            SecoError: it refuses, or has a file of another size.
            _PassingError: it cannot now, or has another version than the one begun: the next try starts anew.
        """
        status = response.status_code
        if status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _PassingError(f"it answers {status} {response.reason}")
        if status == HTTPStatus.OK:
            self._require_size(response)
            self._start_anew(_version(response))
        elif status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            if not self._goes_on(response):
                self._start_anew("")
                raise _PassingError("its file has changed since the download began")
        else:
            raise SecoError(f"{self.url} does not give the file: it answers {status} {response.reason}")

    def _require_size(self, response: requests.Response) -> None:
        offered = response.headers.get("Content-Length", "")
        if offered.isdigit() and int(offered) != self.size:
            raise SecoError(f"{self.url} has another file: {offered} bytes where {self.size} are expected")

    def _goes_on(self, response: requests.Response) -> bool:
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        fits = span is not None and int(span[1]) == self.file.tell() and span[2] in (str(self.size), "*")
        return fits and _version(response) in ("", self._noted())

    def _start_anew(self, version: str) -> None:
        self.file.truncate(0)
        self.file.seek(0)
        atomic_write_text(self.note, version)

    def _receive(self, response: requests.Response) -> None:
        for chunk in response.iter_content(_CHUNK):
            if self.file.tell() + len(chunk) > self.size:
                self._start_anew("")
                raise SecoError(f"{self.url} has another file: it sends more than the {self.size} bytes expected")
            self.file.write(chunk)
            self.file.flush()
            self.reached(self.file.tell())


def _version(response: requests.Response) -> str:
    """Return what a later request can compare with; a weak ETag may stand for other bytes."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")
