"""Downloads from servers that break off, lie, change their file, refuse, redirect."""

import pytest

from seco.download.transfer import fetch, version_file
from seco.errors import SecoError
from tests.download.server import answering, breaking_off, breaking_off_later, honest

CONTENT = bytes(range(256)) * 4096  # a megabyte: four of the pieces that are written at a time
SIZE = len(CONTENT)
HALF = SIZE // 2


class Download:
    """`fetch` of the server's file to a file of the test, and its notes."""

    def __init__(self, server, part):
        self.server, self.part, self.url = server, part, server.url("/file")
        self.steps, self.notes = [], []

    def run(self, *urls, on_bytes=None):
        on_bytes = on_bytes or self.steps.append
        urls = urls or [self.url]
        fetch(urls, self.part, size=SIZE, on_bytes=on_bytes, notify=self.notes.append, pauses=(0.0, 0.0))

    def refusal(self, *urls):
        with pytest.raises(SecoError) as told:
            self.run(*urls)
        return str(told.value)

    def begin(self, *replies):
        """Leave half of the file there, as a run that was stopped does; the server goes on with these replies."""
        self.server.replies = [breaking_off(HALF), answering(404)]
        self.refusal()
        self.server.replies = list(replies)
        self.server.requests.clear()
        self.steps.clear()


@pytest.fixture
def download(server, tmp_path):
    server.files["/file"] = CONTENT
    return Download(server, tmp_path / "file.part")


def test_a_file_comes_in_pieces_and_each_is_reported(download):
    download.run()
    assert download.part.read_bytes() == CONTENT
    assert download.steps == [0, SIZE // 4, HALF, SIZE // 4 * 3, SIZE]
    assert download.server.ranges() == [None]
    assert download.server.requests[0]["Accept-Encoding"] == "identity"


def test_a_download_that_breaks_off_goes_on_where_it_was(download):
    download.server.replies = [breaking_off(HALF), breaking_off_later(SIZE // 4)]
    download.run()
    assert download.part.read_bytes() == CONTENT
    assert download.server.ranges() == [None, f"bytes={HALF}-", f"bytes={SIZE // 4 * 3}-"]
    assert download.server.requests[1]["If-Range"] == '"one"'


def test_a_later_run_goes_on_and_a_whole_file_is_not_asked_for(download):
    download.begin()
    download.run()
    assert download.part.read_bytes() == CONTENT
    assert download.server.ranges() == [f"bytes={HALF}-"]
    assert download.steps[0] == HALF
    download.run()
    assert len(download.server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "requests"),
    [
        (answering(200, CONTENT), 1),
        (answering(206, CONTENT[HALF:], Content_Range=f"bytes {HALF}-{SIZE - 1}/{SIZE}", ETag='"two"'), 2),
        (answering(206, CONTENT[HALF + 1 :], Content_Range=f"bytes {HALF + 1}-{SIZE - 1}/{SIZE}"), 2),
        (answering(206, CONTENT[HALF:], Content_Range=f"bytes {HALF}-{SIZE - 1}/{SIZE + 1}"), 2),
        (answering(206, CONTENT[HALF:]), 2),
        (answering(416), 2),
    ],
    ids=["range ignored", "other version", "other place", "other size", "no place", "out of range"],
)
def test_a_response_that_does_not_go_on_starts_anew(download, reply, requests):
    download.begin(reply)
    download.run()
    assert download.part.read_bytes() == CONTENT
    assert download.server.ranges() == [f"bytes={HALF}-", None][:requests]


def test_a_file_that_has_changed_since_starts_anew(download):
    download.begin(lambda handler, content: honest(handler, content[::-1], tag='"two"'))
    download.run()
    assert download.part.read_bytes() == CONTENT[::-1]


DATE = "Fri, 11 May 2012 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "version"),
    [({"ETag": 'W/"one"'}, None), ({"ETag": None}, None), ({"ETag": None, "Last_Modified": DATE}, DATE)],
)
def test_only_a_strong_tag_or_a_date_is_a_version_to_go_on_with(download, headers, version):
    download.server.replies = [breaking_off(HALF, **headers)]
    download.run()
    assert download.part.read_bytes() == CONTENT
    assert download.server.requests[1]["If-Range"] == version


@pytest.mark.parametrize(
    "replies",
    [
        [answering(503), answering(429)],
        [answering(200, CONTENT[:HALF], Content_Length=None)],
        [answering(301, Location="/file")],
    ],
    ids=["busy", "early end of a body without length", "redirect"],
)
def test_a_file_comes_in_spite_of_trouble(download, replies):
    download.server.replies = replies
    download.run()
    assert download.part.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("replies", "reason", "kept"),
    [
        ([breaking_off(HALF), *[answering(500, b"sorry")] * 2], "it answers 500 Internal Server Error", HALF),
        ([breaking_off(HALF), *[breaking_off_later(0)] * 2], "the connection broke", HALF),
        ([answering(302, Location="/file")] * 200, "Exceeded 30 redirects.", 0),
    ],
)
def test_trouble_that_stays_ends_the_download_and_what_came_is_kept(download, replies, reason, kept):
    download.server.replies = replies
    assert download.refusal() == f"{download.url} does not give the whole file: {reason}"
    assert download.part.read_bytes() == CONTENT[:kept]
    assert not kept or version_file(download.part).read_text() == '"one"'


def test_a_refusal_is_final_and_the_next_address_is_tried(download):
    elsewhere = download.server.url("/elsewhere")
    fault = f"{elsewhere} does not give the file: it answers 404 Not Found"
    assert download.refusal(elsewhere) == fault
    assert len(download.server.requests) == 1
    download.run(elsewhere, download.url)
    assert download.part.read_bytes() == CONTENT
    assert download.notes == [f"{fault}; trying {download.url}"]


def test_when_no_address_works_the_reason_of_each_is_given(download):
    urls = "http://127.0.0.1:9/a", "http://127.0.0.1:9/b"
    faults = (f"{url} does not give the whole file: there is no connection" for url in urls)
    assert download.refusal(*urls) == "; ".join(faults)


@pytest.mark.parametrize("offered", [SIZE - 1, SIZE + 1, 0])
def test_a_file_of_another_size_is_refused_before_a_byte_is_written(download, offered):
    download.begin(answering(200, b"x" * min(offered, 100), Content_Length=offered))
    assert download.refusal() == f"{download.url} has another file: {offered} bytes where {SIZE} are expected"
    assert download.part.read_bytes() == CONTENT[:HALF]


def test_a_body_that_is_longer_than_the_file_is_refused(download):
    download.server.replies = [answering(200, CONTENT * 2, Content_Length=None)]
    assert download.refusal() == f"{download.url} has another file: it sends more than the {SIZE} bytes expected"
    assert download.part.read_bytes() == b""


def test_an_interrupted_download_keeps_what_came(download):
    def interrupt(done):
        if done == HALF:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download.run(on_bytes=interrupt)
    assert download.part.read_bytes() == CONTENT[:HALF]
    download.run()
    assert download.server.ranges() == [None, f"bytes={HALF}-"]
    assert download.part.read_bytes() == CONTENT
