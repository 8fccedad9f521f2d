import errno
import os
import stat
from contextlib import nullcontext
from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.storage.atomic import atomic_path, atomic_write_bytes, atomic_write_text, publish, temporary_path


def refuse_to_sync(monkeypatch: pytest.MonkeyPatch, number: int, *, folders_only: bool = False) -> None:
    def refuse(descriptor: int) -> None:
        if not folders_only or stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)


def test_a_write_makes_its_folders_and_leaves_only_the_file(tmp_path: Path) -> None:
    atomic_write_text(tmp_path / "a" / "b" / "file.txt", "∞\n")
    assert (tmp_path / "a" / "b" / "file.txt").read_bytes() == b"\xe2\x88\x9e\n"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file.txt"]


def write_half(path: Path, fault: BaseException) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise fault


@pytest.mark.parametrize("fault", [ZeroDivisionError(), KeyboardInterrupt()])
def test_an_error_in_the_block_leaves_the_old_file(tmp_path: Path, fault: BaseException) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(type(fault)):
        write_half(path, fault)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    refuse_to_sync(monkeypatch, errno.ENOSPC)
    with pytest.raises(SecoError, match=r"cannot write .*file\.bin: No space left on device; free some disk space"):
        atomic_write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("number", "is_refused"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_file_system_that_cannot_sync_folders_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_refused: bool
) -> None:
    refuse_to_sync(monkeypatch, number, folders_only=True)
    with pytest.raises(SecoError, match="cannot write") if is_refused else nullcontext():
        atomic_write_bytes(tmp_path / "file.bin", b"new")


@pytest.mark.parametrize("is_published", [True, False])
def test_a_temporary_file_gets_its_name_or_is_removed(tmp_path: Path, is_published: bool) -> None:
    with temporary_path(tmp_path / "mask.png") as temporary:
        temporary.write_bytes(b"new")
        assert temporary.parent == tmp_path
        assert list(tmp_path.glob("*.png")) == []
        if is_published:
            publish(temporary, tmp_path / "other.png")
    assert [path.name for path in tmp_path.iterdir()] == ["other.png"] * is_published


def test_a_file_in_place_of_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(SecoError, match="cannot write"):
        atomic_write_bytes(tmp_path / "data" / "file.bin", b"new")


def test_a_block_that_writes_nothing_is_an_error_and_no_empty_file(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="cannot write"), atomic_path(tmp_path / "file.bin"):
        pass
    assert list(tmp_path.iterdir()) == []
