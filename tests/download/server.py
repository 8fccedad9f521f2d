"""A local server of files that can be told to misbehave, request by request."""

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
        self.server.requests.append(self.headers)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
        else:
            reply = self.server.replies.pop(0) if self.server.replies else honest
            reply(self, content)

    def send(self, status: int, body: bytes, **headers: Any) -> None:
        """Send a body; the headers are those of the body unless told otherwise, None leaves one out."""
        self.send_response(status)
        for name, value in ({"Content_Length": len(body), "ETag": TAG} | headers).items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def start(self) -> int:
        """Return the first byte that is asked for."""
        return int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Keep the tests' output clean."""


class Server(ThreadingHTTPServer):
    """Files by path, the replies to come, and the headers of the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.replies: list[Reply] = []
        self.requests: list[Message] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def ranges(self) -> list[str | None]:
        """Return the range of each request."""
        return [headers["Range"] for headers in self.requests]


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
    if handler.headers["Range"] is None or handler.headers["If-Range"] != tag:
        handler.send(200, content, ETag=tag)
    else:
        span = f"bytes {handler.start()}-{len(content) - 1}/{len(content)}"
        handler.send(206, content[handler.start() :], Content_Range=span, ETag=tag)


def breaking_off(after: int, **headers: Any) -> Reply:
    """Promise all and close the connection after some bytes."""
    return lambda handler, content: handler.send(200, content[:after], Content_Length=len(content), **headers)


def breaking_off_later(after: int) -> Reply:
    """Go on where asked, and close the connection after some bytes."""

    def reply(handler: Handler, content: bytes) -> None:
        rest, span = content[handler.start() :], f"bytes {handler.start()}-{len(content) - 1}/{len(content)}"
        handler.send(206, rest[:after], Content_Length=len(rest), Content_Range=span)

    return reply


def answering(status: int, body: bytes = b"", **headers: Any) -> Reply:
    """Answer with a status, whatever was asked."""
    return lambda handler, _content: handler.send(status, body, **headers)
