"""How well labels that were spoilt on purpose are found again, and labels that true masks contradict.

    python -m benchmarks.label_noise                                        # planted noise, on frozen tokens
    python -m benchmarks.label_noise --masks                                # a trained run against its true masks

Planted: of a share of the training images, half lose a label and half get one that they do not show, drawn as often as
the classes are. Both classifiers are fitted to the frozen tokens of the pretrained encoder with these labels, as
`train.head_epochs` does, once on all images (in-sample) and once for each of five folds on the others (out-of-sample).
Of each ranking: average precision over all labels that may be spoilt, and the share of spoilt ones among the first 20
and among as many as were spoilt. Masks: of the first 50 labels that `seco check-labels` lists as wrong, the share of
which the true mask shows no pixel, against that of all labels; and of those listed as missing, the share that it shows.
"""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from seco.auditing.label_check import check_labels
from seco.auditing.label_noise import MISSING, WRONG, class_thresholds, missing_scores, wrong_scores
from seco.compute.device import pick_device
from seco.config.settings import Settings, load_settings
from seco.errors import SecoError
from seco.models.network import SeCoNetwork
from seco.runtime.progress import Progress, progress
from seco.storage.manifest import TRAIN, Manifest, read_manifest
from seco.storage.masks import read_mask
from seco.training.head_start import FrozenTokens, fit_heads, freeze_tokens
from seco.training.methods import build_models

Flags = NDArray[np.bool_]
FOLDS, FIRST, LISTED = 5, 20, 50
PASSES = 40  # over the tokens, where the settings have none; as in the recipe few-images


def main(
    params: Annotated[Path, typer.Option(help="Settings file.")] = Path("params.yaml"),
    data: Annotated[Path, typer.Option(help="Folder of the manifest.")] = Path("data/prepare"),
    cams: Annotated[Path, typer.Option(help="Folder of the CAM store, for --masks.")] = Path("data/export/cams"),
    share: Annotated[float, typer.Option(min=0.01, max=0.5, help="Share of the images with a spoilt label.")] = 0.1,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds.")] = 3,
    masks: Annotated[bool, typer.Option("--masks", help="Compare a trained run with true masks instead.")] = False,
) -> None:
    """Print a Markdown table."""
    try:
        settings, manifest = load_settings(params), read_manifest(data)
        print(against_masks(manifest, cams) if masks else planted(settings, manifest, share=share, seeds=seeds))
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault


def planted(settings: Settings, manifest: Manifest, *, share: float, seeds: int) -> str:
    """Return the table of planted noise: mean ± standard deviation over seeds."""
    train = settings.train.model_copy(update={"head_epochs": settings.train.head_epochs or PASSES})
    settings = settings.model_copy(update={"train": train})
    classes = len(manifest.class_names)
    network = build_models(settings, num_classes=classes, device=pick_device()).network
    found: dict[tuple[str, str, str], list[list[float]]] = defaultdict(list)
    with progress("label_noise") as counter:
        records = manifest.split(TRAIN)
        frozen = freeze_tokens(
            network, settings, records, manifest.class_names, skip_bad=False, teaching={}, counter=counter
        )
        truth = frozen.labels.numpy().astype(np.bool_)
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            shown = spoil(truth, share, rng)
            folds = rng.integers(FOLDS, size=len(truth))
            spoilt = frozen._replace(labels=torch.from_numpy(shown).float())
            for how, groups in (("in-sample", np.zeros_like(folds)), ("out-of-sample", folds)):
                probabilities = fitted(network, settings, spoilt, groups, counter)
                for (kind, name), scores in rankings(shown, probabilities, rng).items():
                    asked = ~shown if kind == MISSING else shown
                    found[kind, how, name].append(found_again(scores[asked], (truth != shown)[asked]))
    lines = [f"| kind | probabilities | ranked by | AP | of the first {FIRST} | of as many as spoilt |"]
    lines.append("|---|---|---|--:|--:|--:|")
    for key, rows in found.items():
        means, deviations = np.mean(rows, axis=0), np.std(rows, axis=0)
        cells = [f"{mean:.2f} ± {deviation:.2f}" for mean, deviation in zip(means, deviations, strict=True)]
        lines.append(f"| {' | '.join((*key, *cells))} |")
    return "\n".join(lines)


