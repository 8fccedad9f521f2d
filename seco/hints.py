"""What a user may have meant."""

import difflib
from collections.abc import Sequence


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return "did you mean demo?" for a name that is like a known one but for case, else a list of those there are."""
    lowered = {item.lower(): item for item in known}
    similar = difflib.get_close_matches(name.lower(), lowered, n=1)
    return f"did you mean {lowered[similar[0]]}?" if similar else f"choose one of {', '.join(known)}"
