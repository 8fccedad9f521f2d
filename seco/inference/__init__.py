"""Inference with a trained network: CAMs and segmentations of whole images."""
