"""Times the authors' code beside ours: `python -m benchmarks.published FOLDER`, FOLDER being a clone of zwyang6/SeCo.

The authors' training script runs unchanged, and is handed the same batch of random images again and again: the time
between two requests for a batch is that of a step. The script computes every loss in every step, those of weight 0 too.
Without the authors' C++ extension `bilateralfilter`, its L_reg filters nothing; ours does. Packages that only the
script's data sets and reports need are replaced by mocks where they are not installed, and on a CPU so is CUDA.
"""

import importlib
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any
from unittest.mock import MagicMock

import numpy as np
import torch
import typer
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from benchmarks.measuring import device_name, in_process
from benchmarks.sizes import SIZES
from seco.compute.device import pick_device

SCRIPT = "scripts.train_voc"
BACKBONES = {"b16-448": "vit_base_patch16_224", "s16-224": "vit_small_patch16_224"}
OPTIONAL = ("imageio", "tqdm", "texttable")
ENERGY = "bilateralfilter"


def main(
    folder: Annotated[Path, typer.Argument(help="A clone of the authors' repository.")],
    sizes: Annotated[str, typer.Option(help=f"Sizes, with commas: {', '.join(BACKBONES)}.")] = "s16-224",
    steps: Annotated[int, typer.Option(min=1, help="Steps to measure, after two to warm up.")] = 3,
    alone: Annotated[bool, typer.Option("--alone", hidden=True)] = False,
) -> None:
    """Print a table: seconds a step of the authors' code and of ours, which take turns by size."""
    names = sizes.split(",")
    unknown = [name for name in names if name not in BACKBONES]
    if unknown:
        raise typer.BadParameter(f"unknown size {unknown[0]!r}: choose among {', '.join(BACKBONES)}")
    if not (folder / f"{SCRIPT.replace('.', '/')}.py").is_file():
        raise typer.BadParameter(f"{folder} holds no scripts/train_voc.py: clone the authors' repository there")
    if alone:
        print(json.dumps(published_seconds(folder, names[0], steps)))
        return
    energy = "with its energy" if find_spec(ENERGY) else "without its energy"
    print(f"{device_name(pick_device())}, torch {torch.__version__}; medians of {steps} steps.\n")
    print(f"| ViT, crop, batch | published, {energy} | ours | published / ours |\n|---|--:|--:|--:|")
    for name in names:
        theirs = in_process("benchmarks.published", str(folder), "--sizes", name, "--steps", str(steps), "--alone")
        ours = in_process("benchmarks.measuring", name, "ours", "--steps", str(steps))["seconds"]
        medians = [statistics.median(seconds) for seconds in (theirs, ours)]
        print(f"| {SIZES[name].label} | {medians[0]:.2f} s | {medians[1]:.2f} s | {medians[0] / medians[1]:.1f}× |")


def published_seconds(folder: Path, size: str, steps: int) -> list[float]:
    """Return the seconds of each step of the authors' script. It changes this process for good."""
    changes = SIZES[size].changes
    _stand_in_for_packages()
    if not torch.cuda.is_available():
        _stand_in_for_cuda()
    warnings.simplefilter("ignore")  # of old names in timm
    os.chdir(folder)
    sys.path.insert(0, str(folder.resolve()))
    script: Any = importlib.import_module(SCRIPT)
    args = script.parser.parse_args([])
    args.backbone, args.pretrained = BACKBONES[size], False
    args.crop_size, args.spg = changes["train.crop_size"], changes["train.batch_size"]
    args.max_iters, args.local_rank = steps + 3, 0 if torch.cuda.is_available() else "cpu"
    args.backend = "nccl" if torch.cuda.is_available() else "gloo"
    batches = _Batches(args.spg, args.crop_size, args.num_classes)
    script.voc = MagicMock()
    script.DistributedSampler = MagicMock()
    script.DataLoader = lambda *_, **__: batches
    script.DistributedDataParallel = _distributed
    score = script.evaluate.multilabel_score
    script.evaluate.multilabel_score = lambda *sides: np.float64(score(*sides))  # scikit-learn 1.0 returned that
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29411", "RANK": "0", "WORLD_SIZE": "1"}
    script.train(args)
    times = batches.times
    return [later - earlier for earlier, later in pairwise(times[2:])]


class _Batches:
    """Hands out one batch without end, and notes when it was asked for; as the authors' data set makes it."""

    def __init__(self, count: int, side: int, num_classes: int) -> None:
        generator = torch.Generator().manual_seed(0)
        images = torch.randn(3, count, 3, side, side, generator=generator)
        labels = torch.zeros(count, num_classes - 1)
        labels[torch.arange(count), torch.arange(count) % labels.shape[1]] = 1
        boxes = torch.tensor([[0, side, 0, side]] * count)
        single = labels.argmax(1, keepdim=True) + 1
        names = [str(index) for index in range(count)]
        self.batch = (names, images[0], labels, single.squeeze(1), boxes, *images)
        self.times: list[float] = []

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self

    def __next__(self) -> tuple[Any, ...]:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())
        return self.batch


def _stand_in_for_packages() -> None:
    missing = [name for name in (*OPTIONAL, ENERGY) if find_spec(name) is None]
    sys.modules.update({name: MagicMock() for name in missing})


def _stand_in_for_cuda() -> None:
    def stay(self: Any, *_: Any, **__: Any) -> Any:
        return self

    Tensor.cuda, nn.Module.cuda = stay, stay  # pyright: ignore[reportAttributeAccessIssue]
    torch.cuda.set_device = lambda _device: None


def _distributed(model: nn.Module, **_: Any) -> nn.Module:
    on_gpu = torch.cuda.is_available()
    return DistributedDataParallel(model, device_ids=[0] if on_gpu else None, find_unused_parameters=True)


if __name__ == "__main__":
    typer.run(main)
