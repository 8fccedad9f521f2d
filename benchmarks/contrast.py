"""What L_LiL (eq. 8) does to the similarities of patches, by what its mean is taken over.

    python -m benchmarks.contrast

Class tokens are frozen: drawn at random, as a common part, a part of their tag, and noise. Contexts are background, and
resemble the class that they come with (rails for trains). A projector, its moving average and a reservoir learn from
them as in training, batch by batch. The table shows similarities of new patches: with entries of the same class, of
other classes and of background; and how often an entry of the class is more similar than one of background (AUC: 0.5
is chance, 1 is perfect). Where all three similarities are alike, the loss is log N: the contrast has learnt nothing.
"""

from itertools import product
from typing import Annotated, NamedTuple, cast, get_args

import torch
import typer
from torch import Tensor, nn

from seco.losses.local_contrast import Average, local_contrast
from seco.method.memory import Reservoir
from seco.models.heads import Projector
from seco.models.teacher import frozen_copy, update_average
from seco.training.parts.contrast_curves import contrast_curves

CLASSES, WIDTH, BATCH = 9, 192, 96
BACKGROUND_SHARE = 0.5  # of the patches that have a tag; a batch of the demo has 42 of 88 in a hundred
TAU = 0.08
COLUMNS = ("loss", "log N", "same class", "other class", "background", "AUC")


class World(NamedTuple):
    """Where class tokens come from."""

    classes: Tensor
    """``[K, D]``, the part of each class."""
    contexts: Tensor
    """``[K, D]``, that of the context of each class."""

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return tokens ``[count, D]`` and their tags ``[count]``."""
        kind = torch.randint(CLASSES, (count,), generator=generator)
        background = torch.rand(count, generator=generator) < BACKGROUND_SHARE
        part = torch.where(background.unsqueeze(1), self.contexts[kind], self.classes[kind])
        tokens = 1.0 + part + torch.randn(count, WIDTH, generator=generator)
        return tokens, torch.where(background, 0, kind + 1)


def main(
    steps: Annotated[int, typer.Option(help="Steps of training.", min=1)] = 120,
    seeds: Annotated[int, typer.Option(help="Repetitions with other tokens.", min=1)] = 1,
) -> None:
    """Print a Markdown table with a row for the untrained projector and one for each kind of mean."""
    print(f"| mean of eq. 8 | background is | {' | '.join(COLUMNS)} |\n|---|---|{'--:|' * len(COLUMNS)}")
    averages = cast(tuple[Average, ...], get_args(Average))
    print(_row("untrained", "", [run(seed, steps=0, average="pairs", background=True) for seed in range(seeds)]))
    for average, background in product(averages, (True, False)):
        found = [run(seed, steps=steps, average=average, background=background) for seed in range(seeds)]
        print(_row(f"over {average}", "positive" if background else "negative only", found), flush=True)


def run(seed: int, *, steps: int, average: Average, background: bool) -> list[float]:
    """Train a projector and return the columns of the table, measured on new patches."""
    generator = torch.Generator().manual_seed(seed)
    parts = torch.randn(2, CLASSES, WIDTH, generator=generator) / 2
    world = World(parts[0], 0.5 * parts[0] + parts[1])
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(seed)
        projector = Projector(WIDTH, hidden=512)
    teacher, reservoir = frozen_copy(projector), Reservoir(4608, WIDTH)
    optimizer = torch.optim.AdamW(projector.parameters(), lr=1e-3)
    for _ in range(steps):
        tokens, tags = world.draw(BATCH, generator)
        keys, queries = teacher(tokens).detach(), projector(tokens)
        entries, entry_tags = torch.cat([keys, reservoir.keys]), torch.cat([tags, reservoir.tags])
        loss = local_contrast(
            *(queries, tags, entries, entry_tags),
            temperature=TAU,
            average=average,
            background=background,
            num_classes=CLASSES,
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        update_average(teacher, projector, momentum=0.99)
        reservoir.enqueue(keys, tags)
    return measured(projector, world, generator, average=average, background=background)


@torch.no_grad()
def measured(
    projector: nn.Module, world: World, generator: torch.Generator, *, average: Average, background: bool
) -> list[float]:
    """Return the columns of the table for patches that the projector has not seen."""
    (tokens, tags), (other, key_tags) = world.draw(480, generator), world.draw(4608, generator)
    queries, keys = projector(tokens), projector(other)
    how = {"average": average, "background": background, "num_classes": CLASSES}
    loss = local_contrast(queries, tags, keys, key_tags, temperature=TAU, **how)
    curves = contrast_curves(queries, tags, keys, key_tags, temperature=TAU)
    names = ("lil/chance", "cosine/same", "cosine/other", "cosine/background", "cosine/auc")
    return [loss.item(), *(float(curves[name][0] / curves[name][1]) for name in names)]


def _row(name: str, background: str, found: list[list[float]]) -> str:
    means = torch.tensor(found).mean(dim=0).tolist()
    return f"| {name} | {background} | {' | '.join(f'{mean:.2f}' for mean in means)} |"


if __name__ == "__main__":
    typer.run(main)
