import re
from html import unescape

import pytest

from seco.storage.plain_text import escape_markdown, guard_cell, one_line, unguard_cell
from tests.names import HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two friends", "two friends"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\u202eb\u2028c", r"a\u202eb\u2028c"),
        ("caf\udce9", r"caf\udce9"),
        ("כלב 犬 👩🏽‍🚀", "כלב 犬 👩🏽‍🚀"),
    ],
)
def test_what_does_more_than_stand_there_is_written_out(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert one_line(shown) == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_has_no_sign_that_it_would_obey(text: str) -> None:
    escaped = escape_markdown(text)
    assert not re.search(r"[<>\n\x1b]", escaped)
    assert not re.search(r"(?<!\\)[`*\[\]|$~]", escaped.replace(r"\\", ""))
    assert unescape(re.sub(r"\\([\\`*_\[\]|~$])", r"\1", escaped)) == one_line(text)


def test_names_of_words_stay_readable_in_markdown() -> None:
    assert escape_markdown("val_unbiased, tag 3.5 (x)") == "val_unbiased, tag 3.5 (x)"


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-x", "@sum", "\tx", "\r=1", "'=1", "''-x", "-1e5x"])
def test_a_formula_is_guarded_and_comes_back(text: str) -> None:
    assert guard_cell(text) == f"'{text}"
    assert unguard_cell(guard_cell(text)) == text


@pytest.mark.parametrize("text", ["", "'", "'quoted'", "a=1", "3", "-0.5", "+1", "'-1e-05", "-inf"])
def test_other_text_and_numbers_stay_as_they_are(text: str) -> None:
    assert guard_cell(text) == unguard_cell(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_comes_back_from_its_cell(text: str) -> None:
    assert unguard_cell(guard_cell(text)) == text
