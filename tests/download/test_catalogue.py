"""The table of archives."""

from urllib.parse import urlsplit

import pytest
import yaml

from seco.download.catalogue import find_data_set
from seco.errors import SecoError
from tests.download.archives import table_row

ROW = table_row("a.tar", "https://host/a.tar", b"a")

# File, bytes and SHA-256 as other catalogues of data sets list them (TensorFlow Datasets); MD5 as torchvision lists it.
PUBLISHED = {
    ("voc2012", "VOCtrainval_11-May-2012.tar"): (1_999_639_040, "e14f7632", "6cd6e144"),
    ("sbd", "benchmark.tgz"): (1_419_539_633, None, "82b4d87c"),
    ("coco2014", "annotations_trainval2014.zip"): (252_872_794, "031296bb", "0a379cfc"),
    ("coco2014", "train2014.zip"): (13_510_573_713, "ede4087e", "0da8c0bd"),
    ("coco2014", "val2014.zip"): (6_645_013_297, "fe9be816", "a3d79f5e"),
}


def write_table(folder, **changes):
    path = folder / "archives.yaml"
    path.write_text(yaml.safe_dump({"one": {"about": "One", "root": "data/one", "archives": [ROW | changes]}}))
    return path


@pytest.mark.parametrize("name", ["voc2012", "sbd", "coco2014"])
def test_the_archives_are_the_published_ones(name):
    archives = find_data_set(name).archives
    assert {
        (name, archive.file): (archive.size, archive.sha256 and archive.sha256[:8], archive.md5 and archive.md5[:8])
        for archive in archives
    } == {key: value for key, value in PUBLISHED.items() if key[0] == name}
    for archive in archives:
        assert archive.urls[0].startswith("https://")
        assert {urlsplit(url).path.rpartition("/")[2] for url in archive.urls} == {archive.file}
        assert archive.sha256 or archive.md5, "files from a plain http address must be checked"


def test_sbd_goes_where_vocs_reader_looks_for_it():
    assert find_data_set("sbd").root == find_data_set("voc2012").root
    assert find_data_set("sbd").archives[0].gives == ("SBD/cls",)


@pytest.mark.parametrize(
    ("name", "hint"), [("coco", "did you mean coco2014?"), ("x", "choose one of coco2014, sbd, voc2012")]
)
def test_an_unknown_data_set_gets_a_hint(name, hint):
    with pytest.raises(SecoError) as told:
        find_data_set(name)
    assert str(told.value) == f"there is no data set {name!r}: {hint}"


def test_a_users_own_table_is_read(tmp_path):
    found = find_data_set("one", write_table(tmp_path)).archives[0].model_dump()
    assert found == {**ROW, "urls": ("https://host/a.tar",), "gives": ("a",)}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"file": "../a.tar"}, "file"),
        ({"file": ".hidden"}, "file"),
        ({"urls": ["ftp://host/a"]}, "urls.0"),
        ({"urls": []}, "urls"),
        ({"size": 0}, "size"),
        ({"sha256": "abc"}, "sha256"),
        ({"md5": "0" * 31}, "md5"),
        ({"gives": []}, "gives"),
        ({"gives": ["../a"]}, "gives.0"),
        ({"into": "../a"}, "into"),
        ({"below": "../a"}, "below"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_faulty_row_is_named(tmp_path, changes, key):
    path = write_table(tmp_path, **changes)
    with pytest.raises(SecoError) as told:
        find_data_set("one", path)
    first, line, *_ = str(told.value).splitlines()
    assert first == f"{path} is no table of archives:"
    assert line.startswith(f"  one.archives.0.{key}: ")
