import errno
import os
import stat
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.storage import atomic
from seco.storage.atomic import (
    atomic_path,
    atomic_write_bytes,
    atomic_write_text,
    publish,
    swap_folder,
    take_over,
    temporary_path,
)


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


@pytest.mark.parametrize("taken", ["data", "data/file.bin/folder/file"])
def test_something_else_of_that_name_is_one_sentence(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / taken).write_text("in the way")
    with pytest.raises(SecoError, match=r"cannot write .*; move what has that name elsewhere"):
        atomic_write_bytes(tmp_path / "data" / "file.bin", b"new")


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127])
def test_a_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path, name: str) -> None:
    atomic_write_bytes(tmp_path / name, b"new")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(SecoError, match="File name too long; shorten the name"):
        atomic_write_bytes(tmp_path / f"{name}xx", b"new")


def test_a_stage_removes_what_a_killed_writer_left_in_its_folder_and_nothing_else(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in ("a.png", ".a.tmp", "sub/.hidden", "a.tmp", f"{'0' * 32}.tmp")]
    left = []
    for place in (tmp_path, tmp_path / "sub"):
        with temporary_path(place / "a.png") as left_file, temporary_path(place / "masks") as left_folder:
            left += [left_file, left_folder / "b.png"]
    for path in (*kept, *left):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    take_over(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["sub"]


def write_while_another_run_begins(path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        take_over(path.parent)


def test_a_file_that_another_run_has_removed_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"file\.bin: No such file .*; .* let no other run delete files there"):
        write_while_another_run_begins(tmp_path / "file.bin")


def test_a_stage_makes_its_folder(tmp_path: Path) -> None:
    take_over(tmp_path / "data" / "refine")
    assert (tmp_path / "data" / "refine").is_dir()


def test_a_block_that_writes_nothing_is_an_error_and_no_empty_file(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="cannot write"), atomic_path(tmp_path / "file.bin"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("exchanges", [True, False])
def test_folders_are_swapped_and_the_old_one_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    fresh, place, former = folders(tmp_path)
    if not exchanges:
        monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    swap_folder(fresh, place, former=former)
    assert (place / "new").is_file()
    assert (former / "old").is_file()
    assert not fresh.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux exchanges two names")
def test_a_kill_between_two_renames_leaves_a_whole_folder_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, place, former = folders(tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        swap_folder(fresh, place, former=former)
    assert (place / "new").is_file()
    assert (fresh / "old").is_file()  # a name of unfinished folders, which the next writer removes


def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Make a finished folder and one that it replaces; return their names, and the one that the old folder gets."""
    fresh, place = tmp_path / "fresh", tmp_path / "place"
    for folder, name in ((fresh, "new"), (place, "old")):
        folder.mkdir()
        (folder / name).touch()
    return fresh, place, tmp_path / "former"
