"""The parts of objectives, one a file; `seco.training.methods` lists those of each method."""
