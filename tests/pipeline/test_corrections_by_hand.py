"""`seco corrections`: a folder of corrections that somebody has edited, or changes at the same time."""

import shutil

import numpy as np
import pytest

from seco.errors import SecoError
from seco.storage.corrections import read_corrections, write_corrections
from seco.storage.masks import write_mask
from tests.pipeline.conftest import Project
from tests.pipeline.corrections import ADD, blocks, corrected, prepared, put

__all__ = ["prepared"]  # a fixture


def test_a_table_or_a_mask_that_was_edited_by_hand_is_a_sentence(prepared: Project) -> None:
    prepared.run(*ADD, put(prepared, a=blocks(1)))
    put(prepared, "corrections/masks", x=blocks(1))
    put(prepared, "more", sub_b=blocks(2))
    assert "corrections/masks/x.png was put there by hand (1 in all)" in prepared.refusal(*ADD, "more")
    (prepared.root / "corrections/masks/x.png").unlink()
    write_mask(prepared.root / "corrections/masks/a.png", blocks(2))
    assert "corrections/masks/a.png is not the one that was added" in prepared.refusal(*ADD, "more")
    (prepared.root / "corrections/masks/a.png").unlink()
    assert "corrections/masks/a.png is missing: add it again" in prepared.refusal(*ADD, "more")
    (prepared.root / "corrections/corrections.csv").write_text("id\n")
    assert "corrections.csv, line 1: the columns must be id,digest,classes,source;" in prepared.refusal(*ADD, "more")


def test_masks_that_were_deleted_are_added_again_or_taken_off_the_list(prepared: Project) -> None:
    prepared.run(*ADD, put(prepared, a=blocks(1), sub_b=blocks(2)))
    shutil.rmtree(prepared.root / "corrections/masks")
    told = prepared.refusal("corrections", "remove", "a").splitlines()
    assert told[0] == "nothing was removed, since the corrections have 1 problem:"
    assert "corrections/masks/sub/b.png is missing: add it again with `seco corrections add`, or take it" in told[1]
    told = prepared.refusal(*ADD, put(prepared, "other", a=blocks(2)))
    assert "the image 'a' is corrected already (from fixed): give --replace" in told
    assert "corrections/masks/sub/b.png is missing" in told
    assert prepared.run(*ADD, "fixed").out.startswith("Added corrected masks to corrections: 2 new.")
    assert np.array_equal(corrected(prepared, "a"), blocks(1))
    (prepared.root / "corrections/masks/a.png").rename(prepared.root / "other/a.png")  # as an edited one, by its remedy
    write_mask(prepared.root / "other/a.png", blocks(1, 2))
    assert prepared.run(*ADD, "other", "--replace").out.startswith("Added corrected masks to corrections: 0 new, 1 ")
    assert np.array_equal(corrected(prepared, "a"), blocks(1, 2))
    (prepared.root / "corrections/masks/.DS_Store").write_bytes(b"")  # of a file manager
    assert prepared.run(*ADD, "other").out.startswith("Nothing changed")


def test_another_command_that_changes_the_corrections_in_between_is_told(prepared: Project) -> None:
    prepared.run(*ADD, put(prepared, a=blocks(1)))
    folder, known = prepared.root / "corrections", read_corrections(prepared.root / "corrections")
    prepared.run(*ADD, put(prepared, "more", sub_b=blocks(2)))
    with pytest.raises(SecoError, match=r"corrections was changed by another command in the meantime: run this one ag"):
        write_corrections(folder, {}, {}, keep=(), before=known)
    assert [*read_corrections(folder)] == ["a", "sub/b"]
