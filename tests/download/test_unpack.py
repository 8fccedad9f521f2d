"""Unpacking: what belongs there arrives, and nothing hostile gets out of its folder."""

import random
import stat
import tarfile

import pytest

from seco.download.unpack import unpack
from seco.errors import SecoError
from tests.download.archives import archive_of, tar_member, tar_of, zip_of

FILES = {"data/a.txt": b"alpha", "data/deep/er/b.bin": bytes(1000), "readme": b"not wanted"}
WANTED = {"a.txt": b"alpha", "deep/er/b.bin": bytes(1000)}
LIMITS = {"most_files": 10, "most_bytes": 10_000}
NOISE = {"data/noise": random.Random(0).randbytes(9000)}
KINDS = pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip"])


def unpacked(archive, target="target", below="data", on_bytes=lambda done: None, **limits):
    folder = archive.parent / target
    unpack(archive, folder, below=below, on_bytes=on_bytes, **LIMITS | limits)
    return folder


def refusal(archive, **changes):
    with pytest.raises(SecoError) as told:
        unpacked(archive, **changes)
    assert {path.name for path in archive.parent.iterdir()} <= {archive.name, "target"}, "nothing was written elsewhere"
    return str(told.value)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("name", "mode"), [("a.tar", "w"), ("a.tgz", "w:gz"), ("a.tar.xz", "w:xz"), ("a.zip", "")])
def test_a_folder_of_an_archive_is_unpacked(tmp_path, name, mode):
    if mode:
        links = [tar_member("data/empty", tarfile.DIRTYPE), tar_member("code/link", tarfile.SYMTYPE, "x")]
        archive = tar_of(tmp_path / name, {f"./{key}": value for key, value in FILES.items()}, links, mode)
    else:
        archive = zip_of(tmp_path / name, {**FILES, "data/empty/": b""})
    target = unpacked(archive)
    assert contents(target) == WANTED
    assert (target / "empty").is_dir()


@KINDS
def test_all_of_an_archive_is_unpacked_where_no_folder_is_named(tmp_path, name):
    assert contents(unpacked(archive_of(tmp_path / name, FILES), below="")) == FILES


def test_the_bytes_of_the_archive_that_are_done_are_reported(tmp_path):
    archive = tar_of(tmp_path / "a.tar", {"a": bytes(200_000), "b": bytes(200_000)})
    steps = []
    unpacked(archive, below="", most_bytes=400_000, on_bytes=steps.append)
    assert steps == sorted(steps)
    assert 400_000 < steps[-1] <= archive.stat().st_size


def test_permissions_of_the_archive_are_not_taken_over(tmp_path):
    info = tarfile.TarInfo("data/run")
    info.mode = 0o6777
    (path,) = unpacked(tar_of(tmp_path / "a.tar", {}, [info])).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) & 0o6111 == 0


@pytest.mark.parametrize(
    "entry", ["../out", "data/../../out", "{tmp}/out", "data/x/../../../out", "..\\out", "C:\\out", "data/.."]
)
@KINDS
def test_a_name_that_leads_out_is_refused(tmp_path, entry, name):
    entry = entry.format(tmp=tmp_path)
    archive = archive_of(tmp_path / name, {**FILES, entry: b"evil"})
    assert refusal(archive) == f"{name} holds a name that leads out of its folder: {entry!r}"


@pytest.mark.parametrize(
    "hostile",
    [
        tar_member("data/link", tarfile.SYMTYPE, "/etc"),
        tar_member("data/link", tarfile.SYMTYPE, "a.txt"),
        tar_member("data/link", tarfile.LNKTYPE, "data/a.txt"),
        tar_member("data/link", tarfile.LNKTYPE, "/etc/passwd"),
        tar_member("data/link", tarfile.CHRTYPE),
        tar_member("data/link", tarfile.BLKTYPE),
        tar_member("data/link", tarfile.FIFOTYPE),
        stat.S_IFLNK,
        stat.S_IFCHR,
        stat.S_IFIFO,
    ],
)
def test_links_and_devices_are_refused(tmp_path, hostile):
    if isinstance(hostile, int):
        archive = zip_of(tmp_path / "a", {**FILES, "data/link": b"/etc"}, mode=hostile | 0o777).rename(
            tmp_path / "a.zip"
        )
    else:
        archive = tar_of(tmp_path / "a.tar", FILES, [hostile, tarfile.TarInfo("data/link/evil")])
    fault = "holds a link or a device, and only files and folders are unpacked: 'data/link'"
    assert refusal(archive) == f"{archive.name} {fault}"
    assert contents(tmp_path / "target") == WANTED


