"""The studies that there are, read from `experiments/studies.yaml`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from seco.config.faults import describe
from seco.config.yaml_file import read_yaml
from seco.errors import SecoError, did_you_mean
from seco.studies.settings import look_up

Changes = Mapping[str, Any]
"""Values by dotted key of params.yaml."""

_SWEEP = "sweep-"
Table = Literal["scores", "classes", "cost"]


class Variant(NamedTuple):
    """Settings whose runs, one a seed, are averaged."""

    name: str
    changes: Changes
    reference: str
    """The name of the variant that it is compared with."""
    line: str = ""
    """In a sweep: the curve that it is a point of."""
    value: Any = None
    """In a sweep: the value of the key."""


class Study(NamedTuple):
    """A study.

    Attributes:
        name: of its file of results, its section and its picture.
        key: the dotted key that is swept; None where none is.
    """

    name: str
    about: str
    tables: tuple[Table, ...]
    variants: tuple[Variant, ...]
    key: str | None = None

    @property
    def command(self) -> str:
        """What `seco experiment` calls it."""
        return self.name.replace(_SWEEP, "sweep ", 1)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Fixed(_Part):
    about: str
    reference: str
    tables: tuple[Table, ...]
    variants: dict[str, dict[str, Any]] = Field(min_length=1)


class _Sweep(_Part):
    about: str
    key: str
    values: list[Any] = Field(min_length=1)
    share_of: str | None = None
    lines: dict[str, dict[str, Any]] = {}
    reference: str = ""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # anchors stand in sections of their own
    ablation: _Fixed
    rivals: _Fixed
    sweeps: dict[str, _Sweep] = {}


class Studies:
    """All studies of a file.

    Raises:
        SecoError: the file is missing, no YAML, or has keys or values that it cannot have.
    """

    def __init__(self, path: Path) -> None:
        values = read_yaml(path)
        try:
            self._file = _File.model_validate(values)
        except ValidationError as error:
            faults = describe(error.errors(), values, schema=_File)
            listing = "\n".join(f"  {key}: {fault}" for key, fault in faults.items())
            raise SecoError(f"{path} has {len(faults)} problem{'s' * (len(faults) > 1)}:\n{listing}") from error

    @property
    def sweeps(self) -> tuple[str, ...]:
        """The names of the sweeps."""
        return tuple(self._file.sweeps)

    def fixed(self, name: Literal["ablation", "rivals"]) -> Study:
        """Return the ablation or the rivals."""
        entry: _Fixed = getattr(self._file, name)
        if entry.reference not in entry.variants:
            raise SecoError(
                f"{name}.reference is {entry.reference!r}: {did_you_mean(entry.reference, [*entry.variants])}"
            )
        variants = (Variant(title, changes, entry.reference) for title, changes in entry.variants.items())
        return Study(name, entry.about, entry.tables, tuple(variants))

    def sweep(self, name: str, settings: Mapping[str, Any]) -> Study:
        """Return a sweep around the value that the settings have, which is among its values.

        Raises:
            SecoError: there is no such sweep, or the settings lack its key.
        """
        if name not in self._file.sweeps:
            raise SecoError(f"there is no sweep {name!r}: {did_you_mean(name, self.sweeps)}")
        entry = self._file.sweeps[name]
        values = _values(entry, settings)
        lines = entry.lines or {"": {}}
        variants = (
            _point(entry.key, value, line, changes, reference=_reference(entry, value, settings))
            for value in values
            for line, changes in lines.items()
        )
        return Study(f"{_SWEEP}{name}", entry.about, ("scores",), tuple(variants), key=entry.key)


def _values(entry: _Sweep, settings: Mapping[str, Any]) -> Sequence[Any]:
    values = entry.values
    if entry.share_of is not None:
        whole = look_up(settings, entry.share_of)
        values = [round(share * whole) for share in values]
    own = look_up(settings, entry.key)
    every = [*dict.fromkeys([*values, own])]
    return every if isinstance(own, str) else sorted(every)


def _reference(entry: _Sweep, value: Any, settings: Mapping[str, Any]) -> str:
    """Return what a point is compared with: another line at the same value, or the settings' own value."""
    return (
        _name(entry.key, value, entry.reference) if entry.lines else _name(entry.key, look_up(settings, entry.key), "")
    )


def _point(key: str, value: Any, line: str, changes: Changes, *, reference: str) -> Variant:
    return Variant(_name(key, value, line), {**changes, key: value}, reference, line, value)


def _name(key: str, value: Any, line: str) -> str:
    return f"{line}, {key}={value}" if line else f"{key}={value}"
