"""L_ptc: pulls final tokens together where CAM_aux gives them one label, and pushes them apart elsewhere."""

from torch.nn import functional as F

from seco.compute.resize import resize
from seco.losses.token_contrast import token_contrast
from seco.method.cam import three_way_labels
from seco.training.crop_pass import CropPass
from seco.training.objective import Contribution, Part


class TokenRelations(Part):
    """Patch-token contrast (ToCo) under the three-way label map of CAM_aux, at the size of the token grid.

    Args:
        weight: of the term.
        low: CAM values at or below it are background.
        high: CAM values above it are the class.
    """

    def __init__(self, *, weight: float, low: float, high: float) -> None:
        super().__init__(weights={"ptc": weight})
        self.low = low
        self.high = high

    def forward(self, crops: CropPass) -> Contribution:
        """Contrast the tokens of each crop."""
        inputs, tokens = crops.inputs, crops.output.tokens
        cam = resize(crops.cams.auxiliary, tokens.grid)
        inside = F.adaptive_avg_pool2d(inputs.inside.unsqueeze(1).float(), tokens.grid).squeeze(1) > 0.5
        labels = three_way_labels(cam, inputs.class_ids, inside, low=self.low, high=self.high)
        return Contribution({"ptc": token_contrast(tokens.final, labels.flatten(1))})