def spoil(truth: Flags, share: float, rng: np.random.Generator) -> Flags:
    """Return labels ``[N, K]`` of which a share of the images has a missing or a wrong one."""
    shown = truth.copy()
    often = truth.mean(axis=0)
    for number, image in enumerate(rng.permutation(len(truth))[: round(share * len(truth))].tolist()):
        present, absent = np.flatnonzero(truth[image]), np.flatnonzero(~truth[image] & (often > 0))
        if number % 2 == 0 and len(present):
            shown[image, rng.choice(present)] = False
        elif len(absent):
            shown[image, rng.choice(absent, p=often[absent] / often[absent].sum())] = True
    return shown


@torch.no_grad()
def fitted(
    network: SeCoNetwork, settings: Settings, frozen: FrozenTokens, groups: NDArray[np.int64], counter: Progress
) -> NDArray[np.float64]:
    """Return the probabilities ``[N, K]`` of each group by a fit to the others, or to itself if there is one."""
    first = {name: weight.clone() for name, weight in network.state_dict().items()}
    found = np.zeros(frozen.labels.shape)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        others = np.flatnonzero(groups != group)
        chosen = torch.from_numpy(others if len(others) else own)
        part = FrozenTokens(*(values[chosen] for values in frozen))
        with torch.enable_grad():
            fit_heads(network, settings, part, share=range(len(chosen)), total=len(chosen), counter=counter)
        for batch in torch.from_numpy(own).split(64):
            logits = network.classifier(frozen.final[batch].to(network.classifier.weight))
            found[batch.numpy()] = logits.sigmoid().cpu().numpy()
        network.load_state_dict(first)
    return found


def rankings(
    shown: Flags, probabilities: NDArray[np.float64], rng: np.random.Generator
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Return scores ``[N, K]`` by kind and name."""
    thresholds = class_thresholds(shown, probabilities)
    margin = np.nan_to_num(probabilities - thresholds.with_label, nan=-1)
    return {
        (MISSING, "nothing (random)"): rng.random(shown.shape),
        (MISSING, "probability (ours)"): missing_scores(probabilities),
        (MISSING, "margin to the class's threshold"): margin,
        (WRONG, "nothing (random)"): rng.random(shown.shape),
        (WRONG, "probability"): 1 - probabilities,
        (WRONG, "share of the class's threshold (ours)"): wrong_scores(probabilities, thresholds),
    }


def found_again(scores: NDArray[np.float64], spoilt: Flags) -> list[float]:
    """Return the average precision, and the precision at 20 and at the number of spoilt labels."""
    order = np.argsort(-scores, kind="stable")
    precisions = [float(spoilt[order[:count]].mean()) for count in (FIRST, int(spoilt.sum()))]
    return [float(average_precision_score(spoilt, scores)), *precisions]


def against_masks(manifest: Manifest, cams: Path) -> str:
    """Return the table of a trained run."""
    check = check_labels(manifest, split=TRAIN, cams=cams)
    visible = np.full(check.shown.shape, False)
    for row, record in zip(visible, check.records, strict=True):
        if record.mask is None:
            raise SecoError(f"{record.id} has no mask: --masks needs them")
        size = (record.width, record.height)
        values = np.unique(read_mask(record.mask, num_classes=len(manifest.class_names), size=size))
        row[[value - 1 for value in values.tolist() if 0 < value <= len(manifest.class_names)]] = True
    lines = [
        "| kind | listed | of the first 50, the mask agrees that it is | of all such labels |",
        "|---|--:|--:|--:|",
    ]
    for kind, asked, spoilt in ((MISSING, ~check.shown, visible), (WRONG, check.shown, ~visible)):
        items = check.of(kind)
        right = [bool(spoilt[item.image, item.class_index]) for item in items[:LISTED]]
        lines.append(f"| {kind} | {len(items)} | {sum(right)} of {len(right)} | {100 * spoilt[asked].mean():.1f} % |")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
