"""Checksums that are known, and one that is noted at the first download."""

from pathlib import Path

import pytest

from seco.download.digests import verify
from seco.errors import SecoError

# Of the three bytes "abc": the examples of FIPS 180 and of RFC 1321.
SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
MD5 = "900150983cd24fb0d6963f7d28e17f72"
WRONG = "0" * 64


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.tar"
    path.write_bytes(b"abc")
    return path


def check(file: Path, *, sha256: str | None = None, md5: str | None = None) -> str | None:
    pin = file.with_name("file.tar.sha256")
    return verify(file, sha256=sha256, md5=md5, pin=pin, reached=lambda _done: None)


def test_a_file_that_has_its_checksums_passes_and_nothing_is_noted(file):
    assert check(file, sha256=SHA256, md5=MD5) is None
    assert [path.name for path in file.parent.iterdir()] == ["file.tar"]


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        ({"sha256": WRONG}, f"its SHA-256 is {SHA256}, not {WRONG}"),
        ({"md5": WRONG[:32]}, f"its MD5 is {MD5}, not {WRONG[:32]}"),
        ({"sha256": SHA256, "md5": WRONG[:32]}, f"its MD5 is {MD5}, not {WRONG[:32]}"),
    ],
)
def test_a_file_with_another_checksum_is_refused_and_not_noted(file, sums, words):
    with pytest.raises(SecoError, match=f"^file.tar is not the published file: {words}$"):
        check(file, **sums)
    assert [path.name for path in file.parent.iterdir()] == ["file.tar"]


@pytest.mark.parametrize("md5", [MD5, None])
def test_without_a_published_sha256_the_first_one_is_noted_and_holds_from_then_on(file, md5):
    pin = file.with_name("file.tar.sha256")
    told = check(file, md5=md5)
    assert told == f"no SHA-256 of file.tar is published: that of this first download is noted in {pin}"
    assert pin.read_text() == f"{SHA256}  file.tar\n", "as sha256sum --check reads it"
    assert check(file, md5=md5) is None
    file.write_bytes(b"abd")
    with pytest.raises(SecoError, match="is not the file of the first download" if md5 is None else "its MD5 is"):
        check(file, md5=md5)


def test_a_note_that_is_damaged_matches_nothing(file):
    file.with_name("file.tar.sha256").write_bytes(b"")
    with pytest.raises(SecoError, match="is not the file of the first download"):
        check(file)


def test_how_much_was_read_is_told(file):
    file.write_bytes(bytes(3 << 20))
    told: list[int] = []
    verify(file, sha256=None, md5=None, pin=file.with_name("pin"), reached=told.append)
    assert told == [1 << 20, 2 << 20, 3 << 20]
