"""The table of archives."""

from urllib.parse import urlsplit

import pytest
import yaml

from seco.download.catalogue import find_data_set
from seco.errors import SecoError

ROW = {
    "file": "a.tar",
    "urls": ["https://host/a.tar"],
    "size": 10,
    "sha256": None,
    "md5": None,
    "below": "",
    "into": "",
    "gives": ["a"],
    "most_files": 1,
    "most_bytes": 1,
}


def table(tmp_path, **changes):
    path = tmp_path / "archives.yaml"
    path.write_text(yaml.safe_dump({"one": {"about": "One", "root": "data/one", "archives": [ROW | changes]}}))
    return path


# File, bytes and SHA-256 as other catalogues of data sets list them (TensorFlow Datasets); MD5 as torchvision lists it.
PUBLISHED = {
    ("voc2012", "VOCtrainval_11-May-2012.tar"): (1_999_639_040, "e14f7632", "6cd6e144"),
    ("sbd", "benchmark.tgz"): (1_419_539_633, None, "82b4d87c"),
    ("coco2014", "annotations_trainval2014.zip"): (252_872_794, "031296bb", "0a379cfc"),
    ("coco2014", "train2014.zip"): (13_510_573_713, "ede4087e", "0da8c0bd"),
    ("coco2014", "val2014.zip"): (6_645_013_297, "fe9be816", "a3d79f5e"),
}


@pytest.mark.parametrize("name", ["voc2012", "sbd", "coco2014"])
def test_the_archives_are_the_published_ones(name):
    found = {
        (name, archive.file): (archive.size, archive.sha256 and archive.sha256[:8], archive.md5 and archive.md5[:8])
        for archive in find_data_set(name).archives
    }
    assert found == {key: value for key, value in PUBLISHED.items() if key[0] == name}


@pytest.mark.parametrize("name", ["voc2012", "sbd", "coco2014"])
def test_the_first_address_is_safe_and_every_address_is_of_that_file(name):
    for archive in find_data_set(name).archives:
        assert archive.urls[0].startswith("https://")
        assert {urlsplit(url).path.rpartition("/")[2] for url in archive.urls} == {archive.file}
        assert archive.sha256 or archive.md5, "a plain http address gives nothing that is not checked"


def test_sbd_goes_where_vocs_lists_look_for_it():
    assert find_data_set("sbd").root == find_data_set("voc2012").root
    assert find_data_set("sbd").archives[0].gives == ("SBD/cls",)


def test_an_unknown_data_set_gets_a_hint():
    with pytest.raises(SecoError, match=r"^there is no data set 'coco': did you mean coco2014\?$"):
        find_data_set("coco")
    with pytest.raises(SecoError, match=r"^there is no data set 'x': choose one of coco2014, sbd, voc2012$"):
        find_data_set("x")


def test_a_table_of_ones_own_is_read(tmp_path):
    assert find_data_set("one", table(tmp_path)).archives[0].model_dump() == {
        **ROW,
        "urls": ("https://host/a.tar",),
        "gives": ("a",),
    }


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
        ({"extra": 1}, "extra"),
    ],
)
def test_a_faulty_row_is_named(tmp_path, changes, key):
    path = table(tmp_path, **changes)
    with pytest.raises(SecoError) as told:
        find_data_set("one", path)
    first, line, *_ = str(told.value).splitlines()
    assert first == f"{path} is no table of archives:"
    assert line.startswith(f"  one.archives.0.{key}: ")


@pytest.mark.parametrize("field", ["into", "gives", "below"])
def test_no_row_leads_out_of_the_data_sets_folder(tmp_path, field):
    with pytest.raises(SecoError, match=rf"one\.archives\.0\.{field}"):
        find_data_set("one", table(tmp_path, **{field: ["../a"] if field == "gives" else "../a"}))
