"""Names from the data as text: in a line, in Markdown, in a cell of a spreadsheet.

A class, a file or a split may have any name. What is shown to people goes through one of these functions, so that no
terminal, Markdown viewer or spreadsheet obeys it.
"""

import re
from collections.abc import Sequence

# Control characters (line ends and terminal escapes among them), line and paragraph separators, signs that reverse the
# direction of the text after them, and halves of signs, which stand for bytes of a file name that are no UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKDOWN = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")  # an underscore within a word is a plain one
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# What a spreadsheet takes for a formula, behind any guards; a number is none.
_FORMULA = re.compile(r"'*(?![-+]?(\d+(\.\d+)?(e[-+]?\d+)?|inf)$)[=+@\t\r-]")


def one_line(text: str) -> str:
    """Return a text in one line, with signs that act on what is around them written as `\\n`, `\\x1b`, `\\u202e`."""
    return _UNPRINTABLE.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def listed(words: Sequence[str]) -> str:
    """Return "a, b and c"."""
    *most, last = words or [""]
    return f"{', '.join(most)} and {last}" if most else last


def escape_markdown(text: str) -> str:
    """Return a text that Markdown and HTML show as it is, also in a cell of a table."""
    return _MARKDOWN.sub(r"\\\g<0>", one_line(text).translate(_HTML))


def guard_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula; undone by `unguard_cell`."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguard_cell(text: str) -> str:
    """Return the text of which `guard_cell` made this one."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
