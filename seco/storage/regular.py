"""Reads regular files only."""

import stat
from pathlib import Path

from seco.errors import SecoError, remedy_of


def require_regular(path: Path) -> None:
    """Refuse pipes, sockets and devices, which may have no end or no content; links are followed.

    Raises:
        SecoError: it is none of file, folder or link.
        OSError: there is no such file, or the system refuses to look.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise SecoError(f"{path} is no regular file but a pipe, socket or device: replace it by a file")


def read_file(path: Path) -> bytes:
    """Return the content of a regular file.

    Raises:
        SecoError: it is no regular file, or cannot be read.
        FileNotFoundError: there is no such file.
    """
    try:
        require_regular(path)
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> SecoError:
    """Return the error for a file or folder that the system refuses to read."""
    remedy = remedy_of(error, "correct it or its permissions")
    return SecoError(f"{path} cannot be read: {error.strerror or error}; {remedy}")
