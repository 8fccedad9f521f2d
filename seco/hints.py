"""What a user may have meant."""

import difflib
from collections.abc import Sequence


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return "did you mean demo?" for a name that is like a known one, else a list of those there are."""
    similar = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {similar[0]}?" if similar else f"choose one of {', '.join(known)}"
