"""Comments of YAML files stay when values are merged."""

from pathlib import Path

import pytest

from seco.config.commented_yaml import get_header, merge, read_commented, set_header, to_text
from seco.errors import SecoError

TEXT = """\
# About this file
# and more

a: 1                           # of a
# of the section
s:
  b: [1, 2]                    # of b

  # of c
  c: null
"""


def write(folder: Path, text: str, name: str = "file.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_without_changes_is_written_as_it_was(tmp_path):
    assert to_text(read_commented(write(tmp_path, TEXT))) == TEXT


def test_merging_replaces_values_and_the_comments_beside_them_only(tmp_path):
    target = read_commented(write(tmp_path, TEXT))
    long = "[some, values, that, reach, far]"
    changes = read_commented(write(tmp_path, f"a: 2  # new\n\ns:\n  b: {long}\n  c: 4  # here\n", "changes.yaml"))
    assert merge(target, changes) == []
    assert to_text(target) == (
        "# About this file\n# and more\n\n"
        "a: 2                           # new\n"
        "# of the section\n"
        "s:\n"
        f"  b: {long} # of b\n\n"
        "  # of c\n"
        "  c: 4                         # here\n"
    )


def test_merging_returns_unknown_keys_and_leaves_them_out(tmp_path):
    target = read_commented(write(tmp_path, TEXT))
    changes = read_commented(write(tmp_path, "z: 1\ns: {d: 2, c: 3}\n", "changes.yaml"))
    assert merge(target, changes) == ["z", "s.d"]
    assert target["s"]["c"] == 3
    assert "z" not in target


def test_the_header_is_read_and_replaced(tmp_path):
    values = read_commented(write(tmp_path, TEXT))
    assert get_header(values) == ["About this file", "and more"]
    set_header(values, ["Another"])
    assert to_text(values) == TEXT.replace("# About this file\n# and more", "# Another")
    assert get_header(read_commented(write(tmp_path, "a: 1\n"))) == []


@pytest.mark.parametrize(("text", "sentence"), [("a: 1\na: 2\n", "is not valid YAML"), ("- 1\n", "holds no keys")])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text, sentence):
    with pytest.raises(SecoError, match=sentence):
        read_commented(write(tmp_path, text))
