"""Reads regular files only, with a remedy for each of the system's errors."""

import errno
import stat
from pathlib import Path

from seco.errors import SecoError

_REMEDIES = {
    errno.EACCES: "change its permissions",
    errno.EPERM: "change its permissions",
    errno.EISDIR: "name a file",
    errno.ELOOP: "remove the link",
    errno.ENAMETOOLONG: "shorten the name",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "close other programs",
}


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
    remedy = _REMEDIES.get(error.errno or 0, "check the disk, or copy it there again")
    return SecoError(f"{path} cannot be read: {error.strerror or error}; {remedy}")
