"""Results appear in one step or not at all, and replace only what a conversion wrote."""

from pathlib import Path

import pytest

from seco.conversion.output import require_place, written_aside
from seco.errors import SecoError

MASKS = Path("work/masks")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    MASKS.mkdir(parents=True)


def write(out: Path, text: str, *, is_folder: bool, name: str = "file", fault: BaseException | None = None) -> None:
    with written_aside(out, is_folder=is_folder) as aside:
        (aside / name if is_folder else aside).write_text(text)
        if fault is not None:
            raise fault


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_result_is_replaced_as_a_whole_and_through_links(is_folder: bool) -> None:
    out = Path("out")
    write(Path("real"), "old", is_folder=is_folder)
    out.symlink_to("real")
    write(out, "new", is_folder=is_folder)
    assert out.is_symlink()
    assert (out / "file" if is_folder else out).read_text() == "new"
    assert sorted(path.name for path in Path().iterdir()) == ["out", "real", "work"]


@pytest.mark.parametrize("is_folder", [True, False])
@pytest.mark.parametrize("fault", [SecoError("bad"), KeyboardInterrupt()])
def test_a_fault_leaves_the_old_result_and_nothing_else(is_folder: bool, fault: BaseException) -> None:
    out = Path("out")
    write(out, "old", is_folder=is_folder)
    with pytest.raises(type(fault)):
        write(out, "half", is_folder=is_folder, fault=fault)
    assert (out / "file" if is_folder else out).read_text() == "old"
    assert sorted(path.name for path in Path().iterdir()) == ["out", "work"]


def test_a_refusal_of_the_system_is_told() -> None:
    with pytest.raises(SecoError, match=r"cannot write out: No such file or directory; choose a place"):
        write(Path("out"), "", is_folder=True, name="a/b")
    assert [path.name for path in Path().iterdir()] == ["work"]


@pytest.mark.parametrize(
    ("out", "suffixes", "fault"),
    [
        ("file.json", (".json",), "file.json exists: choose another name for the file, or replace it with --force"),
        ("file.zip", (".json",), "file.zip is no name for a file of this format: let it end with .json"),
        ("folder.json", (".json",), "folder.json is a folder, and the format writes a file"),
        ("file.json", (), "file.json is a file, and the format writes a folder"),
        ("done", (), "done exists: choose another folder, or replace it with --force"),
        ("full", (), "full holds files that `seco convert` did not write: choose a new folder"),
        ("work/masks/new", (), "work/masks/new lies in the folder that is converted, work/masks"),
        ("work/masks", (), "work/masks lies in the folder that is converted, work/masks"),
        ("link/x.json", (".json",), "link/x.json lies in the folder that is converted, work/masks"),
        ("file.json/x", (), "cannot write file.json: File exists; move what has that name elsewhere"),
    ],
)
def test_places_that_cannot_be_are_refused(out: str, suffixes: tuple[str, ...], fault: str) -> None:
    Path("file.json").touch()
    Path("folder.json").mkdir()
    Path("link").symlink_to(MASKS)
    write(Path("done"), "", is_folder=True)
    Path("full").mkdir()
    Path("full/mine").touch()
    with pytest.raises(SecoError) as error:
        require_place(Path(out), suffixes=suffixes, masks=MASKS, force=False)
    assert str(error.value).startswith(fault)


def test_force_replaces_results_and_nothing_else() -> None:
    write(Path("done"), "", is_folder=True)
    Path("file.json").touch()
    require_place(Path("done"), suffixes=(), masks=MASKS, force=True)
    require_place(Path("file.json"), suffixes=(".json",), masks=MASKS, force=True)
    Path("empty").mkdir()
    require_place(Path("empty"), suffixes=(), masks=MASKS, force=False)
    (MASKS / "a.png").touch()
    with pytest.raises(SecoError, match="work holds files that `seco convert` did not write"):
        require_place(Path("work"), suffixes=(), masks=MASKS, force=True)
    (Path("work") / ".seco-convert").touch()
    with pytest.raises(SecoError, match="work/masks lies in work, which would be replaced"):
        require_place(Path("work"), suffixes=(), masks=MASKS, force=True)
