import os
from pathlib import Path

import pytest

from seco.data.known_files import KnownFiles
from seco.errors import SecoError


class Inspector:
    """Counts how often it is asked, and answers with the file's bytes."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, path: Path) -> tuple[int, ...]:
        self.asked += 1
        return tuple(path.read_bytes())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a, b.bin"
    path.write_bytes(bytes([1, 255]))
    return path


def known(folder: Path) -> KnownFiles:
    return KnownFiles(folder / "known", subject="data")


def test_a_file_is_inspected_once(tmp_path: Path, file: Path) -> None:
    inspect = Inspector()
    for _ in range(2):
        files = known(tmp_path)
        assert files.facts(file, "mask", inspect) == (1, 255)
        files.save()
    assert inspect.asked == 1


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_file_that_changed_is_inspected_again(tmp_path: Path, file: Path, change: str) -> None:
    files, inspect = known(tmp_path), Inspector()
    files.facts(file, "mask", inspect)
    files.save()
    stat = file.stat()
    if change == "inode":
        (tmp_path / "new").write_bytes(bytes([3, 4]))
        (tmp_path / "new").replace(file)
    else:
        file.write_bytes(bytes([3]) if change == "size" else bytes([3, 4]))
    if change != "time":
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    else:
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert known(tmp_path).facts(file, "mask", inspect)[0] == 3


def test_kinds_and_subjects_are_kept_apart(tmp_path: Path, file: Path) -> None:
    files, inspect = known(tmp_path), Inspector()
    files.facts(file, "mask", inspect)
    files.facts(file, "image", inspect)
    files.save()
    KnownFiles(tmp_path / "known", subject="other data").facts(file, "mask", inspect)
    assert inspect.asked == 3


def test_a_fault_is_not_kept(tmp_path: Path, file: Path) -> None:
    def fail(path: Path) -> tuple[int, ...]:
        raise SecoError("bad")

    files, inspect = known(tmp_path), Inspector()
    with pytest.raises(SecoError, match="bad"):
        files.facts(file, "mask", fail)
    files.save()
    known(tmp_path).facts(file, "mask", inspect)
    assert inspect.asked == 1


def test_a_missing_file_is_the_inspectors_to_tell(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        known(tmp_path).facts(tmp_path / "missing", "mask", Inspector())


def test_files_that_are_no_longer_asked_for_are_forgotten(tmp_path: Path, file: Path) -> None:
    files, inspect = known(tmp_path), Inspector()
    files.facts(file, "mask", inspect)
    files.save()
    known(tmp_path).save()
    (table,) = (tmp_path / "known").iterdir()
    assert table.read_text() == "kind,file,stamp,facts\n"


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"kind,file\n", b"kind,file,stamp,facts\nmask,a\n", b"kind,file,stamp,facts\na,b,c,x\n"],
)
def test_a_damaged_table_counts_for_nothing(tmp_path: Path, file: Path, content: bytes) -> None:
    files, inspect = known(tmp_path), Inspector()
    files.facts(file, "mask", inspect)
    files.save()
    (table,) = (tmp_path / "known").iterdir()
    table.write_bytes(content)
    assert known(tmp_path).facts(file, "mask", inspect) == (1, 255)
    assert inspect.asked == 2
