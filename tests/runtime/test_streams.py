"""Output in encodings that lack signs: in a process of its own, since the encoding is set at its start."""

import os
import subprocess
import sys

import pytest

SIGNS = "mIoU – ∞ … × 犬 👩 é"
PROGRAM = f"""
import sys
from rich.console import Console
from rich.table import Column
from seco.console.output import text_table
from seco.runtime.streams import accept_any_sign
accept_any_sign()
print({SIGNS!r})
print({SIGNS!r}, file=sys.stderr)
Console(width=80).print(text_table([Column("–")], [[{SIGNS!r}]]))
"""


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", SIGNS),
        ("ascii", r"mIoU - inf ... x \u72ac \U0001f469 \xe9"),
        ("iso-8859-1", r"mIoU - inf ... × \u72ac \U0001f469 é"),
        ("euc-jp", r"mIoU - ∞ … × 犬 \U0001f469 é"),
        ("cp1252", r"mIoU – inf … × \u72ac \U0001f469 é"),
    ],
)
def test_a_sign_that_the_encoding_lacks_becomes_a_simpler_one_or_its_code(encoding: str, shown: str) -> None:
    variables = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=variables, capture_output=True, check=True)
    out, err = done.stdout.decode(encoding), done.stderr.decode(encoding)
    assert out.splitlines()[0] == err.splitlines()[0] == shown
    assert shown in out.split("\n", 1)[1]
