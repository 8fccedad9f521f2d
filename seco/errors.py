"""The one exception that users see, and the hints that many of its messages end with."""

import difflib
import errno
from collections.abc import Sequence


class SecoError(Exception):
    """A fault that its reader can mend.

    The message is one sentence (or a short list of them) saying what is wrong, where, and the remedy. The command
    line prints it without a traceback and exits with status 1.
    """


_REMEDIES = {  # of the system's errors that have one, whatever was being done
    errno.ENOSPC: "free some disk space",
    errno.EDQUOT: "free some disk space, or ask for a larger quota",
    errno.EFBIG: "free some disk space, or raise the limit on the size of files (ulimit -f)",
    errno.ENAMETOOLONG: "shorten the name",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENFILE: "close other programs, which hold too many files open",
    errno.ENOLCK: "use a file system that has locks, or ask for more of them",
    errno.ELOOP: "correct the links, which lead in a circle",
    errno.EROFS: "choose a folder on a disk that is not read-only",
    errno.EIO: "check the disk or the network drive",
    errno.ESTALE: "check the network drive",
    errno.ENOTCONN: "check the network drive",
    errno.ETIMEDOUT: "check the network drive",
    errno.EILSEQ: "rename it, the disk cannot hold its name",
}

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")  # in torch's messages


def remedy_of(error: OSError, otherwise: str) -> str:
    """Return what helps against an error of the system; `otherwise` where that depends on what was being done."""
    return _REMEDIES.get(error.errno or 0, otherwise)


def is_out_of_memory(fault: BaseException) -> bool:
    """Return whether memory is short. torch's errors are judged by their text: importing their class takes a second."""
    if isinstance(fault, RuntimeError):
        return any(words in str(fault) for words in _OUT_OF_MEMORY)
    return isinstance(fault, MemoryError) or (isinstance(fault, OSError) and fault.errno == errno.ENOMEM)


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return "did you mean demo?" for a name that is like a known one but for case, else a list of those there are."""
    lowered = {item.lower(): item for item in known}
    similar = difflib.get_close_matches(name.lower(), lowered, n=1)
    return f"did you mean {lowered[similar[0]]}?" if similar else f"choose one of {', '.join(known)}"
