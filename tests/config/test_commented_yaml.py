"""Comments of YAML files survive what is done to the values."""

from pathlib import Path

import pytest

from seco.config.commented_yaml import head, merge, read_commented, set_head, to_text
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


def test_a_file_that_nothing_is_done_to_comes_back_as_it_was(tmp_path):
    assert to_text(read_commented(write(tmp_path, TEXT))) == TEXT


def test_comments_beside_keys_are_brought_to_one_column(tmp_path):
    text = "a: 1 # one\nlonger: 'a value that reaches far beyond the column'        # two\n"
    assert to_text(read_commented(write(tmp_path, text))) == (
        "a: 1                           # one\nlonger: 'a value that reaches far beyond the column' # two\n"
    )


def test_merging_replaces_values_and_the_comments_beside_them_alone(tmp_path):
    target = read_commented(write(tmp_path, TEXT))
    changes = read_commented(write(tmp_path, "a: 2  # new\n\ns:\n  b: [3]\n  c: 4  # here\n", "changes.yaml"))
    assert merge(target, changes) == []
    assert to_text(target) == (
        "# About this file\n# and more\n\n"
        "a: 2                           # new\n"
        "# of the section\n"
        "s:\n"
        "  b: [3]                       # of b\n\n"
        "  # of c\n"
        "  c: 4                         # here\n"
    )


def test_merging_names_the_keys_that_are_unknown_and_leaves_them_out(tmp_path):
    target = read_commented(write(tmp_path, TEXT))
    changes = read_commented(write(tmp_path, "z: 1\ns: {d: 2, c: 3}\n", "changes.yaml"))
    assert merge(target, changes) == ["z", "s.d"]
    assert target["s"]["c"] == 3
    assert "z" not in target


def test_the_head_is_read_and_replaced(tmp_path):
    values = read_commented(write(tmp_path, TEXT))
    assert head(values) == ["About this file", "and more"]
    set_head(values, ["Another"])
    assert to_text(values) == TEXT.replace("# About this file\n# and more", "# Another")
    assert head(read_commented(write(tmp_path, "a: 1\n"))) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1\n", "is not valid YAML"),
        (b"a: 1\na: 2\n", "is not valid YAML.*duplicate key"),
        (b"- 1\n", "holds no settings: it must be a mapping"),
        (b"", "holds no settings"),
        (b"a: \xff\n", "cannot be read as text"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path, content, words):
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(SecoError, match=words):
        read_commented(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SecoError, match=r"nowhere\.yaml cannot be read"):
        read_commented(tmp_path / "nowhere.yaml")
