"""The parts of objectives, one a file. `seco.training.methods` says which method has which."""
