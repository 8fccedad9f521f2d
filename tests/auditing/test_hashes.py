"""Hashes of photographs: what they are like, and when a known one is taken."""

from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import ImageOps

from seco.auditing.hashes import as_bits, hash_image, hash_images
from seco.errors import SecoError
from seco.storage.csv_file import write_csv
from seco.storage.fingerprint import DIGESTS_COLUMNS, DIGESTS_FILE
from seco.storage.manifest import Manifest
from tests.auditing.photographs import noise, write_photographs


def hashes_of(data: Path, manifest: Manifest):
    return hash_images(manifest.records, data=data, cache=data / "cache" / "hashes.csv")


def test_the_bits_are_those_of_the_library_and_of_the_mirror_image():
    image = noise(1, side=64)
    plain, mirrored = as_bits([hash_image(image)])
    assert plain[0].tolist() == imagehash.phash(image, hash_size=16).hash.ravel().tolist()
    assert mirrored[0].tolist() == imagehash.phash(ImageOps.mirror(image), hash_size=16).hash.ravel().tolist()
    assert as_bits([]).plain.shape == (0, 256)


def test_hashes_of_unchanged_photographs_are_not_made_again(tmp_path):
    manifest = write_photographs(tmp_path, {"a": noise(1), "b": noise(2)})
    first = hashes_of(tmp_path, manifest)
    noise(3).save(tmp_path / "a.png")  # its digest is still that of before
    assert np.array_equal(hashes_of(tmp_path, manifest).plain, first.plain)
    rows = [("a", "another", "", ""), ("b", "digest-of-b", "", "")]
    write_csv(tmp_path / DIGESTS_FILE, rows, columns=DIGESTS_COLUMNS)
    again = hashes_of(tmp_path, manifest)
    assert np.array_equal(again.plain[0], as_bits([hash_image(noise(3))]).plain[0])
    assert np.array_equal(again.plain[1], first.plain[1])
    assert "digest-of-a" not in (tmp_path / "cache/hashes.csv").read_text()


@pytest.mark.parametrize("damage", ["", "image,phash_256,mirrored\ndigest-of-a,zz,zz\n", "\x00"])
def test_a_damaged_cache_is_made_again(tmp_path, damage):
    manifest = write_photographs(tmp_path, {"a": noise(1)})
    first = hashes_of(tmp_path, manifest)
    whole = (tmp_path / "cache/hashes.csv").read_text()
    (tmp_path / "cache/hashes.csv").write_text(damage)
    assert np.array_equal(hashes_of(tmp_path, manifest).plain, first.plain)
    assert (tmp_path / "cache/hashes.csv").read_text() == whole


def test_a_photograph_that_is_gone_is_named(tmp_path):
    manifest = write_photographs(tmp_path, {"a": noise(1), "b": noise(2)})
    (tmp_path / "b.png").unlink()
    with pytest.raises(SecoError, match=r"b\.png does not exist: restore it"):
        hashes_of(tmp_path, manifest)
    assert not (tmp_path / "cache").exists()
