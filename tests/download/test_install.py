"""A data set from a server: downloaded, checked, unpacked, moved into place; again only where something is missing."""

import fcntl
import shutil

import pytest

from seco.download.catalogue import Archive, DataSet
from seco.download.install import DOWNLOADS, install, space_needed
from seco.errors import SecoError
from tests.download.archives import table_row, tar_of, zip_of
from tests.download.server import answering, breaking_off

IMAGES = {f"kit/VOC/JPEGImages/{number}.jpg": bytes([number]) * 1000 for number in range(3)}
LABELS = {"kit/VOC/Annotations/0.xml": b"<annotation/>", "kit/code/x.m": b"code"}
EXTRA = {"release/cls/0.mat": b"mat", "release/train.txt": b"0"}
ALL = {*(f"JPEGImages/{number}.jpg" for number in range(3)), "Annotations/0.xml", "SBD/cls/0.mat", "SBD/train.txt"}


class Place:
    """A data set of two archives on a server, and the folder that it is installed in."""

    def __init__(self, folder, server):
        self.root = folder / "raw"
        self.downloads = self.root / DOWNLOADS
        self.server, self.notes = server, []
        voc = {"below": "kit/VOC", "gives": ["JPEGImages", "Annotations"]}
        sbd = {"below": "release", "into": "SBD", "gives": ["SBD/cls"]}
        self.archives = [
            self.add(tar_of(folder / "voc.tar", IMAGES | LABELS), **voc),
            self.add(zip_of(folder / "sbd.zip", EXTRA), **sbd),
        ]

    def add(self, path, **fields):
        """Put an archive on the server; return its row."""
        content = path.read_bytes()
        self.server.files[f"/{path.name}"] = content
        return Archive.model_validate(table_row(path.name, self.server.url(f"/{path.name}"), content, **fields))

    def change(self, **fields):
        """Change the first row of the table."""
        self.archives[0] = self.archives[0].model_copy(update=fields)

    def spoil(self):
        """Change the first archive on the server."""
        self.server.files["/voc.tar"] = self.server.files["/voc.tar"].replace(b"annotation", b"ANNOTATION")

    def install(self, *, keep=False):
        self.server.requests.clear()
        data_set = DataSet(about="Two", root="unused", archives=tuple(self.archives))
        install(data_set, self.root, keep=keep, notify=self.notes.append, pauses=(0.0,))

    def refusal(self):
        with pytest.raises(SecoError) as told:
            self.install()
        return str(told.value)

    def files(self):
        found = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return {str(path) for path in found if path.parts[0] != DOWNLOADS}


@pytest.fixture
def place(tmp_path, server):
    return Place(tmp_path, server)


def test_a_data_set_is_installed_and_the_archives_are_removed(place, capsys):
    place.install()
    assert place.files() == ALL
    assert (place.root / "JPEGImages/2.jpg").read_bytes() == bytes([2]) * 1000
    assert [path.name for path in place.downloads.iterdir()] == ["lock"]
    works = (f"{work} {name}" for name in ("voc", "sbd") for work in ("download", "check", "unpack"))
    assert capsys.readouterr().err.splitlines() == [f"{work}, MB: 1/1  100%" for work in works]
    assert place.notes == []


def test_only_what_is_missing_is_fetched_and_moved_into_place(place):
    place.install()
    (place.root / "JPEGImages/0.jpg").write_bytes(b"mine")
    place.install()
    assert place.server.requests == []
    assert place.notes == [f"{place.root} holds what {name} gives already" for name in ("voc.tar", "sbd.zip")]
    (place.root / "Annotations/0.xml").unlink()
    place.install()
    assert len(place.server.requests) == 1
    assert place.files() == ALL
    assert (place.root / "JPEGImages/0.jpg").read_bytes() == b"mine"


def test_the_folder_may_be_a_link(place, tmp_path):
    (tmp_path / "disk").mkdir()
    place.root.symlink_to(tmp_path / "disk")
    place.install()
    assert (tmp_path / "disk/SBD/cls/0.mat").exists()


