"""A server of files on this machine that can be told to misbehave, request by request."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TAG = '"one"'
Reply = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    """Answers with the next of the server's replies, and honestly when there is none left."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(self.headers)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
        elif self.server.replies:
            self.server.replies.pop(0)(self, content)
        else:
            honest(self, content)

    def send(self, status: int, body: bytes, **headers: Any) -> None:
        """Send a body; the headers are those of the body unless told otherwise, None leaves one out."""
        self.send_response(status)
        for name, value in ({"Content_Length": len(body), "ETag": TAG} | headers).items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Keep the tests' output clean."""


class Server(ThreadingHTTPServer):
    """Files by path, replies to come, and the headers of what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.replies: list[Reply] = []
        self.asked: list[Message] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def ranges(self) -> list[str | None]:
        """Return what each request asked for."""
        return [headers["Range"] for headers in self.asked]


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def honest(handler: Handler, content: bytes, tag: str | None = TAG) -> None:
    """Give the range that is asked for, if the version is still the one."""
    asked = handler.headers["Range"]
    if asked is None or handler.headers["If-Range"] != tag:
        handler.send(200, content, ETag=tag)
        return
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    span = f"bytes {start}-{len(content) - 1}/{len(content)}"
    handler.send(206, content[start:], Content_Range=span, ETag=tag)


def breaking_off(after: int, **headers: Any) -> Reply:
    """Promise all and close the connection after some bytes."""
    return lambda handler, content: handler.send(200, content[:after], Content_Length=len(content), **headers)


def breaking_off_later(after: int) -> Reply:
    """Go on where asked, and close the connection after some bytes."""

    def reply(handler: Handler, content: bytes) -> None:
        start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        rest, span = content[start:], f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.send(206, rest[:after], Content_Length=len(rest), Content_Range=span)

    return reply


def answering(status: int, body: bytes = b"", **headers: Any) -> Reply:
    """Answer with a status, whatever was asked."""
    return lambda handler, _content: handler.send(status, body, **headers)


def ignoring_ranges(handler: Handler, content: bytes) -> None:
    """Give the whole file, whatever was asked."""
    handler.send(200, content)
