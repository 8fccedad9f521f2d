"""L_cls and L_aux: image classification from the final tokens and from those of block λ."""

from seco.losses.classification import image_classification
from seco.training.crop_pass import CropPass
from seco.training.objective import Contribution, Part


class Classification(Part):
    """Both classifiers, whose weights also make the CAMs (eq. 1). Both terms weigh 1, as in eq. 9."""

    def __init__(self) -> None:
        super().__init__(weights={"cls": 1.0, "aux": 1.0})

    def forward(self, crops: CropPass) -> Contribution:
        """Compare the logits of both classifiers with the labels."""
        labels, output = crops.inputs.labels, crops.output
        return Contribution(
            {
                "cls": image_classification(output.logits, labels),
                "aux": image_classification(output.aux_logits, labels),
            }
        )
