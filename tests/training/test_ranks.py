"""Several ranks, each with a share of the batch, train as one process does with the whole batch."""

import json
from pathlib import Path

import pytest
import torch

from tests.demo_data import demo_manifest
from tests.training.ranks import launch

BATCH = 4  # over three ranks: 1 + 1 + 2


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the results of runs of 1, 2 and 3 ranks."""
    return run_all(tmp_path_factory.mktemp("ranks"), {}, (1, 2, 3))


def run_all(folder: Path, changes: dict[str, str | int], numbers: tuple[int, ...]) -> Path:
    demo_manifest(folder / "data")
    for ranks in numbers:
        ended = launch(ranks, folder / "data", folder, BATCH, json.dumps(changes))
        assert ended.returncode == 0, ended.stderr
    return folder


def read(folder: Path, name: str) -> dict:
    return torch.load(folder / f"{name}.pt", weights_only=True)


def assert_same(alone: dict, shared: dict) -> None:
    for part, values in alone["models"].items():
        for key, value in values.items():
            torch.testing.assert_close(shared["models"][part][key], value, rtol=0, atol=1e-8, msg=f"{part}.{key}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["0-of-2", "1-of-2", "0-of-3", "1-of-3", "2-of-3"])
def test_models_and_buffers_of_each_rank_equal_those_of_one_process(outputs: Path, name: str):
    alone, shared = read(outputs, "0-of-1"), read(outputs, name)
    assert_same(alone, shared)
    assert (alone["models"]["objective"]["parts.patches.reservoir.tags"] > 0).any()
    assert alone["models"]["objective"]["parts.patches.prototypes.vectors"].any(dim=1).sum() > 3


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [2, 3])
def test_the_ranks_together_have_the_tags_of_one_process(outputs: Path, ranks: int):
    parts = [read(outputs, f"{rank}-of-{ranks}")["tags"] for rank in range(ranks)]
    together = [[tag for tags in step for tag in tags] for step in zip(*parts, strict=True)]
    assert together == read(outputs, "0-of-1")["tags"]
    assert any(all(tag <= 0 for tag in part[step]) for part in parts for step in range(17)), (
        "a rank without a class tag"
    )


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [2, 3])
def test_the_curves_of_each_rank_equal_those_of_one_process(outputs: Path, ranks: int):
    alone = read(outputs, "0-of-1")["curves"]
    for rank in range(ranks):
        shared = read(outputs, f"{rank}-of-{ranks}")["curves"]
        assert [point.keys() for point in shared] == [point.keys() for point in alone]
        for point, expected in zip(shared, alone, strict=True):
            assert point == pytest.approx(expected, abs=1e-7)
    assert any(point.get("patches/withdrawn", 0) > 0 for point in alone)
    assert {f"loss/{name}" for name in ("cls", "aux", "ptc", "lig", "lil", "seg", "reg")} < alone[-1].keys()


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"method": "toco"},
        {"prototype_update": "patches", "train.head_epochs": 20},
        {"train.mask_share": 0.5},
    ],
    ids=str,
)
def test_the_ranks_of_other_methods_equal_one_process_too(tmp_path, changes):
    folder = run_all(tmp_path, changes, (1, 3))
    alone = read(folder, "0-of-1")
    for name in ("0-of-3", "1-of-3", "2-of-3"):
        shared = read(folder, name)
        assert_same(alone, shared)
        for point, expected in zip(shared["curves"], alone["curves"], strict=True):
            assert point == pytest.approx(expected, abs=1e-7)
    buffers = alone["models"]["objective"]
    if "method" in changes:
        assert 0 < alone["curves"][-1]["crops/negative"] < 1
        assert "parts.crops.teacher.directions" in buffers
    else:
        assert buffers["parts.patches.prototypes.vectors"].any(dim=1).sum() > 3
