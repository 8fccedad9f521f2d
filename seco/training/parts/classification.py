"""L_cls and L_aux: what an image shows, read from its final tokens and from those of block λ."""

from seco.config.settings import Settings
from seco.losses.classification import image_classification
from seco.training.parts.crop_pass import CropPass
from seco.training.parts.part import Contribution, Part


class Classification(Part):
    """Both classifiers, whose weights also make the CAMs (eq. 1)."""

    @staticmethod
    def weights(settings: Settings) -> dict[str, float]:  # noqa: ARG004
        """Return 1 for both, as in eq. 9."""
        return {"cls": 1.0, "aux": 1.0}

    def forward(self, crops: CropPass) -> Contribution:
        """Compare both logits with the labels."""
        logits = {"cls": crops.output.logits, "aux": crops.output.aux_logits}
        return Contribution(
            {name: image_classification(values, crops.inputs.labels) for name, values in logits.items()}
        )
