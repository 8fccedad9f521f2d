"""Which parts the objective of each method has. A new method is a row, a new idea a part in a file of its own."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import nn

from seco.config.settings import Settings
from seco.models.heads import DirectionProjector, Projector
from seco.training.parts.class_tokens import ClassTokenContrast
from seco.training.parts.classification import Classification
from seco.training.parts.online_segmentation import OnlineSegmentation
from seco.training.parts.part import Part
from seco.training.parts.patch_contrast import PatchContrast
from seco.training.parts.supervision import Supervision
from seco.training.parts.token_relations import TokenRelations


class Method(NamedTuple):
    """A way to train the network."""

    parts: Mapping[str, type[Part]]
    """By the name that a run's saved state knows each by."""
    projector: Callable[[Settings, int], nn.Module]
    """Makes what projects class tokens ``[..., D]`` to be compared, from the settings and D."""

    def active(self, settings: Settings) -> dict[str, type[Part]]:
        """Return the parts of which a term weighs something; the others are neither built, nor fed, nor run."""
        return {name: part for name, part in self.parts.items() if any(part.weights(settings).values())}


def _nothing(_settings: Settings, _width: int) -> nn.Module:
    return nn.Identity()


def _unit_sphere(settings: Settings, width: int) -> nn.Module:
    return Projector(width, hidden=settings.backbone.projector_width)


def _directions(settings: Settings, width: int) -> nn.Module:
    return DirectionProjector(width, hidden=settings.backbone.projector_width)


METHODS: dict[str, Method] = {
    "seco": Method(
        {
            "classification": Classification,
            "tokens": TokenRelations,
            "patches": PatchContrast,
            "segmentation": OnlineSegmentation,
        },
        _unit_sphere,
    ),
    "toco": Method(
        {
            "classification": Classification,
            "tokens": TokenRelations,
            "crops": ClassTokenContrast,
            "segmentation": OnlineSegmentation,
        },
        _directions,
    ),
    "baseline": Method({"classification": Classification, "segmentation": OnlineSegmentation}, _nothing),
    "full": Method({"supervision": Supervision}, _nothing),
}
"""Table 2's and Table 3's SeCo; its rival ToCo; Table 2's first row; Table 5's upper bound."""
