import time
from itertools import pairwise
from pathlib import Path

import pytest

from seco.config.settings import check_settings
from seco.errors import SecoError
from seco.storage.yaml_file import parse_yaml, read_yaml

LETTERS = "abcdefghij"


def bomb(start: str, line: str) -> str:
    """Return lines of which each repeats the one before it ten times."""
    lines = [f"{LETTERS[0]}: &{LETTERS[0]} {start}"]
    for before, name in pairwise(LETTERS):
        lines.append(f"{name}: &{name} " + line.format(", ".join([f"*{before}"] * 10)))
    return "\n".join(lines)


BOMBS = {
    "aliases": bomb("[1, 1, 1]", "[{}]"),
    "aliases in mappings": bomb("{x: 1}", "{{y: [{}]}}"),
    "merges": bomb("{x: 1}", "{{<<: [{}]}}"),
    "itself": "a: &a [*a]",
    "itself as a key": "a: &a {b: {c: *a}}",
    "brackets": "a: " + "[" * 100_000,
    "braces": "a: " + "{x: " * 100_000,
    "dashes": "a: " + "\n" + "- " * 100_000,
    "levels": "\n".join(f"{' ' * level}a:" for level in range(3_000)),
    "values": "a: [" + "1, " * 20_000 + "]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_stands_for_too_much_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(BOMBS[name])
    start = time.monotonic()
    with pytest.raises(SecoError, match=r"params\.yaml holds (more than 10000 values|a value that contains itself)"):
        read_yaml(path)
    assert time.monotonic() - start < 30


def test_aliases_and_merges_of_common_size_are_read() -> None:
    text = "a: &a [1, 2]\nb: [*a, *a]\nc: &c {x: 1}\nd: {<<: *c, y: *a}\ne: &e 3\nf: *e\n"
    assert parse_yaml(text, source="x") == {
        "a": [1, 2], "b": [[1, 2], [1, 2]], "c": {"x": 1}, "d": {"x": 1, "y": [1, 2]}, "e": 3, "f": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[1]",
        "a: *nowhere",
        "a: &a 1\n---\nb: 2",
        "a: !!python/object:os.system x",
        "? [1]\n: 2",
        "1: 2",
        "null: 1",
        "a: 2024-13-45",
        "seed: " + "1" * 5_000,
        "seed: 0x" + "F" * 5_000,
        "patch_size: 0x" + "F" * 3_000,
        "prepare: {root: " + "x" * 5_000 + "}",
        "seed: .nan",
        "seed: !!binary AAAA",
        "seed: !!set {a, b}",
        "prepare: 3",
        "prepare: {classes: {a: 1}, lists: [a], root: 2024-01-01}",
        "cam: [[[[1]]]]",
        "a: \x00",
        "\ufeffa: 1",
        "dataset: 1\ntraining: [x]\ncam: {background: {}}",
        "a: 'x",
        "\t",
        "%YAML 3.0\n---\na: 1",
    ],
)
def test_no_text_ends_in_anything_but_a_sentence(text: str) -> None:
    with pytest.raises(SecoError):
        check_settings(parse_yaml(text, source="params.yaml"), source="params.yaml")
