import errno
import os
import stat
from contextlib import nullcontext
from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.storage.atomic import atomic_path, atomic_write_bytes, atomic_write_text, temporary_path, publish


def test_a_write_makes_its_folders_and_leaves_only_the_file(tmp_path: Path) -> None:
    atomic_write_bytes(tmp_path / "a" / "b" / "file.bin", b"new")
    assert (tmp_path / "a" / "b" / "file.bin").read_bytes() == b"new"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file.bin"]


def test_text_is_utf8_with_newlines_untouched(tmp_path: Path) -> None:
    atomic_write_text(tmp_path / "t.txt", "∞\n")
    assert (tmp_path / "t.txt").read_bytes() == b"\xe2\x88\x9e\n"


def _write_half(path: Path, fault: BaseException) -> None:
    with atomic_path(path) as aside:
        aside.write_bytes(b"half")
        raise fault


def test_the_old_file_survives_a_fault_in_the_block(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        _write_half(path, ZeroDivisionError())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_survives_an_interruption(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        _write_half(path, KeyboardInterrupt())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SecoError, match=r"cannot write .*file\.bin: No space left on device; free some disk space"):
        atomic_write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_folder_is_synced_after_the_file_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names_when_synced: list[tuple[bool, list[str]]] = []

    def watch(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        names_when_synced.append((is_folder, [path.suffix for path in tmp_path.iterdir()]))

    monkeypatch.setattr(os, "fsync", watch)
    atomic_write_bytes(tmp_path / "file.bin", b"new")
    assert names_when_synced == [(False, [".tmp"]), (True, [".bin"])]


@pytest.mark.parametrize(("fault", "is_refused"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_file_system_that_cannot_sync_folders_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, is_refused: bool
) -> None:
    def refuse_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(os, "fsync", refuse_folders)
    with pytest.raises(SecoError, match="cannot write") if is_refused else nullcontext():
        atomic_write_bytes(tmp_path / "file.bin", b"new")


def test_a_file_may_get_its_name_once_it_is_written(tmp_path: Path) -> None:
    with temporary_path(tmp_path / "file.bin") as aside:
        aside.write_bytes(b"new")
        publish(aside, tmp_path / "other.bin")
    assert [path.name for path in tmp_path.iterdir()] == ["other.bin"]


def test_a_file_that_is_never_published_goes(tmp_path: Path) -> None:
    with temporary_path(tmp_path / "file.bin") as aside:
        aside.write_bytes(b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(SecoError, match="cannot write"):
        atomic_write_bytes(tmp_path / "data" / "file.bin", b"new")


def test_the_file_aside_is_not_listed_with_the_finished_ones(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "mask.png") as aside:
        aside.write_bytes(b"half")
        assert list(tmp_path.glob("*.png")) == []
        assert aside.parent == tmp_path


def test_a_block_that_writes_nothing_is_a_fault_and_not_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="cannot write"), atomic_path(tmp_path / "file.bin"):
        pass
    assert list(tmp_path.iterdir()) == []
