"""Unpacking: what belongs there arrives, and nothing hostile gets out of its folder."""

import random
import shutil
import stat
import tarfile
from pathlib import Path

import pytest

from seco.download.unpack import unpack
from seco.errors import SecoError
from tests.download.archives import member, tar_of, zip_of

FILES = {"data/a.txt": b"alpha", "data/deep/er/b.bin": bytes(1000), "readme": b"not wanted"}
LIMITS = {"most_files": 10, "most_bytes": 10_000}


def unpacked(archive: Path, below: str = "data", **limits: int) -> Path:
    target = archive.parent / "target"
    unpack(archive, target, below=below, reached=lambda _done: None, **{**LIMITS, **limits})
    return target


def refusal(archive: Path, **changes) -> str:
    with pytest.raises(SecoError) as told:
        unpacked(archive, **changes)
    assert {path.name for path in archive.parent.iterdir()} <= {archive.name, "target"}, "nothing was written elsewhere"
    return str(told.value)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("name", "mode"), [("a.tar", "w"), ("a.tgz", "w:gz"), ("a.tar.xz", "w:xz")])
def test_a_tar_file_is_unpacked_below_its_folder(tmp_path, name, mode):
    folder = member("data/empty", tarfile.DIRTYPE)
    archive = tar_of(tmp_path / name, {f"./{key}": value for key, value in FILES.items()}, [folder], mode)
    target = unpacked(archive)
    assert contents(target) == {"a.txt": b"alpha", "deep/er/b.bin": bytes(1000)}
    assert (target / "empty").is_dir()


def test_a_zip_file_is_unpacked_below_its_folder(tmp_path):
    archive = zip_of(tmp_path / "a.zip", {**FILES, "data/empty/": b""})
    target = unpacked(archive)
    assert contents(target) == {"a.txt": b"alpha", "deep/er/b.bin": bytes(1000)}
    assert (target / "empty").is_dir()


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_all_of_an_archive_is_unpacked_where_no_folder_is_named(tmp_path, name):
    write = zip_of if name.endswith("zip") else tar_of
    assert contents(unpacked(write(tmp_path / name, FILES), below="")) == FILES


def test_how_much_of_the_archive_is_done_is_told(tmp_path):
    archive = tar_of(tmp_path / "a.tar", {"a": bytes(200_000), "b": bytes(200_000)})
    told: list[int] = []
    unpack(archive, tmp_path / "target", below="", most_files=2, most_bytes=400_000, reached=told.append)
    assert told == sorted(told)
    assert 400_000 < told[-1] <= archive.stat().st_size


def test_permissions_of_the_archive_are_not_taken_over(tmp_path):
    info = tarfile.TarInfo("data/run")
    info.mode = 0o6777
    (path,) = unpacked(tar_of(tmp_path / "a.tar", {}, [info])).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) & 0o6111 == 0


@pytest.mark.parametrize(
    "name", ["../out", "data/../../out", "{tmp}/out", "data/x/../../../out", "..\\out", "C:\\out", "data/.."]
)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_name_that_leads_out_is_refused(tmp_path, name, kind):
    write, name = (zip_of if kind == "zip" else tar_of), name.format(tmp=tmp_path)
    archive = write(tmp_path / f"a.{kind}", {**FILES, name: b"evil"})
    assert refusal(archive) == f"a.{kind} holds a name that leads out of its folder: {name!r}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "hostile",
    [
        member("data/link", tarfile.SYMTYPE, "/etc"),
        member("data/link", tarfile.SYMTYPE, "a.txt"),
        member("data/link", tarfile.LNKTYPE, "data/a.txt"),
        member("data/link", tarfile.LNKTYPE, "/etc/passwd"),
        member("data/link", tarfile.CHRTYPE),
        member("data/link", tarfile.BLKTYPE),
        member("data/link", tarfile.FIFOTYPE),
    ],
    ids=["symlink out", "symlink in", "hard link in", "hard link out", "device", "block device", "pipe"],
)
def test_links_and_devices_in_a_tar_file_are_refused(tmp_path, hostile):
    archive = tar_of(tmp_path / "a.tar", FILES, [hostile])
    assert refusal(archive) == "a.tar holds a link or a device, and only files and folders are unpacked: 'data/link'"
    assert set(contents(tmp_path / "target")) == {"a.txt", "deep/er/b.bin"}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip_file_are_refused(tmp_path, kind):
    archive = zip_of(tmp_path / "a.zip", {"data/link": b"/etc"}, mode=kind | 0o777)
    assert "holds a link or a device" in refusal(archive)


