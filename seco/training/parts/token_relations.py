"""L_ptc: final tokens are alike where CAM_aux says that they show the same, and unlike elsewhere."""

from torch.nn import functional as F

from seco.compute.resize import resize
from seco.config.settings import Settings
from seco.losses.token_contrast import token_contrast
from seco.method.cam import three_way_labels
from seco.training.parts.crop_pass import CropPass
from seco.training.parts.part import Contribution, Part


class TokenRelations(Part):
    """Patch-token contrast (ToCo) under the three-way map of CAM_aux at the size of the token grid."""

    @staticmethod
    def weights(settings: Settings) -> dict[str, float]:
        """Return the weight of L_ptc."""
        return {"ptc": settings.weight_ptc}

    def forward(self, crops: CropPass) -> Contribution:
        """Contrast the tokens of each crop."""
        inputs, tokens, settings = crops.inputs, crops.output.tokens, crops.settings
        cam = resize(crops.cams.auxiliary, tokens.grid)
        inside = F.adaptive_avg_pool2d(inputs.inside.unsqueeze(1).float(), tokens.grid).squeeze(1) > 0.5
        labels = three_way_labels(cam, inputs.class_ids, inside, low=settings.cam.low, high=settings.cam.high)
        return Contribution({"ptc": token_contrast(tokens.final, labels.flatten(1))})
