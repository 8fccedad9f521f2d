"""A whole data set from a server: fetched, checked, unpacked, put in place; again only where something is missing."""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seco.download.catalogue import Archive, DataSet
from seco.download.obtain import STORE, obtain, space_needed
from seco.errors import SecoError
from tests.download.archives import tar_of, zip_of
from tests.download.server import Server, answering, breaking_off, serving

IMAGES = {f"kit/VOC/JPEGImages/{number}.jpg": bytes([number]) * 1000 for number in range(3)}
LABELS = {"kit/VOC/Annotations/0.xml": b"<annotation/>", "kit/code/x.m": b"code"}
EXTRA = {"release/cls/0.mat": b"mat", "release/train.txt": b"0"}


class Place:
    """A data set of two archives on a server, and a folder to bring it to."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.root = folder / "raw"
        self.store = self.root / STORE
        self.server = server
        self.told: list[str] = []
        self.shown: list[str] = []
        self.archives = (
            self._archive(tar_of(folder / "voc.tar", IMAGES | LABELS), "kit/VOC", "", ("JPEGImages", "Annotations")),
            self._archive(zip_of(folder / "sbd.zip", EXTRA), "release", "SBD", ("SBD/cls",)),
        )

    def _archive(self, path: Path, below: str, into: str, gives: tuple[str, ...]) -> Archive:
        content = path.read_bytes()
        self.server.files[f"/{path.name}"] = content
        return Archive(
            file=path.name,
            urls=(self.server.url(f"/{path.name}"),),
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            md5=None,
            below=below,
            into=into,
            gives=gives,
            most_files=10,
            most_bytes=10_000,
        )

    def change(self, number: int, **fields) -> None:
        """Change a row of the table."""
        rows = [archive.model_copy(update=fields if at == number else {}) for at, archive in enumerate(self.archives)]
        self.archives = tuple(rows)

    def obtain(self, *, keep: bool = False) -> None:
        obtain(
            DataSet(about="Two", root="unused", archives=self.archives),
            self.root,
            keep=keep,
            show=self._show,
            notify=self.told.append,
            pauses=(0.0,),
        )

    @contextmanager
    def _show(self, title: str) -> Iterator["Place"]:
        self.shown.append(title)
        yield self

    def reach(self, done: int, total: int) -> None:
        assert 0 <= done <= total == 1, "the archives have less than a megabyte"

    def refusal(self) -> str:
        with pytest.raises(SecoError) as told:
            self.obtain()
        return str(told.value)

    def files(self) -> set[str]:
        found = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return {str(path) for path in found if path.parts[0] != STORE}


ALL = {*(f"JPEGImages/{number}.jpg" for number in range(3)), "Annotations/0.xml", "SBD/cls/0.mat", "SBD/train.txt"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with serving() as server:
        yield Place(tmp_path, server)


def test_a_data_set_is_brought_to_its_folder_and_the_archives_go(place):
    place.obtain()
    assert place.files() == ALL
    assert (place.root / "JPEGImages/2.jpg").read_bytes() == bytes([2]) * 1000
    assert [path.name for path in place.store.iterdir()] == ["lock"]
    assert place.shown == [f"{work} {name}, MB" for name in ("voc", "sbd") for work in ("download", "check", "unpack")]
    assert place.told == []


def test_what_is_there_is_neither_fetched_nor_touched(place):
    place.obtain()
    (place.root / "JPEGImages/0.jpg").write_bytes(b"mine")
    place.server.asked.clear()
    place.obtain()
    assert place.server.asked == []
    assert place.told == [f"{place.root} holds what {name} gives already" for name in ("voc.tar", "sbd.zip")]
    assert (place.root / "JPEGImages/0.jpg").read_bytes() == b"mine"


def test_only_what_is_missing_is_fetched_and_put_in_place(place):
    place.obtain()
    shutil.rmtree(place.root / "Annotations")
    (place.root / "Annotations").mkdir()
    (place.root / "JPEGImages/0.jpg").write_bytes(b"mine")
    place.server.asked.clear()
    place.obtain()
    assert len(place.server.asked) == 1
    assert place.files() == ALL
    assert (place.root / "JPEGImages/0.jpg").read_bytes() == b"mine"


def test_the_folder_may_be_a_link(place, tmp_path):
    (tmp_path / "disk").mkdir()
    place.root.symlink_to(tmp_path / "disk")
    place.obtain()
    assert (tmp_path / "disk/SBD/cls/0.mat").exists()


def test_archives_are_kept_if_asked_for_and_used_again(place):
    place.obtain(keep=True)
    assert {path.name for path in place.store.iterdir()} == {"lock", "voc.tar", "sbd.zip"}
    shutil.rmtree(place.root / "SBD")
    place.server.asked.clear()
    place.obtain()
    assert place.server.asked == []
    assert place.files() == ALL


def test_an_archive_that_the_user_has_already_is_put_into_the_store(place, tmp_path):
    place.store.mkdir(parents=True)
    for archive in place.archives:
        shutil.copy(tmp_path / archive.file, place.store)
    place.obtain()
    assert place.server.asked == []
    assert place.files() == ALL


def test_a_run_that_failed_midway_is_gone_on_with(place):
    size = place.archives[0].size
    place.server.replies = [breaking_off(size // 2), answering(503)]
    assert "it answers 503" in place.refusal()
    assert place.files() == set()
    place.server.asked.clear()
    place.obtain()
    assert place.server.ranges() == [None, None], "less than one piece had come"
    assert place.files() == ALL


def test_a_wrong_file_is_told_and_nothing_of_it_gets_into_the_data_set(place):
    place.server.files["/voc.tar"] = place.server.files["/voc.tar"].replace(b"annotation", b"ANNOTATION")
    told = place.refusal()
    assert told.startswith("voc.tar is not the published file: its SHA-256 is ")
    assert told.endswith(f"; remove {place.store / 'voc.tar'} to download it again")
    assert place.files() == set()
    (place.store / "voc.tar").unlink()
    place.server.files["/voc.tar"] = place.server.files["/voc.tar"].replace(b"ANNOTATION", b"annotation")
    place.obtain()
    assert place.files() == ALL


def test_an_unknown_checksum_is_noted_and_outlives_the_archive(place):
    place.change(0, sha256=None)
    place.obtain()
    pin = place.store / "voc.tar.sha256"
    assert place.told == [f"no SHA-256 of voc.tar is published: that of this first download is noted in {pin}"]
    shutil.rmtree(place.root / "Annotations")
    place.server.files["/voc.tar"] = place.server.files["/voc.tar"].replace(b"annotation", b"ANNOTATION")
    assert "is not the file of the first download" in place.refusal()
    assert not (place.root / "Annotations").exists()


def test_a_hostile_archive_leaves_nothing_in_the_data_set(place, tmp_path):
    content = tar_of(tmp_path / "evil.tar", {**IMAGES, "kit/VOC/../../../evil": b"x"}).read_bytes()
    place.server.files["/voc.tar"] = content
    place.change(0, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    assert place.refusal() == "voc.tar holds a name that leads out of its folder: 'kit/VOC/../../../evil'"
    assert place.files() == set()
    assert not list(tmp_path.rglob("evil"))


def test_an_archive_without_what_it_should_give_is_refused(place):
    place.change(0, gives=("JPEGImages", "ImageSets", "SegmentationClass"))
    assert place.refusal() == (
        "voc.tar does not hold ImageSets and SegmentationClass: is it another file of that name?"
    )
    assert place.files() == set()


def test_remains_of_a_run_that_was_killed_while_unpacking_are_removed(place):
    (place.store / "unpacked/JPEGImages").mkdir(parents=True)
    (place.store / "unpacked/JPEGImages/9.jpg").write_bytes(b"half")
    place.obtain()
    assert place.files() == ALL
    assert not (place.store / "unpacked").exists()


def test_a_second_run_at_the_same_time_is_refused(place):
    place.store.mkdir(parents=True)
    with (place.store / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert place.refusal() == f"another download to {place.root} is under way: wait for its end"
    place.obtain()


def test_too_little_space_is_told_before_anything_is_fetched(place):
    place.change(0, most_bytes=10**18)
    told = place.refusal()
    assert told.startswith(f"{place.root} has ")
    assert told.endswith("1000000000.0 GB are needed: free some space or give --root on another disk")
    assert place.server.asked == []


def test_the_space_needed_is_that_of_the_worst_moment(place):
    place.store.mkdir(parents=True)
    first, second = (
        archive.model_copy(update={"size": size, "most_bytes": most})
        for archive, size, most in zip(place.archives, (100, 10), (120, 30), strict=True)
    )
    # The first: 100 + 120. The second beside what the first unpacked to: 120 + 10 + 30; with its archive 100 more.
    assert space_needed([first, second], place.store, keep=False) == 220
    assert space_needed([first, second], place.store, keep=True) == 260
    (place.store / "voc.tar.part").write_bytes(bytes(60))  # is there already
    assert space_needed([first, second], place.store, keep=False) == 160
    (place.store / "voc.tar.part").rename(place.store / "voc.tar")
    assert space_needed([first], place.store, keep=False) == 160


def test_a_folder_that_cannot_be_made_is_refused_by_the_system(place):
    place.root.write_text("a file")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        place.obtain()