def test_a_file_below_a_link_is_not_written_through_it(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    inner = tmp_path / "archive"
    inner.mkdir()
    link = member("data/way", tarfile.SYMTYPE, str(outside))
    archive = tar_of(inner / "a.tar", {}, [link, tarfile.TarInfo("data/way/evil")])
    refusal(archive)
    assert list(outside.iterdir()) == []


def test_what_is_not_unpacked_may_be_a_link(tmp_path):
    archive = tar_of(tmp_path / "a.tar", FILES, [member("code/link", tarfile.SYMTYPE, "x")])
    assert set(contents(unpacked(archive))) == {"a.txt", "deep/er/b.bin"}


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip"])
def test_an_archive_that_holds_more_than_allowed_is_refused(tmp_path, name):
    path = tmp_path / name
    files = {f"data/{number}": bytes(1000) for number in range(5)}
    archive = zip_of(path, files) if name == "a.zip" else tar_of(path, files, mode="w:gz" if name == "a.tgz" else "w")
    assert len(contents(unpacked(archive, most_files=5, most_bytes=5000))) == 5
    shutil.rmtree(tmp_path / "target")
    assert refusal(archive, most_files=4) == f"{name} holds more than 4 files or 10000 bytes"
    shutil.rmtree(tmp_path / "target")
    assert refusal(archive, most_bytes=4999) == f"{name} holds more than 10 files or 4999 bytes"


@pytest.mark.parametrize("name", ["a.tgz", "a.zip"])
def test_a_bomb_is_refused_before_it_goes_off(tmp_path, name):
    bomb = {"data/zeros": bytes(50_000_000)}
    archive = zip_of(tmp_path / name, bomb) if name == "a.zip" else tar_of(tmp_path / name, bomb, mode="w:gz")
    assert archive.stat().st_size < 100_000
    assert "holds more than 10 files or 10000 bytes" in refusal(archive)
    assert contents(tmp_path / "target") == {}


def test_what_is_not_unpacked_takes_no_space(tmp_path):
    archive = tar_of(tmp_path / "a.tgz", {**FILES, "code/zeros": bytes(50_000)}, mode="w:gz")
    assert set(contents(unpacked(archive))) == {"a.txt", "deep/er/b.bin"}


def test_a_sparse_file_counts_with_what_it_unpacks_to(tmp_path):
    info = tarfile.TarInfo("data/sparse")
    info.pax_headers = {"GNU.sparse.size": "50000000", "GNU.sparse.map": "0,0", "GNU.sparse.numblocks": "1"}
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as file:
        file.addfile(info)
    assert "holds more than" in refusal(archive)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_name_that_stands_twice_is_refused(tmp_path, kind):
    archive = tmp_path / f"a.{kind}"
    if kind == "zip":
        zip_of(archive, {"data/a": b"1", "data/./a": b"2"})
    else:
        tar_of(archive, {"data/a": b"1", "data/./a": b"2"})
    assert refusal(archive) == f"a.{kind} holds the name 'data/./a' twice"


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip"])
@pytest.mark.parametrize("content", [b"", b"<html>Not Found</html>" * 100])
def test_what_is_no_archive_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert refusal(path).startswith(f"{name} is damaged or no archive")


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip"])
def test_a_truncated_archive_is_refused(tmp_path, name):
    path = tmp_path / name
    files = {"data/noise": random.Random(0).randbytes(9000)}
    zip_of(path, files) if name == "a.zip" else tar_of(path, files, mode="w:gz" if name == "a.tgz" else "w")
    path.write_bytes(path.read_bytes()[:5000])
    assert refusal(path).startswith(f"{name} is damaged or no archive")


def test_a_zip_file_with_a_flipped_bit_is_refused(tmp_path):
    path = zip_of(tmp_path / "a.zip", {"data/noise": random.Random(0).randbytes(9000)})
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    assert refusal(path).startswith("a.zip is damaged")


def test_an_encrypted_zip_file_is_refused(tmp_path):
    path = zip_of(tmp_path / "a.zip", {"data/a": b"secret"})
    data = path.read_bytes()
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(header) + offset
        data = data[:place] + b"\x01" + data[place + 1 :]
    path.write_bytes(data)
    assert "is encrypted" in refusal(path)


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip"])
def test_damage_anywhere_is_a_sentence_or_does_no_harm(tmp_path, name):
    path = tmp_path / name
    zip_of(path, FILES) if name == "a.zip" else tar_of(path, FILES, mode="w:gz" if name == "a.tgz" else "w")
    sound = path.read_bytes()
    draw = random.Random(1)
    for attempt in range(150):
        data = bytearray(sound)
        for _ in range(draw.randint(1, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(data)
        try:
            unpack(path, tmp_path / f"target{attempt}", below="data", reached=lambda _done: None, **LIMITS)
        except SecoError as fault:
            assert str(fault).startswith(name)  # noqa: PT017
    assert {entry.name for entry in tmp_path.iterdir() if not entry.name.startswith("target")} == {name}


@pytest.mark.parametrize("size", [-512, -1024, -10_001])
def test_a_negative_size_is_refused(tmp_path, size):
    hostile = tarfile.TarInfo("data/back")
    hostile.size = size
    archive = tar_of(tmp_path / "a.tar", {"data/a": b"1", "data/b": b"2"}, [hostile])
    assert refusal(archive) == "a.tar is damaged or no archive: 'data/back' has a negative size"