def test_archives_are_kept_if_asked_for_and_used_again(place):
    place.install(keep=True)
    assert {path.name for path in place.downloads.iterdir()} == {"lock", "voc.tar", "sbd.zip"}
    shutil.rmtree(place.root / "SBD")
    shutil.rmtree(place.root / "Annotations")
    place.install()
    assert place.server.requests == []
    assert place.files() == ALL


def test_a_run_that_failed_midway_is_repeated(place):
    place.server.replies = [breaking_off(place.archives[0].size // 2), answering(503)]
    assert "it answers 503" in place.refusal()
    assert place.files() == set()
    (place.downloads / "unpacked/JPEGImages").mkdir(parents=True)  # of a run that was killed
    (place.downloads / "unpacked/JPEGImages/9.jpg").write_bytes(b"half")
    place.install()
    assert place.files() == ALL
    assert not (place.downloads / "unpacked").exists()


def test_a_wrong_file_is_reported_and_nothing_of_it_gets_into_the_data_set(place):
    place.spoil()
    told = place.refusal()
    assert told.startswith("voc.tar is not the published file: its SHA-256 is ")
    assert told.endswith(f"; remove {place.downloads / 'voc.tar'} to download it again")
    assert place.files() == set()


def test_a_noted_checksum_outlives_the_archive(place):
    place.change(sha256=None)
    place.install()
    noted = place.downloads / "voc.tar.sha256"
    assert place.notes == [f"no SHA-256 of voc.tar is published: that of this first download is noted in {noted}"]
    shutil.rmtree(place.root / "Annotations")
    place.spoil()
    assert "is not the file of the first download" in place.refusal()
    assert not (place.root / "Annotations").exists()


def test_a_hostile_archive_leaves_nothing_in_the_data_set(place, tmp_path):
    evil = tar_of(tmp_path / "voc.tar", {**IMAGES, "kit/VOC/../../../evil": b"x"})
    place.archives[0] = place.add(evil, below="kit/VOC", gives=["JPEGImages"])
    assert place.refusal() == "voc.tar holds a name that leads out of its folder: 'kit/VOC/../../../evil'"
    assert place.files() == set()
    assert not list(tmp_path.rglob("evil"))


def test_an_archive_without_what_it_should_give_is_refused(place):
    place.change(gives=("JPEGImages", "ImageSets", "SegmentationClass"))
    fault = "voc.tar does not hold ImageSets and SegmentationClass: is it another file of that name?"
    assert place.refusal() == fault
    assert place.files() == set()


def test_a_second_run_at_the_same_time_is_refused(place):
    place.downloads.mkdir(parents=True)
    with (place.downloads / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert place.refusal() == f"another download to {place.root} is under way: wait for its end"
    place.install()


def test_too_little_space_is_reported_before_anything_is_fetched(place):
    place.change(most_bytes=10**18)
    told = place.refusal()
    assert told.startswith(f"{place.root} has ")
    assert told.endswith("1000000000.0 GB are needed: free some space or give --root on another disk")
    assert place.server.requests == []


def test_the_space_needed_is_that_of_the_worst_moment(place):
    place.downloads.mkdir(parents=True)
    first, second = (
        archive.model_copy(update={"size": size, "most_bytes": most})
        for archive, size, most in zip(place.archives, (100, 10), (120, 30), strict=True)
    )
    # The first: 100 + 120. The second beside what the first unpacked to: 120 + 10 + 30; with its archive 100 more.
    assert space_needed([first, second], place.downloads, keep=False) == 220
    assert space_needed([first, second], place.downloads, keep=True) == 260
    (place.downloads / "voc.tar.part").write_bytes(bytes(60))  # is there already
    assert space_needed([first, second], place.downloads, keep=False) == 160
    (place.downloads / "voc.tar.part").rename(place.downloads / "voc.tar")
    assert space_needed([first], place.downloads, keep=False) == 160
