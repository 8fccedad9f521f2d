"""The studies of `experiments/studies.yaml`: which variants each compares, and which settings a variant changes."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from seco.config.faults import describe
from seco.data.class_sets import CLASS_SETS
from seco.errors import SecoError, did_you_mean
from seco.storage.yaml_file import read_yaml
from seco.studies.settings import look_up

Table = Literal["scores", "classes", "cost"]


class Variant(NamedTuple):
    """Settings whose runs, one a seed, are averaged.

    Attributes:
        changes: values by dotted key of params.yaml.
        reference: name of the variant that it is compared with.
        line: in a sweep, the curve that it is a point of.
        value: in a sweep, the value of the key.
    """

    name: str
    changes: Mapping[str, Any]
    reference: str
    line: str = ""
    value: Any = None


class Study(NamedTuple):
    """A study.

    Attributes:
        name: of its results file, its section of the page and its picture.
        key: in a sweep, the dotted key that takes several values.
    """

    name: str
    about: str
    tables: tuple[Table, ...]
    variants: tuple[Variant, ...]
    key: str | None = None

    @property
    def command(self) -> str:
        """The words after `seco experiment` that run it."""
        return self.name.replace("sweep-", "sweep ", 1)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Fixed(_Entry):
    about: str
    reference: str
    tables: tuple[Table, ...]
    variants: dict[str, dict[str, Any]] = Field(min_length=1)


class _Sweep(_Entry):
    about: str
    key: str
    values: list[Any] = Field(min_length=1)
    share_of: str | None = None
    lines: dict[str, dict[str, Any]] = {"": {}}
    reference: str = ""


class _Biased(_Entry):
    of: Literal["voc", "coco"] | list[str]
    classes: tuple[str, ...]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # YAML anchors have top-level keys of their own
    ablation: _Fixed
    rivals: _Fixed
    sweeps: dict[str, _Sweep] = {}
    biased: tuple[_Biased, ...] = ()


class Studies:
    """All studies of a file.

    Raises:
        SecoError: the file is missing, is not YAML, or has unknown keys or bad values.
    """

    def __init__(self, path: Path) -> None:
        values = read_yaml(path)
        try:
            self._file = _File.model_validate(values)
        except ValidationError as error:
            problems = describe(error.errors(), values, schema=_File)
            title = f"{path} has {len(problems)} problem{'s' * (len(problems) > 1)}:"
            raise SecoError("\n  ".join([title, *(f"{key}: {text}" for key, text in problems.items())])) from error

    def every(self, settings: Mapping[str, Any]) -> list[Study]:
        """Return ablation, rivals and all sweeps around the values that the settings have."""
        sweeps = [self.sweep(name, settings) for name in self._file.sweeps]
        return [self.fixed("ablation"), self.fixed("rivals"), *sweeps]

    def fixed(self, name: str) -> Study:
        """Return the study "ablation" or "rivals"."""
        entry: _Fixed = getattr(self._file, name)
        if entry.reference not in entry.variants:
            hint = did_you_mean(entry.reference, [*entry.variants])
            raise SecoError(f"{name}.reference is {entry.reference!r}: {hint}")
        variants = (Variant(title, changes, entry.reference) for title, changes in entry.variants.items())
        return Study(name, entry.about, entry.tables, tuple(variants))

    def sweep(self, name: str, settings: Mapping[str, Any]) -> Study:
        """Return a sweep; the value that the settings have is always one of its values.

        A variant is compared with the settings' own value or, where the sweep has several lines, with the reference
        line at the same value.

        Raises:
            SecoError: there is no such sweep, or the settings lack its key.
        """
        if name not in self._file.sweeps:
            raise SecoError(f"there is no sweep {name!r}: {did_you_mean(name, [*self._file.sweeps])}")
        entry = self._file.sweeps[name]
        own = look_up(settings, entry.key)

        def title(line: str, value: Any) -> str:
            return f"{line}, {entry.key}={value}" if line else f"{entry.key}={value}"

        variants = tuple(
            Variant(
                title(line, value),
                {**changes, entry.key: value},
                title(entry.reference, value if line else own),
                line,
                value,
            )
            for value in _sweep_values(entry, settings, own)
            for line, changes in entry.lines.items()
        )
        return Study(f"sweep-{name}", entry.about, ("scores",), variants, key=entry.key)

    def biased_classes(self, scored: Collection[str]) -> tuple[str, ...]:
        """Return the classes that come with a context, in the data set whose foreground classes were scored."""
        for entry in self._file.biased:
            if set(CLASS_SETS[entry.of] if isinstance(entry.of, str) else entry.of) == set(scored):
                return entry.classes
        return ()


def _sweep_values(entry: _Sweep, settings: Mapping[str, Any], own: Any) -> Sequence[Any]:
    values = entry.values
    if entry.share_of is not None:
        whole = look_up(settings, entry.share_of)
        values = [round(share * whole) for share in values]
    every = [*dict.fromkeys([*values, own])]
    return every if isinstance(own, str) else sorted(every)
