"""The commands and files that a page of the documentation shows."""

import re
import textwrap

FENCE = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def block(page: str, heading: str, kind: str) -> str:
    """Return the text of the fenced blocks of a kind in the section of a page whose heading starts so."""
    (text,) = [part for part in page.split("\n## ") if part.startswith(heading)]
    return "".join(textwrap.dedent(content) for found, content in FENCE.findall(text) if found == kind)
