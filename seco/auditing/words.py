"""An audit in plain words."""

from collections.abc import Iterator, Sequence

from seco.auditing.findings import COLLECT, Audit
from seco.auditing.near_duplicates import DuplicateGroup
from seco.storage.manifest import TRAIN
from seco.storage.plain_text import listed

_NAMED = 5  # classes in a sentence
_HIGH = 2.0  # lift: together twice as often as by chance
_PAIRS = 3


def in_words(audit: Audit) -> list[str]:
    """Return sentences on what was found, the most serious first; the last one says what was looked at."""
    found = [*_on_duplicates(audit), *_on_classes(audit), *_on_pairs(audit), *_on_what_to_collect(audit)]
    images = ", ".join(f"{row['images']:,} of {row['split']}" for row in audit.splits.to_dict("records"))
    classes = f"{len(audit.classes)} class{'es' * (len(audit.classes) > 1)}"
    looked_at = f"Looked at: the labels of {classes} and the photographs, {images}."
    return [*(found or ["Nothing stands out in labels and photographs."]), looked_at]


def _on_duplicates(audit: Audit) -> Iterator[str]:
    leaks, contradictions = audit.leaks, audit.contradictions
    if leaks:
        learned = [group for group in leaks if TRAIN in group.splits]
        harm = "what is measured there was learned" if learned else "these are not independent"
        splits = " and ".join(dict.fromkeys(split for group in leaks for split in group.splits))
        yield f"{_groups(leaks)} across {splits}: {harm}, so take the copies out of one of the splits."
    if contradictions:
        yield (
            f"{_groups(contradictions)} with different labels: of each, one photograph at least is labelled wrongly."
        )
    if inside := [group for group in audit.duplicates if len(group.splits) == 1 and not group.labels_differ]:
        yield f"{_groups(inside)} within one split, which teach little more than one photograph each."


def _on_classes(audit: Audit) -> Iterator[str]:
    for finding, told in (
        ("no image", "in no image to learn from, so no mask will show {them}"),
        ("never alone", "never alone in an image, so labels cannot tell {them} from what comes with {them}"),
        ("few images", "in few images"),
        ("seldom alone", "seldom alone: another class is in more than two thirds of {their} images"),
    ):
        names = [row["class"] for row in audit.classes.to_dict("records") if finding in row["finding"].split(", ")]
        if names:
            verb, them, their = ("is", "it", "its") if len(names) == 1 else ("are", "them", "their")
            yield f"{_listed(names)} {verb} {told.format(them=them, their=their)}."


def _on_pairs(audit: Audit) -> Iterator[str]:
    pairs = {frozenset((row.class_name, row.other)): row for row in audit.partners if row.lift >= _HIGH}
    strongest = sorted(pairs.values(), key=lambda row: -row.lift)
    if strongest:
        shown = [f"{row.class_name} and {row.other} ({row.lift:.1f} times)" for row in strongest[:_PAIRS]]
        yield f"Much more often together than by chance: {_listed(shown)}."


def _on_what_to_collect(audit: Audit) -> Iterator[str]:
    if wanted := [item for item in audit.suggestions if item.action == COLLECT]:
        shown = [f"{item.images} more of {item.what}" for item in wanted[:_NAMED]]
        left = len(wanted) - _NAMED
        more = f", and {left} more kind{'s' * (left > 1)}" if left > 0 else ""
        yield f"Images to collect: {', '.join(shown)}{more}."


def _groups(groups: Sequence[DuplicateGroup]) -> str:
    count, photographs = len(groups), sum(len(group.records) for group in groups)
    return f"{count} group{'s' * (count > 1)} of near-duplicates ({photographs} photographs)"


def _listed(names: Sequence[str]) -> str:
    """Return "a, b and c", or "a, b, c, d, e and 4 others"."""
    shown = list(names[:_NAMED])
    if (rest := len(names) - len(shown)) > 0:
        shown.append(f"{rest} other{'s' * (rest > 1)}")
    return listed(shown)
