"""Checksums that are published, and one that is noted at the first download."""

import pytest

from seco.download.checksums import verify
from seco.errors import SecoError

# Of the three bytes "abc": the examples of FIPS 180 and of RFC 1321.
SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
MD5 = "900150983cd24fb0d6963f7d28e17f72"
WRONG = "0" * 64


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.tar"
    path.write_bytes(b"abc")
    return path


def check(file, *, sha256=None, md5=None):
    steps = []
    note = verify(file, sha256=sha256, md5=md5, noted=file.with_name("file.tar.sha256"), on_bytes=steps.append)
    assert steps == [file.stat().st_size]
    return note


def test_a_file_that_has_its_checksums_passes_and_nothing_is_noted(file):
    assert check(file, sha256=SHA256, md5=MD5) is None
    assert [path.name for path in file.parent.iterdir()] == ["file.tar"]


@pytest.mark.parametrize(
    ("sums", "reason"),
    [
        ({"sha256": WRONG}, f"its SHA-256 is {SHA256}, not {WRONG}"),
        ({"md5": WRONG[:32]}, f"its MD5 is {MD5}, not {WRONG[:32]}"),
        ({"sha256": SHA256, "md5": WRONG[:32]}, f"its MD5 is {MD5}, not {WRONG[:32]}"),
    ],
)
def test_a_file_with_another_checksum_is_refused_and_not_noted(file, sums, reason):
    with pytest.raises(SecoError, match=rf"^file\.tar is not the published file: {reason}$"):
        check(file, **sums)
    assert [path.name for path in file.parent.iterdir()] == ["file.tar"]


@pytest.mark.parametrize("md5", [MD5, None])
def test_without_a_published_sha256_that_of_the_first_download_is_noted(file, md5):
    noted = file.with_name("file.tar.sha256")
    note = check(file, md5=md5)
    assert note == f"no SHA-256 of file.tar is published: that of this first download is noted in {noted}"
    assert noted.read_text() == f"{SHA256}  file.tar\n", "as sha256sum --check reads it"
    assert check(file, md5=md5) is None
    file.write_bytes(b"abd")
    with pytest.raises(SecoError, match="is not the file of the first download" if md5 is None else "its MD5 is"):
        check(file, md5=md5)
    file.write_bytes(b"abc")
    noted.write_bytes(b"")
    with pytest.raises(SecoError, match="is not the file of the first download"):
        check(file)
