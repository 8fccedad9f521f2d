"""Downloads from servers that break off, lie, change their file, refuse, redirect."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seco.download.transfer import fetch, version_note
from seco.errors import SecoError
from tests.download.server import (
    Server,
    answering,
    breaking_off,
    breaking_off_later,
    honest,
    ignoring_ranges,
    serving,
)

CONTENT = bytes(range(256)) * 4096  # a megabyte: four of the pieces that are written at a time
SIZE = len(CONTENT)
HALF = SIZE // 2
AT_ONCE = (0.0, 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        server.files["/file"] = CONTENT
        yield server


class Download:
    """`fetch` to a file of the test, and what it told."""

    def __init__(self, part: Path) -> None:
        self.part = part
        self.reached: list[int] = []
        self.told: list[str] = []

    def run(self, *urls: str, size: int = SIZE) -> None:
        fetch(urls, self.part, size=size, reached=self.reached.append, notify=self.told.append, pauses=AT_ONCE)

    def refusal(self, *urls: str) -> str:
        with pytest.raises(SecoError) as told:
            self.run(*urls)
        return str(told.value)

    def begin(self, server: Server, *replies) -> None:
        """Leave half of the file there, as a run that was stopped does."""
        server.replies = [breaking_off(HALF), *[answering(404)] * 9]
        self.refusal(server.url("/file"))
        server.replies = list(replies)
        server.asked.clear()
        self.reached.clear()


@pytest.fixture
def download(tmp_path: Path) -> Download:
    return Download(tmp_path / "file.part")


def test_a_file_comes_in_pieces_and_each_is_told(server, download):
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT
    assert download.reached == [0, SIZE // 4, HALF, SIZE // 4 * 3, SIZE]
    assert server.ranges() == [None]
    assert server.asked[0]["Accept-Encoding"] == "identity"


def test_a_download_that_breaks_off_goes_on_where_it_was(server, download):
    server.replies = [breaking_off(HALF), breaking_off_later(SIZE // 4)]
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT
    assert server.ranges() == [None, f"bytes={HALF}-", f"bytes={SIZE // 4 * 3}-"]
    assert server.asked[1]["If-Range"] == '"one"'


def test_a_later_run_goes_on_too(server, download):
    download.begin(server)
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT
    assert server.ranges() == [f"bytes={HALF}-"]
    assert download.reached[0] == HALF


def test_what_is_whole_is_not_asked_for(server, download):
    download.part.write_bytes(CONTENT)
    download.run(server.url("/file"))
    assert server.asked == []
    assert download.reached == [SIZE]


def test_a_server_that_ignores_ranges_gives_the_whole_file_anew(server, download):
    download.begin(server, ignoring_ranges)
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT
    assert server.ranges() == [f"bytes={HALF}-"]


def test_a_file_that_has_changed_since_is_begun_anew(server, download):
    download.begin(server, lambda handler, content: honest(handler, content[::-1], tag='"two"'))
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize(
    "reply",
    [
        answering(206, CONTENT[HALF:], Content_Range=f"bytes {HALF}-{SIZE - 1}/{SIZE}", ETag='"two"'),
        answering(206, CONTENT[HALF + 1 :], Content_Range=f"bytes {HALF + 1}-{SIZE - 1}/{SIZE}"),
        answering(206, CONTENT[HALF:], Content_Range=f"bytes {HALF}-{SIZE - 1}/{SIZE + 1}"),
        answering(206, CONTENT[HALF:]),
        answering(416),
    ],
    ids=["other version", "other place", "other size", "no place", "out of range"],
)
def test_a_rest_that_does_not_fit_is_not_taken(server, download, reply):
    download.begin(server, reply)
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT
    assert server.ranges() == [f"bytes={HALF}-", None]


@pytest.mark.parametrize("version", [{"ETag": 'W/"one"'}, {"ETag": None}])
def test_without_a_version_to_compare_with_nothing_is_gone_on_with(server, download, version):
    server.replies = [breaking_off(HALF, **version)]
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT
    assert server.ranges() == [None, None]


def test_a_date_is_a_version_too(server, download):
    date = "Fri, 11 May 2012 10:00:00 GMT"
    server.replies = [breaking_off(HALF, ETag=None, Last_Modified=date)]
    download.run(server.url("/file"))
    assert server.asked[1]["If-Range"] == date


def test_a_server_that_has_trouble_is_asked_again(server, download):
    server.replies = [answering(503), answering(429)]
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT


def test_trouble_that_stays_ends_the_download_and_what_came_is_kept(server, download):
    server.replies = [breaking_off(HALF), *[answering(500, b"sorry")] * 2]
    told = download.refusal(server.url("/file"))
    assert told == f"{server.url('/file')} does not give the whole file: it answers 500 Internal Server Error"
    assert download.part.read_bytes() == CONTENT[:HALF]
    assert version_note(download.part).read_text() == '"one"'


def test_a_server_that_always_breaks_off_at_one_place_ends_the_download(server, download):
    server.replies = [breaking_off(HALF), *[breaking_off_later(0)] * 2]
    assert download.refusal(server.url("/file")).endswith("does not give the whole file: the connection broke")
    assert len(server.asked) == 3


def test_a_refusal_is_final(server, download):
    told = download.refusal(server.url("/elsewhere"))
    assert told == f"{server.url('/elsewhere')} does not give the file: it answers 404 Not Found"
    assert len(server.asked) == 1


def test_of_several_addresses_the_first_that_works_is_taken(server, download):
    download.run(server.url("/elsewhere"), server.url("/file"))
    assert download.part.read_bytes() == CONTENT
    assert len(download.told) == 1
    assert download.told[0].endswith(f"it answers 404 Not Found; trying {server.url('/file')}")


def test_when_no_address_works_each_is_told_why(download):
    told = download.refusal("http://127.0.0.1:9/a", "http://127.0.0.1:9/b")
    assert told == (
        "http://127.0.0.1:9/a does not give the whole file: there is no connection; "
        "http://127.0.0.1:9/b does not give the whole file: there is no connection"
    )


@pytest.mark.parametrize("offered", [SIZE - 1, SIZE + 1, 0])
def test_a_file_of_another_size_is_refused_before_a_byte_is_taken(server, download, offered):
    download.begin(server, answering(200, b"x" * min(offered, 100), Content_Length=offered))
    told = download.refusal(server.url("/file"))
    assert told == f"{server.url('/file')} has another file: {offered} bytes where {SIZE} are expected"
    assert download.part.read_bytes() == CONTENT[:HALF], "what was there before stays"


def test_a_body_that_is_longer_than_the_file_is_refused(server, download):
    server.replies = [answering(200, CONTENT * 2, Content_Length=None)]
    told = download.refusal(server.url("/file"))
    assert told == f"{server.url('/file')} has another file: it sends more than the {SIZE} bytes expected"
    assert download.part.read_bytes() == b""


def test_a_body_without_a_length_that_ends_early_is_gone_on_with(server, download):
    server.replies = [answering(200, CONTENT[:HALF], Content_Length=None)]
    download.run(server.url("/file"))
    assert download.part.read_bytes() == CONTENT
    assert server.ranges() == [None, f"bytes={HALF}-"]


def test_redirects_are_followed_and_circles_are_not(server, download):
    server.files["/old"] = b""
    server.replies = [answering(301, Location="/file")]
    download.run(server.url("/old"))
    assert download.part.read_bytes() == CONTENT
    download.part.unlink()
    server.replies = [answering(302, Location="/old")] * 200
    assert "does not give the whole file: Exceeded 30 redirects" in download.refusal(server.url("/old"))


def test_an_interrupted_download_leaves_what_came(server, download):
    class Interruption(BaseException): ...

    def interrupt(done: int) -> None:
        download.reached.append(done)
        if done == HALF:
            raise Interruption

    with pytest.raises(Interruption):
        fetch([server.url("/file")], download.part, size=SIZE, reached=interrupt, notify=print, pauses=AT_ONCE)
    assert download.part.read_bytes() == CONTENT[:HALF]
    server.asked.clear()
    download.run(server.url("/file"))
    assert server.ranges() == [f"bytes={HALF}-"]
    assert download.part.read_bytes() == CONTENT
