"""The one exception that users see, and the hint that many of its messages end with."""

import difflib
from collections.abc import Sequence


class SecoError(Exception):
    """A fault that its reader can mend.

    The message is one sentence (or a short list of them) saying what is wrong, where, and the remedy. The command
    line prints it without a traceback and exits with status 1.
    """


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return "did you mean demo?" for a name that is like a known one but for case, else a list of those there are."""
    lowered = {item.lower(): item for item in known}
    similar = difflib.get_close_matches(name.lower(), lowered, n=1)
    return f"did you mean {lowered[similar[0]]}?" if similar else f"choose one of {', '.join(known)}"
