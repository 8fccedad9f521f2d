"""Standard output and error where their encoding, such as ISO-8859-1, lacks a sign."""

import codecs
import io
import sys

_HANDLER = "seco.simpler"
_SIMPLER = {"–": "-", "…": "...", "∞": "inf", "×": "x", "±": "+-", "Δ": "difference"}


def accept_any_sign() -> None:
    """Let standard output and error write a simpler sign, or its code, for a sign that their encoding lacks."""
    codecs.register_error(_HANDLER, _simplify)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _simplify(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_SIMPLER.get(sign) or sign.encode("unicode_escape").decode() for sign in signs), error.end