@KINDS
def test_an_archive_that_holds_more_than_allowed_is_refused(tmp_path, name):
    files = {f"data/{number}": bytes(1000) for number in range(5)}
    archive = archive_of(tmp_path / name, {**files, "code/zeros": bytes(50_000)})
    assert len(contents(unpacked(archive, most_files=6, most_bytes=5000))) == 5, "what is not unpacked has no bytes"
    archive = archive_of(tmp_path / name, files)
    for limits in ({"most_files": 4}, {"most_bytes": 4999}):
        expected = LIMITS | limits
        with pytest.raises(SecoError) as told:
            unpacked(archive, f"target of {limits}", **limits)
        told.match(f"{name} holds more than {expected['most_files']} files or {expected['most_bytes']} bytes")


@pytest.mark.parametrize("name", ["a.tgz", "a.zip"])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, name):
    archive = archive_of(tmp_path / name, {"data/zeros": bytes(50_000_000)})
    assert archive.stat().st_size < 100_000
    assert "holds more than 10 files or 10000 bytes" in refusal(archive)
    assert contents(tmp_path / "target") == {}


def test_a_sparse_file_counts_with_what_it_unpacks_to(tmp_path):
    info = tarfile.TarInfo("data/sparse")
    info.pax_headers = {"GNU.sparse.size": "50000000", "GNU.sparse.map": "0,0", "GNU.sparse.numblocks": "1"}
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as file:
        file.addfile(info)
    assert "holds more than" in refusal(archive)


@KINDS
def test_a_name_that_occurs_twice_is_refused(tmp_path, name):
    archive = archive_of(tmp_path / name, {"data/a": b"1", "data/./a": b"2"})
    assert refusal(archive) == f"{name} holds the name 'data/./a' twice"


@KINDS
@pytest.mark.parametrize("content", [b"", b"<html>Not Found</html>" * 100, "truncated"])
def test_a_damaged_archive_is_refused(tmp_path, name, content):
    path = archive_of(tmp_path / name, NOISE)
    path.write_bytes(path.read_bytes()[:5000] if content == "truncated" else content)
    assert refusal(path).startswith(f"{name} is damaged or no archive")


def test_a_zip_file_with_a_flipped_bit_or_encrypted_is_refused(tmp_path):
    path = zip_of(tmp_path / "a.zip", NOISE)
    sound = path.read_bytes()
    path.write_bytes(sound[:5000] + bytes([sound[5000] ^ 1]) + sound[5001:])
    assert refusal(path).startswith("a.zip is damaged")
    (tmp_path / "target/noise").unlink()
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = sound.index(header) + offset
        sound = sound[:place] + b"\x01" + sound[place + 1 :]
    path.write_bytes(sound)
    assert "is encrypted" in refusal(path)


@KINDS
def test_damage_anywhere_is_a_sentence_or_does_no_harm(tmp_path, name):
    path = archive_of(tmp_path / name, FILES)
    sound, draw = path.read_bytes(), random.Random(1)
    for attempt in range(150):
        data = bytearray(sound)
        for _ in range(draw.randint(1, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(data)
        try:
            unpacked(path, f"target{attempt}")
        except SecoError as fault:
            assert str(fault).startswith(name)  # noqa: PT017
    assert {entry.name for entry in tmp_path.iterdir() if not entry.name.startswith("target")} == {name}


@pytest.mark.parametrize("size", [-512, -1024, -10_001])
def test_a_negative_size_is_refused(tmp_path, size):
    hostile = tarfile.TarInfo("data/back")
    hostile.size = size
    archive = tar_of(tmp_path / "a.tar", {"data/a": b"1", "data/b": b"2"}, [hostile])
    assert refusal(archive) == "a.tar is damaged or no archive: 'data/back' has a negative size"
