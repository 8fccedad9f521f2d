"""Segment a photograph with a model that `seco export-onnx` wrote; needs onnxruntime, numpy and pillow only.

python onnx_segment.py model.onnx photograph.jpg mask.png
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

model, photograph, result = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
facts = session.get_modelmeta().custom_metadata_map
patch, names = int(facts["patch_size"]), json.loads(facts["class_names"])

image = ImageOps.exif_transpose(Image.open(photograph)).convert("RGB")
width, height = (max(round(side / patch), 1) * patch for side in image.size)
resized = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)
mask, logits = session.run(["mask", "logits"], {"image": resized.transpose(2, 0, 1)[None]})

colours = np.zeros((256, 3), np.uint8)  # VOC's: the bits of a class id, spread over the three channels
for bit in range(8):
    for channel in range(3):
        colours[:, channel] |= (np.arange(256) >> (3 * bit + channel) & 1).astype(np.uint8) << (7 - bit)
picture = Image.fromarray(mask[0]).resize(image.size, Image.Resampling.NEAREST)
picture.putpalette(colours.tobytes())
picture.save(result)
print("image:", ", ".join(name for name, logit in zip(names, logits[0], strict=True) if logit > 0) or "none")
print("mask:", ", ".join(["background", *names][index] for index in np.unique(mask)))
